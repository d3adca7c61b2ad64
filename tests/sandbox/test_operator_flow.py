import base64
import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask.testing import FlaskClient
from sandbox.operator_calls import (
    APPLICATION,
    CHECK,
    CIBA,
    ERRS,
    EVEN,
    NUMBERS,
    ODD,
    OTHER,
    PLAIN,
    REDIRECT,
    VERIFY,
    VERIFY_2,
    application_jwt,
    ask,
    auth_url,
    bearer,
    brought,
    by_code,
    code_for,
    configure,
    device_token,
    direct_url,
    enable,
    exchange,
    fault,
    follow,
    frozen,
    hop,
    own_token,
    private_key,
    token_of,
)

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.clock import FrozenClock
from sms_sandbox.facades.vonage.operator.errors import NOT_BY_NETWORK
from sms_sandbox.settings import Credential


def verify(web: FlaskClient, token: str, number: str = EVEN) -> Any:
    return ask(web, f"{NUMBERS}/verify", token, phoneNumber=number)


def last_token(web: FlaskClient, number: str = EVEN) -> str:
    return token_of(by_code(web, code_for(web, number)))


@pytest.fixture(scope="module")
def opened() -> Iterator[tuple[Sandbox, FlaskClient, FrozenClock]]:
    with frozen() as one:
        yield one


@pytest.fixture
def sandbox(opened: tuple[Sandbox, FlaskClient, FrozenClock]) -> Sandbox:
    return opened[0]


@pytest.fixture
def clock(opened: tuple[Sandbox, FlaskClient, FrozenClock]) -> FrozenClock:
    return opened[2]


@pytest.fixture
def bare(opened: tuple[Sandbox, FlaskClient, FrozenClock]) -> FlaskClient:
    """A sandbox in which nothing was set."""
    opened[0].inbox.reset(None)
    return opened[1]


@pytest.fixture
def web(bare: FlaskClient) -> FlaskClient:
    configure(bare)
    return bare


@pytest.mark.parametrize(("number", "verified"), [(EVEN, True), (ODD, False)])
def test_tutorials_flow_tells_what_the_last_digit_says(
    web: FlaskClient, number: str, verified: bool
) -> None:
    end = follow(web, auth_url(web, number, state="of the application"))
    assert end.startswith(f"{REDIRECT}?")
    given = brought(end)
    assert given["state"] == "of the application"
    answer = by_code(web, given["code"])
    assert answer.json["token_type"] == "bearer"
    assert 0 < answer.json["expires_in"] <= 300
    assert answer.headers["Cache-Control"] == "no-store"
    said = verify(web, token_of(answer), number)
    assert (said.status_code, said.json) == (200, {"devicePhoneNumberVerified": verified})


def test_number_that_ends_in_99_errs(web: FlaskClient) -> None:
    answer = verify(web, last_token(web, ERRS), ERRS)
    assert (answer.status_code, answer.json["code"]) == (403, NOT_BY_NETWORK)


@pytest.mark.parametrize(("number", "verified"), [(EVEN, True), (ODD, False), (PLAIN, True)])
def test_hash_of_the_devices_number_tells_the_same(
    web: FlaskClient, number: str, verified: bool
) -> None:
    digest = hashlib.sha256(number.encode()).hexdigest()
    answer = ask(web, f"{NUMBERS}/verify", last_token(web, number), hashedPhoneNumber=digest)
    assert answer.json == {"devicePhoneNumberVerified": verified}


def test_hash_of_a_number_that_errs_errs(web: FlaskClient) -> None:
    digest = hashlib.sha256(ERRS.encode()).hexdigest().upper()
    answer = ask(web, f"{NUMBERS}/verify", last_token(web, ERRS), hashedPhoneNumber=digest)
    assert answer.json["code"] == NOT_BY_NETWORK


def test_number_of_a_network_is_verified_if_it_is_the_devices_own(web: FlaskClient) -> None:
    assert verify(web, last_token(web, PLAIN), PLAIN).json == {"devicePhoneNumberVerified": True}
    strange = verify(web, last_token(web, PLAIN), "+12015550124")
    assert strange.json == {"devicePhoneNumberVerified": False}


def test_vonages_mode_looks_at_the_digits_alone_and_camaras_at_the_device_first(
    web: FlaskClient,
) -> None:
    assert verify(web, last_token(web, EVEN), "+99012345676").json["devicePhoneNumberVerified"]
    configure(web, mode="camara")
    other = verify(web, last_token(web, EVEN), "+99012345676")
    assert other.json == {"devicePhoneNumberVerified": False}
    assert verify(web, last_token(web, EVEN), EVEN).json == {"devicePhoneNumberVerified": True}
    assert verify(web, last_token(web, ODD), ODD).json == {"devicePhoneNumberVerified": False}


def test_address_names_the_application_and_hides_its_state(web: FlaskClient) -> None:
    url = auth_url(web, state="secret-of-the-app")
    given = brought(url)
    assert url.startswith("http://localhost/vonage/oauth2/auth?")
    assert (given["client_id"], given["response_type"]) == (APPLICATION, "code")
    assert given["scope"] == VERIFY
    assert given["state"].startswith("v2_")
    assert "secret-of-the-app" not in url
    assert "990" not in url.split("state=")[0].partition("?")[2].replace(APPLICATION, "")


def test_vendors_own_host_gets_addresses_of_that_host(web: FlaskClient) -> None:
    answer = web.post(
        "/v0.1/network-enablement",
        json={"phone_number": EVEN, "scopes": [VERIFY], "state": "s"},
        headers=bearer(application_jwt()) | {"Host": "api-eu.vonage.com"},
    )
    url = answer.json["scopes"][VERIFY]["auth_url"]
    assert url.startswith("http://api-eu.vonage.com/oauth2/auth?")
    path = url.removeprefix("http://api-eu.vonage.com")
    onward = web.get(path, headers={"Host": "api-eu.vonage.com"}).headers["Location"]
    assert onward.startswith("http://api-eu.vonage.com/operator/login?")


def test_each_scope_gets_an_address_of_its_own(web: FlaskClient) -> None:
    offers = enable(web, scopes=[VERIFY, CHECK]).json["scopes"]
    assert set(offers) == {VERIFY, CHECK}
    assert len({one["auth_url"] for one in offers.values()}) == 2


def test_code_token_and_state_work_once(web: FlaskClient) -> None:
    url = auth_url(web)
    code = brought(follow(web, url))["code"]
    again = hop(web, url)
    assert (again.status_code, again.json["error"]) == (400, "invalid_request")
    token = token_of(by_code(web, code))
    reused = by_code(web, code)
    assert (reused.status_code, reused.json["error"]) == (400, "invalid_grant")
    assert verify(web, token).status_code == 200
    assert verify(web, token).json["code"] == "UNAUTHENTICATED"


def test_steps_on_the_way_work_once_and_in_their_order(web: FlaskClient) -> None:
    first = hop(web, auth_url(web)).headers["Location"]
    second = hop(web, first).headers["Location"]
    assert hop(web, first).status_code == 400
    on_the_way = brought(second)["code"]
    assert by_code(web, on_the_way).json["error"] == "invalid_grant"
    assert hop(web, second).status_code == 302
    assert hop(web, second).status_code == 400


def test_somebody_who_only_looks_uses_nothing_up(web: FlaskClient) -> None:
    url = auth_url(web)
    assert web.head(url.removeprefix("http://localhost")).status_code == 405
    assert "code" in brought(follow(web, url))


@pytest.mark.parametrize("seconds", [299, 301])
def test_states_codes_and_tokens_are_short_lived(
    web: FlaskClient, clock: FrozenClock, seconds: float
) -> None:
    url, token = auth_url(web), last_token(web)
    clock.advance(seconds)
    late = seconds > 300
    assert hop(web, url).status_code == (400 if late else 302)
    assert verify(web, token).status_code == (401 if late else 200)
    code = code_for(web)
    clock.advance(61)
    assert by_code(web, code).json["error"] == "invalid_grant"


def test_code_belongs_to_its_application_and_to_its_address(web: FlaskClient) -> None:
    other = exchange(
        web,
        application_jwt(OTHER),
        grant_type="authorization_code",
        code=code_for(web),
        redirect_uri=REDIRECT,
    )
    assert (other.status_code, other.json["error"]) == (400, "invalid_grant")
    code = code_for(web)
    elsewhere = by_code(web, code, "http://127.0.0.1:5000/elsewhere")
    assert elsewhere.json["error"] == "invalid_grant"
    assert by_code(web, code).json["error"] == "invalid_grant", "a code that was tried is spent"


def test_code_with_a_challenge_needs_its_verifier(web: FlaskClient) -> None:
    verifier = "v" * 43
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    proof = {"code_challenge": challenge, "code_challenge_method": "S256"}

    def exchanged(**shown: str) -> Any:
        code = brought(follow(web, direct_url(**proof)))["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
        return exchange(web, **form, **shown)

    assert token_of(exchanged(code_verifier=verifier))
    for shown in ({}, {"code_verifier": "w" * 43}, {"code_verifier": "ä"}):
        assert exchanged(**shown).json["error"] == "invalid_grant"
    for wrong in ({"code_challenge": "short"}, {"code_challenge_method": "plain"}):
        assert hop(web, direct_url(**proof | wrong)).status_code == 400


def test_state_of_one_application_is_not_anothers(web: FlaskClient) -> None:
    stolen = auth_url(web).replace(APPLICATION, OTHER)
    assert hop(web, stolen).status_code == 400


def test_application_without_a_redirect_uri_is_told_how_to_set_it(bare: FlaskClient) -> None:
    answer = enable(bare)
    assert answer.status_code == 400
    assert answer.mimetype == "application/problem+json"
    assert f"/api/v1/settings?account={APPLICATION}" in answer.json["detail"]


@pytest.mark.parametrize(
    "changes",
    [
        {"phone_number": None},
        {"phone_number": "nobody"},
        {"phone_number": 99012345678},
        {"scopes": []},
        {"scopes": "all"},
        {"scopes": [VERIFY, 1]},
        {"scopes": ["dpv:Other"]},
        {"scopes": [f"{VERIFY}-more"]},
        {"scopes": [VERIFY] * 11},
        {"scopes": ["dpv:\ud800#number-verification-verify-read"]},
        {"scopes": ["dpv:\u00fc#number-verification-verify-read"]},
        {"scopes": ["dpv:" + "x" * 1000 + "#number-verification-verify-read"]},
        {"state": None},
        {"state": ""},
        {"state": "x" * 1025},
        {"state": "line\nbreak"},
        {"state": ["s"]},
    ],
)
def test_network_enablement_refuses_what_it_cannot_use(
    web: FlaskClient, changes: dict[str, Any]
) -> None:
    answer = enable(web, **changes)
    assert (answer.status_code, answer.json["title"]) == (400, "Bad Request")


@pytest.mark.parametrize(
    "claims",
    [
        {"application_id": None},
        {"application_id": "me"},
        {"iat": None},
        {"jti": None},
        {"exp": 1},
        {"iat": 4102444800, "exp": 4102445000},
    ],
)
def test_applications_token_must_say_who_when_and_which(
    web: FlaskClient, claims: dict[str, Any]
) -> None:
    headers = bearer(application_jwt(**claims))
    asked = {"phone_number": EVEN, "scopes": [VERIFY], "state": "s"}
    answer = web.post("/vonage/v0.1/network-enablement", json=asked, headers=headers)
    assert answer.status_code == 401
    token = exchange(web, application_jwt(**claims), grant_type="client_credentials", scope=CHECK)
    assert (token.status_code, token.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer x", "Basic YTpi", "Bearer a.b.c"])
def test_strangers_get_no_address_and_no_token(web: FlaskClient, shown: str) -> None:
    headers = {"Authorization": shown}
    for path in ("/v0.1/network-enablement", "/oauth2/token", "/oauth2/bc-authorize"):
        assert web.post(f"/vonage{path}", headers=headers).status_code == 401


def test_unsigned_token_is_refused(web: FlaskClient) -> None:
    claims = jwt.decode(application_jwt(), options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", algorithm="none")
    assert exchange(web, unsigned, grant_type="client_credentials", scope=CHECK).status_code == 401


def test_strict_sandbox_judges_the_signature_by_the_configured_key(
    make_sandbox: Callable[..., Sandbox],
) -> None:
    public = private_key().public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    known = Credential(
        provider="vonage",
        name=APPLICATION,
        secret=base64.b64encode(der).decode(),
        account=APPLICATION,
    )
    strict = create_app(make_sandbox(strict=True, credentials=(known,))).test_client()
    configure(strict)
    assert "code" in brought(follow(strict, auth_url(strict)))
    other_key = rsa.generate_private_key(65537, 2048)
    forged = jwt.encode(
        jwt.decode(application_jwt(), options={"verify_signature": False}),
        other_key,
        algorithm="RS256",
    )
    assert exchange(strict, forged, grant_type="client_credentials", scope=CHECK).status_code == 401
    assert hop(strict, direct_url(client_id=OTHER)).status_code == 401


def test_account_of_the_key_and_of_the_application_can_be_one(web: FlaskClient) -> None:
    web.put("/api/v1/accounts/abcd1234/aliases", json={"aliases": [APPLICATION]})
    configure(web, "abcd1234", mode="camara")
    other = verify(web, last_token(web, EVEN), "+99012345676")
    assert other.json == {"devicePhoneNumberVerified": False}


def test_device_comes_without_network_enablement_too(web: FlaskClient) -> None:
    end = follow(web, direct_url(login_hint=f"tel:{EVEN}"))
    assert brought(end)["state"] == "own-state"
    assert verify(web, token_of(by_code(web, brought(end)["code"]))).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"scope": "openid"}, "invalid_scope"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"login_hint": None}, "login_required"),
        ({"login_hint": "nobody"}, "login_required"),
    ],
)
def test_application_is_told_why_its_device_was_turned_away(
    web: FlaskClient, changes: dict[str, Any], error: str
) -> None:
    end = follow(web, direct_url(**changes))
    given = brought(end)
    assert end.startswith(f"{REDIRECT}?")
    assert (given["error"], given["state"]) == (error, "own-state")
    assert given["error_description"]
    assert "code" not in given


@pytest.mark.parametrize(
    "uri",
    [
        None,
        "",
        "/callback",
        "//evil.example/",
        "callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://127.0.0.1/",
        "myapp://callback",
        "http://",
        "http:///callback",
        "http://user:word@127.0.0.1/",
        "http://127.0.0.1/#part",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nSet-Cookie: a=b",
        "http://127.0.0.1\\@evil.example/",
        "http://127.0.0.1/ä",
        "http://127.0.0.1/" + "x" * 3000,
    ],
)
def test_nobody_is_sent_to_what_is_no_absolute_http_address(
    bare: FlaskClient, uri: str | None
) -> None:
    answer = hop(bare, direct_url(redirect_uri=uri))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    assert "Location" not in answer.headers


def test_configured_redirect_uri_is_the_only_one(web: FlaskClient) -> None:
    answer = hop(web, direct_url(redirect_uri=f"{REDIRECT}/more"))
    assert answer.status_code == 400
    assert "PUT /api/v1/settings" in answer.json["error_description"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_page_elsewhere_leads_nobody_to_an_address_that_was_not_configured(
    bare: FlaskClient, site: str
) -> None:
    led = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
    assert hop(bare, direct_url(redirect_uri="https://evil.example/"), **led).status_code == 400
    assert hop(bare, direct_url(redirect_uri="https://evil.example/")).status_code == 302
    configure(bare)
    assert "code" in brought(follow(bare, direct_url(), **led))
    assert "code" in brought(follow(bare, auth_url(bare), **led))


def test_redirect_keeps_the_query_of_the_applications_address(web: FlaskClient) -> None:
    web.put(f"/api/v1/settings?account={APPLICATION}", json={"redirect_uri": f"{REDIRECT}?a=1"})
    given = brought(follow(web, auth_url(web)))
    assert given["a"] == "1"
    assert set(given) == {"a", "code", "state"}


def test_network_that_knows_no_device_sends_it_back_without_a_code(web: FlaskClient) -> None:
    configure(web, network="off")
    given = brought(follow(web, auth_url(web)))
    assert (given["error"], given["state"]) == ("login_required", "own-state")


def test_network_that_offers_nothing_says_so_for_each_scope(web: FlaskClient) -> None:
    configure(web, network="unsupported")
    answer = enable(web)
    assert answer.status_code == 200
    assert answer.json["scopes"][VERIFY]["error_code"] == "NOT_SUPPORTED"


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [(503, None, "temporarily_unavailable"), (500, None, "server_error"),
     (403, None, "access_denied"), (400, "consent_required", "consent_required")],
)  # fmt: skip
def test_fault_of_the_operator_reaches_the_application_by_its_device(
    web: FlaskClient, status: int, code: str | None, error: str
) -> None:
    effect = {"type": "error", "status": status} | ({"code": code} if code else {})
    fault(web, {"to": EVEN, "body": "/oauth2/auth"}, effect)
    assert brought(follow(web, auth_url(web)))["error"] == error
    assert "code" in brought(follow(web, auth_url(web, ODD)))


@pytest.mark.parametrize(
    ("path", "status", "form"),
    [
        ("/v0.1/network-enablement", 503, "title"),
        ("/oauth2/token", 503, "error"),
        (f"{NUMBERS}/verify", 503, "code"),
    ],
)
def test_fault_rule_picks_one_operation_by_its_path(
    web: FlaskClient, path: str, status: int, form: str
) -> None:
    fault(web, {"to": EVEN, "body": path}, {"type": "error", "status": status})
    answer = enable(web)
    if path.startswith("/oauth2") or path.startswith("/camara"):
        answer = by_code(web, brought(follow(web, auth_url(web)))["code"])
    if path.startswith("/camara"):
        answer = verify(web, token_of(answer))
    assert answer.status_code == status
    assert form in answer.json


def test_token_survives_a_fault_and_an_unreadable_request(web: FlaskClient) -> None:
    effect = {"type": "error", "status": 503, "code": "UNAVAILABLE", "retry_after": 3}
    fault(web, {"body": "/camara/*"}, effect, times=1)
    token = last_token(web)
    assert ask(web, f"{NUMBERS}/verify", token).status_code == 400
    struck = verify(web, token)
    assert (struck.status_code, struck.headers["Retry-After"]) == (503, "3")
    assert verify(web, token).status_code == 200


def test_code_survives_a_fault_of_its_exchange(web: FlaskClient) -> None:
    fault(web, {"to": EVEN, "body": "/oauth2/token"}, {"type": "error", "status": 503}, times=1)
    code = code_for(web)
    assert by_code(web, code).status_code == 503
    token = token_of(by_code(web, code))
    assert verify(web, token).json == {"devicePhoneNumberVerified": True}
    assert by_code(web, code).status_code == 400


def test_token_of_the_application_meets_the_faults_of_its_exchange(web: FlaskClient) -> None:
    fault(web, {"body": "/oauth2/token"}, {"type": "error", "status": 503}, times=1)
    form = {"grant_type": "client_credentials", "scope": CHECK}
    assert [exchange(web, **form).status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize("scope", ["dpv:" + "x" * 1020 + " sim-swap", "dpv:\u00fc sim-swap"])
def test_scope_is_short_and_plain(web: FlaskClient, scope: str) -> None:
    answer = exchange(web, grant_type="client_credentials", scope=scope)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")


def test_backchannel_gives_a_token_without_a_device(web: FlaskClient) -> None:
    began = web.post(
        "/vonage/oauth2/bc-authorize",
        data={"login_hint": f"tel:{EVEN}", "scope": CHECK},
        headers=bearer(application_jwt()),
    )
    assert set(began.json) == {"auth_req_id", "expires_in", "interval"}
    first = exchange(web, grant_type=CIBA, auth_req_id=began.json["auth_req_id"])
    assert first.status_code == 200
    again = exchange(web, grant_type=CIBA, auth_req_id=began.json["auth_req_id"])
    assert (again.status_code, again.json["error"]) == (400, "invalid_grant")


def test_device_that_took_no_part_is_not_verified(web: FlaskClient) -> None:
    began = web.post(
        "/vonage/oauth2/bc-authorize",
        data={"login_hint": EVEN, "scope": VERIFY_2},
        headers=bearer(application_jwt()),
    )
    token = token_of(exchange(web, grant_type=CIBA, auth_req_id=began.json["auth_req_id"]))
    assert verify(web, token).json["code"] == NOT_BY_NETWORK


@pytest.mark.parametrize(
    "form", [{}, {"login_hint": "me", "scope": CHECK}, {"login_hint": EVEN, "scope": "x"}]
)
def test_backchannel_needs_a_number_and_a_scope(web: FlaskClient, form: dict[str, str]) -> None:
    headers = bearer(application_jwt())
    answer = web.post("/vonage/oauth2/bc-authorize", data=form, headers=headers)
    assert (answer.status_code, answer.json["title"]) == (400, "Bad Request")
    assert answer.json["type"] == "https://developer.vonage.com/api-errors#invalid-param"


def test_form_that_is_labelled_json_is_read_as_a_form(web: FlaskClient) -> None:
    answer = web.post(
        "/vonage/oauth2/token",
        data=f"grant_type=client_credentials&scope={CHECK.replace('#', '%23')}",
        content_type="application/json",
        headers=bearer(application_jwt()),
    )
    assert answer.status_code == 200, answer.text


def test_application_may_assert_itself_in_the_form(web: FlaskClient) -> None:
    signed = application_jwt(application_id=None, iss=APPLICATION, sub=APPLICATION, aud="any")
    form = {
        "grant_type": "client_credentials",
        "scope": CHECK,
        "client_assertion": signed,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    }
    assert web.post("/vonage/oauth2/token", data=form).status_code == 200
    wrong = form | {"client_assertion_type": "password"}
    assert web.post("/vonage/oauth2/token", data=wrong).json["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "\x00"}, "invalid_grant"),
        (
            {"grant_type": "authorization_code", "code": f"{APPLICATION}.{'0' * 48}"},
            "invalid_grant",
        ),
        ({"grant_type": CIBA, "auth_req_id": "x" * 5000}, "invalid_grant"),
        ({"grant_type": "client_credentials"}, "invalid_scope"),
        ({"grant_type": "client_credentials", "scope": "x"}, "invalid_scope"),
    ],
)
def test_token_is_refused_in_oauths_words(
    web: FlaskClient, form: dict[str, str], error: str
) -> None:
    answer = exchange(web, **form)
    assert (answer.status_code, answer.json["error"]) == (400, error)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST", "OPTIONS"])
def test_other_methods_are_refused_in_the_familys_form(web: FlaskClient, method: str) -> None:
    assert "error" in web.open("/vonage/oauth2/auth", method=method).json
    if method != "POST":
        answer = web.open(f"/vonage{NUMBERS}/verify", method=method)
        assert (answer.status_code, answer.json["code"]) == (405, "METHOD_NOT_ALLOWED")


def test_bodies_are_bounded_and_never_an_internal_error(web: FlaskClient) -> None:
    headers = bearer(application_jwt())
    for path in ("/v0.1/network-enablement", "/oauth2/token", "/oauth2/bc-authorize"):
        for body in (b"", b"{", b"[]", b"\x00\xff", b"null", b"a=%", b"[" * 100_000, b"&" * 5000):
            answer = web.post(f"/vonage{path}", data=body, headers=headers)
            assert 400 <= answer.status_code < 500, (path, body[:9])
        big = web.post(f"/vonage{path}", data=b"x" * 2_000_000, headers=headers)
        assert 400 <= big.status_code < 500


def test_no_secret_is_kept_as_it_is(web: FlaskClient, sandbox: Sandbox) -> None:
    url = auth_url(web)
    first = hop(web, url).headers["Location"]
    second = hop(web, first).headers["Location"]
    code = brought(hop(web, second).headers["Location"])["code"]
    token = token_of(by_code(web, code))
    untaken = auth_url(web)
    with sandbox.database.read() as connection:
        kept = [
            "".join(map(str, tuple(row))) for row in connection.execute("SELECT * FROM records")
        ]
    assert kept
    for secret in (token, code, brought(url)["state"], brought(untaken)["state"]):
        digits = secret.rpartition(".")[2]
        assert not any(digits in row for row in kept)


def test_reset_forgets_what_an_account_has_given_out(web: FlaskClient) -> None:
    token, url = last_token(web), auth_url(web)
    web.post(f"/api/v1/reset?account={APPLICATION}", json={})
    assert verify(web, token).status_code == 401
    assert hop(web, url).status_code == 400


def test_token_of_the_application_is_nobodys_and_works_more_than_once(web: FlaskClient) -> None:
    token = own_token(web, CHECK)
    for _ in range(2):
        answer = ask(web, "/camara/sim-swap/v2/check", token, phoneNumber=EVEN)
        assert answer.json == {"swapped": False}


def test_token_names_its_device(web: FlaskClient) -> None:
    token = device_token(web, EVEN, "dpv:X number-verification:device-phone-number:read")
    answer = web.get(
        "/vonage/camara/number-verification/v2/device-phone-number", headers=bearer(token)
    )
    assert answer.json == {"devicePhoneNumber": EVEN}

"""What the application shows, and the tokens that it gets for it."""

import base64
import hashlib
from collections.abc import Callable
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
    EVEN,
    NUMBERS,
    OTHER,
    REDIRECT,
    VERIFY,
    application_jwt,
    ask,
    auth_url,
    bearer,
    brought,
    by_code,
    code_for,
    configure,
    direct_url,
    exchange,
    fault,
    follow,
    hop,
    last_token,
    own_token,
    private_key,
    token_of,
    verify,
)

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.clock import FrozenClock
from sms_sandbox.settings import Credential


def test_code_token_and_state_work_once(web: FlaskClient) -> None:
    url = auth_url(web)
    code = brought(follow(web, url))["code"]
    again = hop(web, url)
    assert (again.status_code, again.json["error"]) == (400, "invalid_request")
    answer = by_code(web, code)
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    token = token_of(answer)
    reused = by_code(web, code)
    assert (reused.status_code, reused.json["error"]) == (400, "invalid_grant")
    assert verify(web, token).status_code == 200
    assert verify(web, token).json["code"] == "UNAUTHENTICATED"


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


def test_code_is_not_another_applications_of_the_same_account(web: FlaskClient) -> None:
    web.put("/api/v1/accounts/abcd1234/aliases", json={"aliases": [APPLICATION, OTHER]})
    configure(web, "abcd1234")
    code = code_for(web)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT}
    other = exchange(web, application_jwt(OTHER), **form)
    assert (other.status_code, other.json["error"]) == (400, "invalid_grant")
    assert token_of(exchange(web, **form))


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


def test_token_of_more_than_8_kib_is_not_read(web: FlaskClient) -> None:
    for size, status in ((5000, 200), (8192, 401)):
        token = application_jwt(note="x" * size)
        form = {"grant_type": "client_credentials", "scope": CHECK}
        assert exchange(web, token, **form).status_code == status


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


def test_token_survives_a_fault_and_an_unreadable_request(web: FlaskClient) -> None:
    effect = {"type": "error", "status": 503, "code": "UNAVAILABLE", "retry_after": 3}
    fault(web, {"body": "/camara/*"}, effect, times=1)
    token = last_token(web)
    assert ask(web, f"{NUMBERS}/verify", token).status_code == 400
    struck = verify(web, token)
    assert (struck.status_code, struck.headers["Retry-After"]) == (503, "3")
    assert verify(web, token).status_code == 200


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

"""A login without a code, against the real operator of a sandbox."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from flask import Flask
from flask.testing import FlaskClient

from flask_phoneauth import PhoneAuth
from flask_phoneauth.settings import SettingError, Settings
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings as SandboxSettings

EVEN, ODD, ERRS = "+99012345678", "+99012345677", "+99011111199"
APPLICATION = "00000000-0000-4000-8000-000000000001"
CALLBACK = "http://localhost/auth/silent/callback"
VERIFIER = "v" * 43
NUMBERS = "/camara/number-verification/*"

Make = Callable[..., Flask]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxSettings(port=0)) as running:
        yield running


@pytest.fixture
def sandbox(server: SandboxServer) -> SandboxServer:
    server.sandbox.inbox.reset(None)
    return server


@pytest.fixture
def make(sandbox: SandboxServer, tmp_path: Any) -> Iterator[Make]:
    made: list[Flask] = []

    def app(**settings: Any) -> Flask:
        one = Flask("silent", instance_path=str(tmp_path))
        one.testing = True
        one.secret_key = "k" * 32
        one.config.from_mapping(
            {
                "PHONEAUTH_PROVIDERS": ["sandbox"],
                "PHONEAUTH_SANDBOX_URL": sandbox.url,
                "PHONEAUTH_OPERATOR": "vonage",
                "PHONEAUTH_VIRTUAL_NUMBERS": True,
                "WTF_CSRF_ENABLED": False,
            }
            | {f"PHONEAUTH_{name.upper()}": value for name, value in settings.items()}
        )
        PhoneAuth(one)
        made.append(one)
        return one

    yield app
    for one in made:
        one.extensions["phoneauth"].close()


@pytest.fixture
def app(make: Make) -> Flask:
    return make()


@pytest.fixture
def web(app: Flask) -> FlaskClient:
    return app.test_client()


JSON = {"Accept": "application/json"}


def set_out(web: FlaskClient, number: str = EVEN, **values: Any) -> Any:
    return web.post("/auth/silent", json={"phone": number} | values)


def address(web: FlaskClient, number: str = EVEN, **values: Any) -> str:
    answer = set_out(web, number, **values)
    assert answer.status_code == 200, answer.text
    assert set(answer.json) == {"url", "challenge_id"}
    return str(answer.json["url"])


def walk(url: str, end: str = CALLBACK) -> str:
    """The device goes from redirect to redirect, up to the app's own address."""
    while not url.startswith(end):
        answer = urllib3.request("GET", url, redirect=False, retries=False, timeout=30)
        assert answer.status == 302, answer.data
        url = answer.headers["Location"]
    return url.removeprefix("http://localhost")


def log_in(web: FlaskClient, number: str = EVEN) -> Any:
    return web.get(walk(address(web, number)), headers=JSON)


def fault(sandbox: SandboxServer, path: str, number: str = EVEN, **effect: Any) -> None:
    rule = {
        "match": {"to": number, "body": path},
        "effect": {"type": "error", "status": 503} | effect,
    }
    answer = urllib3.request("POST", f"{sandbox.url}/api/v1/faults", json=rule)
    assert answer.status == 201, answer.data


def messages(sandbox: SandboxServer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = urllib3.request("GET", f"{sandbox.url}/api/v1/messages").json()[
        "messages"
    ]
    return found


@pytest.mark.parametrize("operator", ["vonage", "camara"])
def test_even_number_is_signed_in_without_a_message(
    make: Make, sandbox: SandboxServer, operator: str
) -> None:
    web = make(operator=operator).test_client()
    answer = log_in(web)
    assert answer.status_code == 200, answer.text
    assert answer.json["user"]["phone"] == EVEN
    assert answer.json["new_user"] is True
    assert answer.json["next"] == "/"
    assert web.get("/auth/me").json["user"]["phone"] == EVEN
    assert messages(sandbox) == []
    assert log_in(web).json["new_user"] is False


@pytest.mark.parametrize("operator", ["vonage", "camara"])
def test_odd_number_is_refused(make: Make, operator: str) -> None:
    web = make(operator=operator).test_client()
    answer = log_in(web, ODD)
    assert (answer.status_code, answer.json["code"]) == (403, "number_not_verified")
    assert web.get("/auth/me").status_code == 401


def test_browser_is_led_on_and_ends_where_it_wanted_to_go(web: FlaskClient) -> None:
    page = web.post("/auth/silent", data={"phone": EVEN, "next": "/notes?a=1", "remember": "y"})
    assert page.status_code == 200
    url = page.text.split('content="0; url=')[1].split('"')[0].replace("&amp;", "&")
    answer = web.get(walk(url))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/notes?a=1")
    assert any(one.startswith("remember_token=") for one in answer.headers.getlist("Set-Cookie"))
    assert web.get("/auth/me").status_code == 200


def test_login_page_offers_it_only_where_there_is_an_operator(make: Make) -> None:
    assert 'formaction="/auth/silent"' in make().test_client().get("/auth/login").text
    without = make(operator="").test_client()
    assert "/auth/silent" not in without.get("/auth/login").text
    refused = set_out(without)
    assert (refused.status_code, refused.json["code"]) == (400, "invalid_request")
    callback = without.get("/auth/silent/callback?code=x&state=y", headers=JSON)
    assert callback.status_code == 400


@pytest.mark.parametrize("path", [NUMBERS, "/oauth2/token", "/oauth2/auth"])
def test_network_that_can_not_tell_falls_back_to_a_code(
    web: FlaskClient, sandbox: SandboxServer, path: str
) -> None:
    fault(sandbox, path)
    answer = log_in(web)
    assert answer.status_code == 202, answer.text
    assert answer.json["masked_phone"].endswith("78")
    (message,) = messages(sandbox)
    done = web.post(
        "/auth/verify",
        json={"challenge_id": answer.json["challenge_id"], "code": message["code"]},
    )
    assert done.status_code == 200, done.text
    assert done.json["user"]["phone"] == EVEN


def test_network_that_is_away_from_the_start_falls_back_at_once(
    web: FlaskClient, sandbox: SandboxServer
) -> None:
    fault(sandbox, "/v0.1/*")
    answer = set_out(web)
    assert answer.status_code == 202
    assert len(messages(sandbox)) == 1


def test_browser_falls_back_to_the_code_page(web: FlaskClient, sandbox: SandboxServer) -> None:
    fault(sandbox, NUMBERS, type="error", status=403)
    page = web.post("/auth/silent", data={"phone": EVEN})
    url = page.text.split('content="0; url=')[1].split('"')[0].replace("&amp;", "&")
    answer = web.get(walk(url))
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/auth/verify?challenge_id=")
    assert web.get(answer.headers["Location"]).status_code == 200


def test_number_that_errs_errs_on_both_ways(web: FlaskClient) -> None:
    answer = log_in(web, ERRS)
    assert (answer.status_code, answer.json["code"]) == (503, "provider_unavailable")


@pytest.mark.parametrize(
    "effect",
    [
        {"type": "disconnect", "status": None},
        {"type": "truncate", "status": None},
        {"status": 500},
        {"status": 401},
    ],
    ids=["dropped", "truncated", "500", "401"],
)
def test_operator_that_breaks_off_is_no_error(
    web: FlaskClient, sandbox: SandboxServer, effect: dict[str, Any]
) -> None:
    given = {name: one for name, one in effect.items() if one is not None}
    rule = {"match": {"to": EVEN, "body": NUMBERS}, "effect": {"type": "error"} | given}
    assert urllib3.request("POST", f"{sandbox.url}/api/v1/faults", json=rule).status == 201
    assert log_in(web).status_code == 202


def test_operator_that_is_not_there_is_no_error(make: Make) -> None:
    web = make(sandbox_url="http://127.0.0.1:9", providers=["console"]).test_client()
    assert set_out(web).status_code == 202


def test_another_browser_is_refused_and_the_state_is_spent(
    app: Flask, web: FlaskClient, sandbox: SandboxServer
) -> None:
    back = walk(address(web))
    stranger = app.test_client()
    stolen = stranger.get(back, headers=JSON)
    assert (stolen.status_code, stolen.json["code"]) == (403, "unbound_callback")
    assert stranger.get("/auth/me").status_code == 401
    late = web.get(back, headers=JSON)
    assert (late.status_code, late.json["code"]) == (410, "used")
    assert web.get("/auth/me").status_code == 401
    assert messages(sandbox) == []


def test_whoever_only_looks_spends_nothing(web: FlaskClient) -> None:
    back = walk(address(web))
    assert web.head(back).status_code == 204
    assert web.get("/auth/me").status_code == 401
    assert web.get(back, headers=JSON).status_code == 200


def test_stranger_with_a_way_of_its_own_is_refused_with_a_stolen_one(
    app: Flask, web: FlaskClient
) -> None:
    stranger = app.test_client()
    address(stranger)
    stolen = stranger.get(walk(address(web)), headers=JSON)
    assert stolen.json["code"] == "unbound_callback"


def test_code_and_state_are_good_once(web: FlaskClient, app: Flask) -> None:
    back = walk(address(web))
    assert web.get(back, headers=JSON).status_code == 200
    again = web.get(back, headers=JSON)
    assert (again.status_code, again.json["code"]) == (410, "used")
    code = parse_qs(urlsplit(back).query)["code"][0]
    other = app.test_client()
    fresh = parse_qs(urlsplit(walk(address(other))).query)["state"][0]
    replayed = other.get(f"/auth/silent/callback?code={code}&state={fresh}", headers=JSON)
    assert replayed.status_code == 202, "a used code tells nothing: a code is sent instead"
    assert other.get("/auth/me").status_code == 401


def test_code_of_another_number_signs_nobody_else_in(make: Make, sandbox: SandboxServer) -> None:
    urllib3.request(
        "PUT",
        f"{sandbox.url}/api/v1/settings?account={APPLICATION}",
        json={"operator": {"mode": "camara"}},
    )
    app = make()
    attacker, victim = app.test_client(), "+99012345676"
    own = parse_qs(urlsplit(walk(address(attacker))).query)["code"][0]
    state = parse_qs(urlsplit(walk(address(attacker, victim))).query)["state"][0]
    answer = attacker.get(f"/auth/silent/callback?code={own}&state={state}", headers=JSON)
    assert (answer.status_code, answer.json["code"]) == (403, "number_not_verified")


def test_stolen_code_is_good_in_no_other_browser(make: Make, sandbox: SandboxServer) -> None:
    app = make(operator="camara")
    thief, device, other = app.test_client(), app.test_client(), app.test_client()
    back = walk(address(thief))  # opened by the number's own device, which the thief has led there
    assert device.get(back, headers=JSON).json["code"] == "unbound_callback"
    code = parse_qs(urlsplit(back).query)["code"][0]
    state = parse_qs(urlsplit(walk(address(other))).query)["state"][0]
    answer = other.get(f"/auth/silent/callback?code={code}&state={state}", headers=JSON)
    assert answer.status_code == 202, "the operator takes the code from nobody else"
    assert other.get("/auth/me").status_code == 401


@pytest.mark.parametrize(
    "query",
    ["", "code=x", "state=x", "state=%00", "code=x&state=" + "a" * 5000, "state[]=1",
     "code=x&state=" + "a" * 16 + "." + "b" * 22 + "." + "c" * 43],
)  # fmt: skip
def test_way_that_nobody_set_out_on_leads_nowhere(web: FlaskClient, query: str) -> None:
    answer = web.get(f"/auth/silent/callback?{query}", headers=JSON)
    assert (answer.status_code, answer.json["code"]) == (403, "unbound_callback")


def test_operators_refusal_falls_back_and_spends_the_state(web: FlaskClient) -> None:
    state = parse_qs(urlsplit(walk(address(web))).query)["state"][0]
    path = f"/auth/silent/callback?error=access_denied&state={state}"
    assert web.get(path, headers=JSON).status_code == 202
    assert web.get(path, headers=JSON).status_code in (403, 410)


def s256(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def test_program_without_cookies_shows_its_verifier(app: Flask) -> None:
    program = app.test_client(use_cookies=False)
    started = set_out(program, verifier_challenge=s256(VERIFIER))
    assert "Set-Cookie" not in started.headers
    back = walk(started.json["url"])
    answer = program.get(f"{back}&verifier={VERIFIER}")
    assert answer.status_code == 200, answer.text
    assert answer.json["user"]["phone"] == EVEN
    other = walk(address(program, verifier_challenge=s256(VERIFIER)))
    wrong = program.get(f"{other}&verifier={'w' * 43}")
    assert wrong.json["code"] == "unbound_callback"
    assert program.get(f"{other}&verifier={VERIFIER}").json["code"] == "used"


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
        {"Accept": "*/*", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"},
        {"Accept": "application/json", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site"},
        {"Accept": "application/json", "Origin": "https://elsewhere.example"},
    ],
)
def test_link_of_a_stranger_does_not_sign_its_visitor_in_as_the_stranger(
    app: Flask, web: FlaskClient, headers: dict[str, str]
) -> None:
    stranger = app.test_client(use_cookies=False)
    link = f"{walk(address(stranger, verifier_challenge=s256(VERIFIER)))}&verifier={VERIFIER}"
    answer = web.get(link, headers=headers)
    assert answer.status_code == 403
    assert "session" not in "".join(answer.headers.getlist("Set-Cookie"))
    assert web.get("/auth/me").status_code == 401


@pytest.mark.parametrize("channel", ["", "sms", "voice"])
def test_secret_in_a_state_has_no_message_sent_past_the_numbers_budgets(
    make: Make, sandbox: SandboxServer, channel: str
) -> None:
    app = make(
        channels=["sms", "voice"],
        providers=["sandbox", "twilio"],
        twilio_auth_token="t" * 32,
        public_url="http://localhost",
    )
    stranger = app.test_client(use_cookies=False)
    started = set_out(stranger, verifier_challenge=s256(VERIFIER))
    state = parse_qs(urlsplit(walk(started.json["url"])).query)["state"][0]
    shown = {"challenge_id": started.json["challenge_id"]}
    secret = state.rpartition(".")[2]
    body = shown | {"challenge_secret": secret} | ({"channel": channel} if channel else {})
    answer = stranger.post("/auth/resend", json=body)
    assert (answer.status_code, answer.json["code"]) == (404, "unknown_challenge")
    polled = stranger.get(
        f"/auth/challenges/{shown['challenge_id']}", headers={"PhoneAuth-Challenge-Secret": secret}
    )
    assert polled.status_code == 404
    assert messages(sandbox) == []


def test_program_falls_back_with_a_secret(app: Flask, sandbox: SandboxServer) -> None:
    fault(sandbox, NUMBERS)
    program = app.test_client(use_cookies=False)
    back = walk(address(program, verifier_challenge=s256(VERIFIER)))
    answer = program.get(f"{back}&verifier={VERIFIER}")
    assert answer.status_code == 202
    assert len(answer.json["challenge_secret"]) == 43


@pytest.mark.parametrize("value", [1, "", "short", "x" * 44, ["x"]])
def test_verifier_challenge_must_be_one(web: FlaskClient, value: Any) -> None:
    answer = set_out(web, verifier_challenge=value)
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_request")


def test_two_tabs_of_a_browser_do_not_disturb_each_other(web: FlaskClient) -> None:
    first, second = walk(address(web)), walk(address(web, "+99012345676"))
    assert web.get(first, headers=JSON).status_code == 200
    # the cookie of both went with the first
    assert web.get(second, headers=JSON).json["code"] == "unbound_callback"


def test_number_is_asked_about_as_often_as_it_may_get_messages(make: Make) -> None:
    web = make(virtual_numbers=False, default_region="GB", sends_per_hour=2).test_client()
    number = "+447400123456"
    address(web, number)
    address(web, number)
    refused = set_out(web, number)
    assert (refused.status_code, refused.json["code"]) == (429, "budget_exhausted")
    assert int(refused.headers["Retry-After"]) >= 1
    asked = web.post("/auth/login", json={"phone": number})
    assert asked.status_code == 202, "a code may be asked for all the same"


def guess(web: FlaskClient, asked: dict[str, Any], times: int = 1) -> Any:
    """Wrong codes, one after the other; the answer to the last."""
    for _ in range(times):
        answer = web.post(
            "/auth/verify",
            json={
                "challenge_id": asked["challenge_id"],
                "challenge_secret": asked["challenge_secret"],
                "code": "000000",
            },
        )
    return answer


def test_login_of_the_network_opens_what_wrong_codes_have_closed(make: Make) -> None:
    web = make(
        virtual_numbers=False, default_region="GB", wrong_in_a_row=3, tries_per_hour=50
    ).test_client()
    number = "+447400123456"
    asked = web.post("/auth/login", json={"phone": number}).json
    guess(web, asked, 3)
    locked = web.post("/auth/login", json={"phone": number})
    assert locked.json["code"] == "locked"
    assert log_in(web, number).status_code == 200
    assert web.post("/auth/login", json={"phone": number}).status_code == 202


def test_spent_states_do_not_give_guessers_their_tries_back(make: Make) -> None:
    web = make(virtual_numbers=False, default_region="GB", tries_per_hour=3).test_client()
    number = "+447400123456"
    asked = web.post("/auth/login", json={"phone": number}).json
    guess(web, asked, 3)
    state = parse_qs(urlsplit(walk(address(web, number))).query)["state"][0]
    web.get(f"/auth/silent/callback?code=guessed&state={state}", headers=JSON)
    again = guess(web, asked)
    assert again.json["code"] == "locked"


def test_browser_that_was_let_in_is_known_as_one_that_proved_the_number(
    make: Make, sandbox: SandboxServer
) -> None:
    web = make(virtual_numbers=False, default_region="GB").test_client()
    answer = log_in(web, "+447400123456")
    assert any("phoneauth_device=" in one for one in answer.headers.getlist("Set-Cookie"))


def test_blocked_user_is_not_let_in(app: Flask, web: FlaskClient) -> None:
    assert log_in(web).status_code == 200
    runner = app.test_cli_runner()
    assert runner.invoke(args=["phoneauth", "users", "block", EVEN]).exit_code == 0
    answer = log_in(app.test_client())
    assert (answer.status_code, answer.json["code"]) == (403, "number_not_verified")


def test_sign_up_that_is_off_lets_no_stranger_in_and_tells_nobody_at_the_start(
    make: Make,
) -> None:
    web = make(signup=False).test_client()
    assert set_out(web).status_code == 200
    assert log_in(web).json["code"] == "number_not_verified"


def test_foreign_page_can_not_set_out(web: FlaskClient) -> None:
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = web.post("/auth/silent", json={"phone": EVEN}, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "cross_site")


def test_configured_address_is_where_devices_come_back_to(
    make: Make, sandbox: SandboxServer
) -> None:
    web = make(public_url="https://notes.example/app").test_client()
    answer = set_out(web)
    end = walk(answer.json["url"], "https://notes.example/")
    assert end.startswith("https://notes.example/app/auth/silent/callback?")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"operator": "nobody"}, "PHONEAUTH_OPERATOR"),
        ({"operator_url": "ftp://x"}, "PHONEAUTH_OPERATOR_URL"),
        ({"sim_swap": "perhaps"}, "PHONEAUTH_SIM_SWAP"),
        ({"sim_swap": "refuse", "operator": ""}, "PHONEAUTH_OPERATOR"),
        ({"sim_swap_hours": 2401}, "PHONEAUTH_SIM_SWAP_HOURS"),
    ],
)
def test_settings_that_can_not_be_are_named(
    make: Make, settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(SettingError, match=told):
        make(**settings).extensions["phoneauth"].live  # noqa: B018


def test_operator_without_its_application_is_named() -> None:
    from flask_phoneauth.operators.camara import CamaraOperator, VonageOperator

    with pytest.raises(SettingError, match="PHONEAUTH_OPERATOR_APPLICATION_ID"):
        VonageOperator.from_settings(Settings(operator="vonage"))
    given = {"operator_application_id": APPLICATION, "operator_private_key": "no key"}
    with pytest.raises(SettingError, match="PHONEAUTH_OPERATOR_PRIVATE_KEY") as caught:
        VonageOperator.from_settings(Settings(operator="vonage", **given))
    assert "no key" not in str(caught.value)
    with pytest.raises(SettingError, match="PHONEAUTH_OPERATOR_URL"):
        CamaraOperator.from_settings(Settings(operator="camara", **given))


def test_operator_that_nobody_knows_is_named_at_once(make: Make) -> None:
    with pytest.raises(SettingError, match="PHONEAUTH_OPERATOR: 'ours' is not known"):
        make(operator="ours")


def swap(sandbox: SandboxServer, number: str) -> None:
    now = urllib3.request("GET", f"{sandbox.url}/api/v1/clock").json()["now"]
    answer = urllib3.request(
        "PUT",
        f"{sandbox.url}/api/v1/handsets/{number}?account={APPLICATION}",
        json={"sim_swapped_at": now},
    )
    assert answer.status == 200, answer.data


@pytest.mark.parametrize("verifier", ["", "twilio_verify", "vonage_verify"])
@pytest.mark.parametrize("operator", ["vonage", "camara"])
def test_number_with_a_new_sim_gets_no_code_where_that_is_refused(
    make: Make, sandbox: SandboxServer, operator: str, verifier: str
) -> None:
    settings = {"operator": operator, "verifier": verifier}
    web = make(sim_swap="refuse", sim_swap_hours=24, **settings).test_client()
    swap(sandbox, EVEN)
    asked = web.post("/auth/login", json={"phone": EVEN})
    assert asked.status_code == 202
    assert messages(sandbox) == []
    status = web.get(
        f"/auth/challenges/{asked.json['challenge_id']}",
        headers={"PhoneAuth-Challenge-Secret": asked.json["challenge_secret"]},
    )
    assert status.json["delivery"] == "failed"
    other = web.post("/auth/login", json={"phone": "+99012345676"})
    assert (other.status_code, len(messages(sandbox))) == (202, 1)


def test_new_sim_is_nobodys_business_where_it_is_allowed(
    web: FlaskClient, sandbox: SandboxServer
) -> None:
    swap(sandbox, EVEN)
    assert web.post("/auth/login", json={"phone": EVEN}).status_code == 202
    assert len(messages(sandbox)) == 1


def test_number_of_which_the_operator_can_not_tell_gets_its_code(
    make: Make, sandbox: SandboxServer
) -> None:
    web = make(sim_swap="refuse").test_client()
    fault(sandbox, "/camara/sim-swap/*")
    assert web.post("/auth/login", json={"phone": EVEN}).status_code == 202
    assert len(messages(sandbox)) == 1

"""Logins whose code a vendor makes and checks: our budgets, bindings, tries and answers stay."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from web_steps import PHONE, ask, database_of, entry, field_on, problem, start_form, type_code

from flask_phoneauth.plugins import VERIFIERS
from flask_phoneauth.settings import SettingError
from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings as SandboxSettings

EVEN, ODD, ERRS = "+99012345678", "+99012345677", "+99011111199"

Make = Callable[..., Flask]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxSettings(port=0, sent_after=0.02, delivered_after=0.05)) as running:
        yield running


@pytest.fixture
def sandbox(server: SandboxServer) -> Iterator[SandboxClient]:
    server.sandbox.inbox.reset(None)
    with SandboxClient(server.url) as one:
        yield one


@pytest.fixture(params=VERIFIERS.names())
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make(make_app: Make, name: str, sandbox: SandboxClient) -> Make:
    """An app whose codes that vendor makes."""

    def make(**settings: Any) -> Flask:
        common = {"VERIFIER": name, "SANDBOX_URL": sandbox.url, "PROVIDERS": ["sandbox"]}
        return make_app(**common | settings)

    return make


def sent(sandbox: SandboxClient, number: str = PHONE) -> str:
    """The newest code that the vendor has sent."""
    return str(sandbox.claim_code(number, timeout=15)["code"])


def other(code: str) -> str:
    return str((int(code[0]) + 1) % 10) + code[1:]


def enter(client: Any, asked: dict[str, Any], code: str) -> Any:
    return client.post("/auth/verify", json=entry(asked, code))


def status(client: Any, asked: dict[str, Any]) -> dict[str, Any]:
    headers = {"PhoneAuth-Challenge-Secret": asked["challenge_secret"]}
    answer = client.get(f"/auth/challenges/{asked['challenge_id']}", headers=headers)
    found: dict[str, Any] = answer.get_json()
    return found


def test_the_vendors_code_signs_in_once(make: Make, sandbox: SandboxClient, name: str) -> None:
    client = make().test_client()
    asked = ask(client)
    (message,) = sandbox.messages(to=PHONE)
    # the vendor's own words, not ours
    assert message["provider"] == name.partition("_")[0]
    assert "@" not in message["body"]
    code = sent(sandbox)
    assert problem(enter(client, asked, other(code)), 400, "invalid_code")["tries_left"] >= 2
    assert status(client, asked)["delivery"] == "sent"
    answer = enter(client, asked, code)
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["new_user"] is True
    assert client.get("/auth/me").get_json()["user"]["phone"] == PHONE
    problem(enter(client, asked, code), 410, "used")


def test_a_browser_signs_in_by_the_same_pages(make: Make, sandbox: SandboxClient) -> None:
    client = make().test_client()
    page = start_form(client)
    assert field_on(page, "challenge_id")
    assert type_code(client, page, sent(sandbox)).status_code == 303
    assert client.get("/mine").status_code == 200


def test_neither_code_nor_vendors_id_is_in_an_answer_and_no_code_is_kept(
    make: Make, sandbox: SandboxClient
) -> None:
    app = make()
    client = app.test_client()
    asked = ask(client)
    code = sent(sandbox)
    connection = sqlite3.connect(database_of(app))
    (data,) = connection.execute("select data from phoneauth_challenges").fetchone()
    connection.close()
    assert '"vendor_id": "' in data
    vendor_id = data.partition('"vendor_id": "')[2].partition('"')[0]
    assert len(vendor_id) > 30
    assert code not in data
    shown = str(asked) + str(status(client, asked)) + enter(client, asked, other(code)).text
    assert vendor_id not in shown
    assert code not in shown


def test_our_tries_hold_and_the_last_one_may_be_right(make: Make, sandbox: SandboxClient) -> None:
    client = make(MAX_TRIES=2).test_client()
    asked = ask(client)
    code = sent(sandbox)
    assert problem(enter(client, asked, other(code)), 400, "invalid_code")["tries_left"] == 1
    assert enter(client, asked, code).status_code == 200


def test_spent_tries_end_the_challenge_and_the_vendors_verification(
    make: Make, sandbox: SandboxClient, phoneauth_clock: Any
) -> None:
    phoneauth_clock.freeze()
    client = make(MAX_TRIES=2).test_client()
    asked = ask(client)
    code = sent(sandbox)
    problem(enter(client, asked, other(code)), 400, "invalid_code")
    problem(enter(client, asked, other(code)), 410, "too_many_tries")
    problem(enter(client, asked, code), 410, "too_many_tries")
    assert status(client, asked)["status"] == "dead"
    # the number is free at the vendor's: the next ask brings a code of its own
    phoneauth_clock.advance(60)
    again = ask(client)
    assert enter(client, again, sent(sandbox)).status_code == 200


def test_a_challenge_has_no_more_tries_than_the_vendor_lets_follow(
    make: Make, sandbox: SandboxClient, name: str
) -> None:
    client = make(MAX_TRIES=10, TRIES_PER_HOUR=50).test_client()
    asked = ask(client)
    code = sent(sandbox)
    most = {"twilio_verify": 5, "vonage_verify": 3}[name]
    for left in range(most - 1, 0, -1):
        assert problem(enter(client, asked, other(code)), 400, "invalid_code")["tries_left"] == left
    problem(enter(client, asked, other(code)), 410, "too_many_tries")
    assert status(client, asked)["status"] == "dead"


def test_a_vendor_that_is_away_opens_nothing_and_costs_the_try(
    make: Make, sandbox: SandboxClient, name: str
) -> None:
    client = make().test_client()
    asked = ask(client)
    code = sent(sandbox)
    effect = {"type": "error", "status": 503}
    sandbox.add_fault({"match": {"to": PHONE}, "times": 1, "effect": effect})
    problem(enter(client, asked, code), 503, "provider_unavailable")
    assert client.get("/auth/me").status_code == 401
    left = problem(enter(client, asked, other(code)), 400, "invalid_code")["tries_left"]
    assert left == {"twilio_verify": 3, "vonage_verify": 1}[name]
    assert enter(client, asked, code).status_code == 200


def test_a_start_that_fails_is_told_and_costs_no_wait(make: Make, sandbox: SandboxClient) -> None:
    client = make().test_client()
    effect = {"type": "error", "status": 500}
    sandbox.add_fault({"match": {"to": PHONE}, "times": 1, "effect": effect})
    asked = ask(client)
    told = status(client, asked)
    assert (told["delivery"], told["resend_in"]) == ("failed", 0)
    # nothing has been sent, so no code is good
    problem(enter(client, asked, "123456"), 400, "invalid_code")
    secret = {"challenge_secret": asked["challenge_secret"]}
    again = client.post("/auth/resend", json={"challenge_id": asked["challenge_id"], **secret})
    assert again.status_code == 202
    assert enter(client, asked, sent(sandbox)).status_code == 200


def test_a_lost_answer_is_asked_for_once_more_and_the_code_is_good(
    make: Make, sandbox: SandboxClient
) -> None:
    client = make().test_client()
    sandbox.add_fault({"match": {"to": PHONE}, "times": 1, "effect": {"type": "truncate"}})
    asked = ask(client)
    assert status(client, asked)["delivery"] == "sent"
    codes = {one["code"] for one in sandbox.messages(to=PHONE)}
    assert len(codes) == 1
    assert enter(client, asked, codes.pop()).status_code == 200


def test_a_resend_waits_for_its_cooldown_and_its_code_is_good(
    make: Make, sandbox: SandboxClient, phoneauth_clock: Any
) -> None:
    phoneauth_clock.freeze()
    client = make().test_client()
    asked = ask(client)
    sent(sandbox)
    kept = {name: asked[name] for name in ("challenge_id", "challenge_secret")}
    problem(client.post("/auth/resend", json=kept), 429, "cooldown")
    phoneauth_clock.advance(asked["resend_in"])
    assert client.post("/auth/resend", json=kept).status_code == 202
    assert enter(client, asked, sent(sandbox)).status_code == 200


def test_another_browser_cannot_use_the_code(make: Make, sandbox: SandboxClient) -> None:
    app = make()
    client, stranger = app.test_client(), app.test_client()
    asked = ask(client)
    code = sent(sandbox)
    foreign = {"challenge_id": asked["challenge_id"], "challenge_secret": "x" * 43}
    assert "tries_left" not in problem(enter(stranger, foreign, code), 400, "invalid_code")
    assert enter(client, asked, code).status_code == 200


def test_right_codes_at_once_have_one_winner(make: Make, sandbox: SandboxClient) -> None:
    app = make()
    asked = ask(app.test_client())
    code = sent(sandbox)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: enter(app.test_client(), asked, code), range(4)))
    # who comes second has a code that is used, or that the vendor knows no more
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 400, 410}


def test_a_call_brings_the_vendors_code(make: Make, sandbox: SandboxClient, name: str) -> None:
    client = make(CHANNELS=["sms", "voice"]).test_client()
    asked = ask(client, channel="voice")
    assert asked["channel"] == "voice"
    (message,) = sandbox.wait(match={"to": PHONE}, until_status="sent", claim=False, timeout=15)
    if name == "twilio_verify":  # it asks for a key first
        sandbox.press(message["id"], "1")
    assert enter(client, asked, sent(sandbox)).status_code == 200


def test_virtual_numbers_end_as_their_last_digits_say(make: Make) -> None:
    client = make(VIRTUAL_NUMBERS=True).test_client()
    assert enter(client, ask(client, EVEN), "345678").status_code == 200
    asked = ask(client, ODD)
    problem(enter(client, asked, "111111"), 400, "invalid_code")
    problem(enter(client, asked, "345677"), 403, "number_not_verified")
    problem(enter(client, asked, "345677"), 410, "used")
    answer = client.post("/auth/login", json={"phone": ERRS})
    problem(answer, 503, "provider_unavailable")


def test_reviewers_numbers_keep_their_fixed_code(make: Make, sandbox: SandboxClient) -> None:
    client = make(TEST_NUMBERS={PHONE: ("123456", "2999-12-31")}).test_client()
    asked = ask(client)
    assert sandbox.messages(to=PHONE) == []
    problem(enter(client, asked, "654321"), 400, "invalid_code")
    assert enter(client, asked, "123456").status_code == 200


def test_unknown_number_without_sign_up_is_answered_alike_and_gets_nothing(
    make: Make, sandbox: SandboxClient
) -> None:
    client = make(SIGNUP=False, DISPATCH="thread").test_client()
    asked = ask(client)
    assert problem(enter(client, asked, "123456"), 400, "invalid_code")["tries_left"] >= 2
    assert sandbox.messages(to=PHONE) == []


def test_a_name_that_no_verifier_has_is_refused_at_start(make_app: Make) -> None:
    with pytest.raises(SettingError, match=r"PHONEAUTH_VERIFIER.*twilio_verify, vonage_verify"):
        make_app(VERIFIER="pigeon")
    with pytest.raises(SettingError, match="PHONEAUTH_TWILIO_VERIFY_SERVICE_SID must be VA"):
        make_app(TWILIO_VERIFY_SERVICE_SID="MG" + "0" * 32)


def test_an_app_that_is_closed_keeps_no_connection_to_the_vendor(
    make: Make, sandbox: SandboxClient
) -> None:
    app = make()
    ask(app.test_client())
    assert sent(sandbox)
    verifier = app.extensions["phoneauth"].live.parts.verifier
    session = verifier._session

    def kept() -> int:
        return sum(len(one.poolmanager.pools) for one in session.adapters.values())

    assert kept() == 1
    app.extensions["phoneauth"].close()
    assert kept() == 0

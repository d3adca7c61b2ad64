"""The risk hook and the puzzles, against a real server in the vendor's place."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from scripted_server import ScriptedServer, answer, drip, drip_head, drop, raw, silence
from web_steps import BROWSER, PHONE, entry, post_form, problem, token_on, type_code

from flask_phoneauth import PhoneAuth, signals
from flask_phoneauth.events import BudgetWarning
from flask_phoneauth.flows.alarm import Alarm
from flask_phoneauth.phone.number import mask
from flask_phoneauth.risk import puzzles
from flask_phoneauth.risk.base import ALLOW, CHALLENGE, REFUSE, RiskRequest
from flask_phoneauth.stores.base import Level

SOLVED, FAILED = answer(200, {"success": True}), answer(200, {"success": False})
FIELDS = {"turnstile": "cf-turnstile-response", "hcaptcha": "h-captcha-response"}
SCRIPT = {"Sec-Fetch-Mode": "cors"}

Make = Callable[..., Flask]


@pytest.fixture
def judge() -> Iterator[ScriptedServer]:
    """The vendor's server: it calls every answer right until a test says otherwise."""
    with ScriptedServer(SOLVED) as server:
        yield server


@pytest.fixture
def guarded(tmp_path: Path, judge: ScriptedServer) -> Make:
    """`guarded(risk, **settings)`: an app with a hook and a puzzle that the judge judges."""

    def make(risk: Any = None, *, place: Any = None, **settings: Any) -> Flask:
        app = Flask("guarded", instance_path=str(tmp_path / "instance"))
        app.config.update(TESTING=True, SECRET_KEY="a secret of the tests, long enough")
        values = {
            "RISK_PUZZLE": "turnstile",
            "RISK_SITE_KEY": "site-key",
            "RISK_SECRET_KEY": "server-key",
            "RISK_VERIFY_URL": f"{judge.url}/siteverify",
            **settings,
        }
        app.config.update({f"PHONEAUTH_{name}": value for name, value in values.items()})
        PhoneAuth(app, risk=risk, place=place)
        return app

    return make


def attack(app: Flask, percent: int) -> None:
    """Have this process have seen a wide attack."""
    with app.app_context():
        parts = app.extensions["phoneauth"].live.parts
    level = Level("spray", "total:sent", percent, 100, cost=0)
    parts.alarm.note([level], parts.notify, parts.clock.now())


def ask(client: FlaskClient, **fields: Any) -> Any:
    """Ask as a page's script does."""
    return client.post("/auth/login", json={"phone": PHONE, **fields}, headers=SCRIPT)


def test_the_hook_is_told_of_the_ask_and_never_the_number(guarded, phoneauth_code):
    seen: list[RiskRequest] = []

    def hook(request: RiskRequest) -> str:
        seen.append(request)
        return ALLOW

    app = guarded(hook, place=lambda address: f"near {address}")
    client = app.test_client()
    agent = {"User-Agent": "Browser/1.0", **SCRIPT}
    asked = client.post("/auth/login", json={"phone": PHONE, "risk_token": "t"}, headers=agent)
    assert asked.status_code == 202
    first = seen[0]
    assert first == RiskRequest(
        purpose="login",
        phone_tag=asked.get_json()["challenge_id"].partition(".")[0],
        region="GB",
        line_type="mobile",
        address="127.0.0.1",
        user_agent="Browser/1.0",
        place="near 127.0.0.1",
        device_known=False,
        proven=False,
        sends=0,
        wrong=0,
        spray_percent=0,
        token="t",
    )
    assert PHONE[1:] not in repr(first)
    form = entry(asked.get_json(), phoneauth_code(PHONE))
    assert client.post("/auth/verify", json=form, headers=SCRIPT).status_code == 200
    client.post("/auth/logout", json={})
    ask(app.test_client())
    ask(client)
    stranger, owner = seen[1], seen[2]
    assert (stranger.device_known, stranger.proven) == (False, True)
    assert (owner.device_known, owner.proven, owner.sends) == (True, True, 1)


def test_who_is_refused_is_told_so_and_nothing_is_spent(guarded, phoneauth_code):
    app = guarded(lambda request: REFUSE)
    for _ in range(30):
        problem(ask(app.test_client()), 403, "risk_refused")
    with pytest.raises(LookupError):
        phoneauth_code(PHONE)
    told = app.test_cli_runner().invoke(args=["phoneauth", "explain", PHONE])
    assert "PHONEAUTH_SENDS_PER_HOUR: 0 of 5" in told.output


def test_a_refusal_is_told_to_listeners(guarded):
    app = guarded(lambda request: REFUSE)
    seen: list[Any] = []

    def listen(sender: Any, **fields: Any) -> None:
        seen.append(fields)

    with signals.code_refused.connected_to(listen, app):
        ask(app.test_client())
    assert [(one["code"], one["masked_phone"]) for one in seen] == [("risk_refused", mask(PHONE))]


def test_a_word_that_is_no_verdict_refuses_and_is_logged(guarded, caplog):
    app = guarded(lambda request: "yes")
    with caplog.at_level(logging.ERROR, "flask_phoneauth"):
        problem(ask(app.test_client()), 403, "risk_refused")
    assert "the risk hook answered 'yes'" in caplog.text


@pytest.mark.parametrize("vendor", FIELDS)
def test_a_challenged_visitor_solves_the_puzzle_on_the_page(guarded, judge, phoneauth_code, vendor):
    app = guarded(lambda request: CHALLENGE, RISK_PUZZLE=vendor)
    client = app.test_client()
    plain = client.get("/auth/login", headers=BROWSER)
    assert "site-key" not in plain.text
    page = post_form(client, "/auth/login", plain.text, phone=PHONE)
    assert page.status_code == 403
    assert 'data-sitekey="site-key"' in page.text
    assert "<noscript>" in page.text
    assert "not a robot" in page.text
    assert PHONE in page.text
    again = post_form(
        client, "/auth/login", page.text, phone=PHONE, **{FIELDS[vendor]: "an answer"}
    )
    assert again.status_code == 303, again.text
    assert judge.requests[-1].path == "/siteverify"
    assert judge.requests[-1].form == {
        "secret": "server-key",
        "response": "an answer",
        "remoteip": "127.0.0.1",
    }
    code_page = client.get(again.location, headers=BROWSER).text
    assert token_on(code_page)
    assert type_code(client, code_page, phoneauth_code(PHONE)).status_code == 303


def test_a_program_sends_the_answer_as_risk_token(guarded, judge):
    app = guarded(lambda request: CHALLENGE)
    client = app.test_client()
    problem(ask(client), 403, "risk_challenge")
    assert judge.requests == []
    judge.behaviour = FAILED
    problem(ask(client, risk_token="wrong"), 403, "risk_challenge")
    judge.behaviour = SOLVED
    assert ask(client, risk_token="right").status_code == 202


@pytest.mark.parametrize(
    "behaviour",
    [drop, silence, drip, drip_head, raw(b"no http"), answer(500, {"success": True}),
     answer(500, {"success": False}), answer(404, {"success": True}), answer(200, b"[]"),
     answer(200, {"success": "yes"})],
)  # fmt: skip
def test_a_judge_who_does_not_answer_lets_nobody_through_unless_told_to(
    guarded, judge, caplog, monkeypatch, behaviour
):
    monkeypatch.setattr(puzzles, "ANSWER_SECONDS", 0.3)
    judge.behaviour = behaviour
    with caplog.at_level(logging.WARNING, "flask_phoneauth"):
        shut = guarded(lambda request: CHALLENGE)
        problem(ask(shut.test_client(), risk_token="t"), 403, "risk_challenge")
        opened = guarded(lambda request: CHALLENGE, RISK_FAIL_OPEN=True)
        assert ask(opened.test_client(), risk_token="t").status_code == 202
    assert "the judge of turnstile does not answer" in caplog.text
    assert "server-key" not in caplog.text


@pytest.mark.parametrize("status", [200, 400, 422])
@pytest.mark.parametrize("token", ["t", "\ud800", "\x00", "é" * 99])
def test_what_a_visitor_sends_does_not_open_what_fails_open(guarded, judge, status, token):
    judge.behaviour = answer(status, {"success": False, "error-codes": ["bad-request"]})
    app = guarded(lambda request: CHALLENGE, RISK_FAIL_OPEN=True)
    problem(ask(app.test_client(), risk_token=token), 403, "risk_challenge")
    assert len(judge.requests) == 1


def test_the_judge_sends_nobody_on_with_the_secret(guarded, judge):
    def moved(handler: Any) -> None:
        there = handler.path == "/elsewhere"
        (SOLVED if there else answer(307, {}, Location=f"{judge.url}/elsewhere"))(handler)

    judge.behaviour = moved
    app = guarded(lambda request: CHALLENGE)
    problem(ask(app.test_client(), risk_token="t"), 403, "risk_challenge")
    assert [one.path for one in judge.requests] == ["/siteverify"]


def test_what_is_unread_of_a_word_that_is_too_long_is_not_the_next_word(guarded, judge):
    def endless(handler: Any) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(10**6))
        handler.end_headers()
        handler.wfile.write(b" " * 70_000)
        silence(handler)

    judge.behaviour = endless
    app = guarded(lambda request: CHALLENGE)
    problem(ask(app.test_client(), risk_token="t"), 403, "risk_challenge")
    judge.behaviour = SOLVED
    assert ask(app.test_client(), risk_token="t").status_code == 202


def test_an_answer_that_is_too_long_is_none(guarded, judge):
    app = guarded(lambda request: CHALLENGE)
    problem(ask(app.test_client(), risk_token="x" * 9000), 403, "risk_challenge")
    assert judge.requests == []


def test_a_solved_puzzle_buys_one_message_and_three_an_hour(guarded, phoneauth_clock):
    phoneauth_clock.freeze()
    app = guarded(TOTAL_SENDS_PER_DAY=100, SENDS_PER_DAY=100, MAX_LIVE_CHALLENGES=100)

    def sent(**fields: Any) -> int:
        for count in range(20):
            asked = ask(app.test_client(), **fields)
            if asked.status_code == 429:
                problem(asked, 429, "budget_exhausted")
                return count
            phoneauth_clock.advance(270)
        raise AssertionError("never stopped")

    assert sent() == 5
    assert sent(risk_token="solved") == 3


def test_a_solved_puzzle_buys_no_message_beyond_those_of_a_day(guarded, phoneauth_clock):
    phoneauth_clock.freeze()
    app = guarded(SENDS_PER_DAY=4, MAX_LIVE_CHALLENGES=100)
    for _ in range(4):
        assert ask(app.test_client(), risk_token="solved").status_code == 202
        phoneauth_clock.advance(3700)
    problem(ask(app.test_client(), risk_token="solved"), 429, "budget_exhausted")


def test_the_page_offers_the_puzzle_where_the_hour_is_spent(guarded, phoneauth_clock):
    phoneauth_clock.freeze()
    app = guarded(SENDS_PER_HOUR=1)
    assert ask(app.test_client()).status_code == 202
    phoneauth_clock.advance(60)
    client = app.test_client()
    page = post_form(client, "/auth/login", phone=PHONE)
    assert page.status_code == 429
    assert 'class="cf-turnstile"' in page.text
    solved = {"cf-turnstile-response": "an answer"}
    assert post_form(client, "/auth/login", page.text, phone=PHONE, **solved).status_code == 303


def test_under_a_wide_attack_strangers_are_challenged_and_owners_are_not(
    guarded, phoneauth_code, phoneauth_clock
):
    phoneauth_clock.freeze()
    app = guarded()
    owner = app.test_client()
    form = entry(ask(owner).get_json(), phoneauth_code(PHONE))
    assert owner.post("/auth/verify", json=form, headers=SCRIPT).status_code == 200
    owner.post("/auth/logout", json={})
    attack(app, 79)
    assert ask(app.test_client()).status_code == 202
    attack(app, 80)
    problem(ask(app.test_client()), 403, "risk_challenge")
    assert ask(owner).status_code == 202
    phoneauth_clock.advance(61)
    assert ask(app.test_client()).status_code == 202


def test_under_a_wide_attack_codes_have_eight_digits(app, phoneauth_code, phoneauth_clock):
    phoneauth_clock.freeze()
    client = app.test_client()
    attack(app, 100)
    asked = ask(client).get_json()
    code = phoneauth_code(PHONE)
    assert (asked["code_length"], len(code)) == (8, 8)
    short = client.post("/auth/verify", json=entry(asked, code[:6]), headers=SCRIPT)
    problem(short, 400, "invalid_code")
    phoneauth_clock.advance(61)  # the attack is over, the code is still the long one
    done = client.post("/auth/verify", json=entry(asked, code), headers=SCRIPT)
    assert done.status_code == 200, done.text


def test_eight_digits_are_no_code_where_six_were_sent(app, phoneauth_code):
    client = app.test_client()
    asked = ask(client).get_json()
    form = entry(asked, phoneauth_code(PHONE) + "00")
    problem(client.post("/auth/verify", json=form, headers=SCRIPT), 400, "invalid_request")


def test_the_levels_of_an_attack_are_warned_of_once_each():
    warned: list[Any] = []
    alarm = Alarm()
    for spent in range(1, 121):
        alarm.note([Level("prefix", "prefix:x:hour", spent, 100)], warned.append, 0.0)
    assert warned == [
        BudgetWarning("prefix", percent, "prefix:x:hour") for percent in (50, 80, 100)
    ]
    assert alarm.spray_percent(0.0) == 0


def test_a_prefix_that_is_pumped_is_warned_of_and_stopped(make_app, phoneauth_clock):
    phoneauth_clock.freeze()
    app = make_app(PREFIX_SENDS_PER_HOUR=10, NEIGHBOUR_ASKS_PER_HOUR=1000)
    warned: list[Any] = []

    def listen(sender: Any, **fields: Any) -> None:
        warned.append((fields["rule"], fields["percent"]))

    statuses = []
    with signals.budget_warning.connected_to(listen, app):
        for last in range(12):
            client = app.test_client(use_cookies=False)
            here = {"REMOTE_ADDR": f"198.51.100.{last}"}
            phone = f"+44740012{last:04d}"
            sent = client.post("/auth/login", json={"phone": phone}, environ_overrides=here)
            statuses.append(sent.status_code)
    assert statuses == [202] * 7 + [429] * 5, "three in ten are kept for known numbers"
    assert warned == [("prefix", 50)]

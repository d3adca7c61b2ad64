"""A number with a new SIM: pages and programs, against a real operator and a real mail server."""

from __future__ import annotations

import json
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import urllib3
from flask import Flask
from flask.testing import FlaskClient
from mail_server import MailServer, mail_server
from web_steps import (
    BROWSER,
    ask,
    entry,
    field_on,
    problem,
    query,
    start_form,
    token_on,
    type_code,
    wrong,
)

from flask_phoneauth import PhoneAuth
from flask_phoneauth.errors import Used
from flask_phoneauth.extension import CodeRequest
from flask_phoneauth.settings import SettingError
from flask_phoneauth.users.accounts import Accounts
from sms_sandbox.server import SandboxServer

ANN, BEN, NEW = "+447400123456", "+447400123457", "+447400123458"
APPLICATION = "00000000-0000-4000-8000-000000000001"
ADDRESS = "ann@example.com"
SIMS = "/camara/sim-swap/*"
JSON = {"Accept": "application/json"}

Make = Callable[..., Flask]


@pytest.fixture(scope="module")
def post() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def mail(post: MailServer) -> MailServer:
    post.box.raw.clear()
    post.box.recipients.clear()
    post.box.answers.clear()
    return post


def email_of(_: Accounts, user: Any) -> str | None:
    """What our own accounts do not know."""
    return ADDRESS if user.phone == ANN else None


@pytest.fixture
def make(build: Make, mail: MailServer, monkeypatch: pytest.MonkeyPatch) -> Make:
    monkeypatch.setattr(Accounts, "email_of", email_of, raising=False)
    known = {
        "operator": "camara",
        "sim_swap": "step_up",
        "channels": ["sms", "email"],
        "email_host": "127.0.0.1",
        "email_port": mail.port,
        "email_security": "none",
        "email_from": "login@notes.example",
    }
    return lambda **settings: build(**known | settings)


@pytest.fixture
def app(make: Make, sandbox: SandboxServer) -> Flask:
    """Ann has an address, Ben has none; the SIM cards of both, and of a third one, are new."""
    one = make()
    users = one.extensions["phoneauth"].live.parts.users
    for phone in (ANN, BEN):
        users.create(phone)
    for phone in (ANN, BEN, NEW):
        swap(sandbox, phone)
    return one


def swap(sandbox: SandboxServer, number: str, *, hours_ago: int = 0) -> None:
    """Another SIM, now or a while ago."""
    now = datetime.fromisoformat(
        urllib3.request("GET", f"{sandbox.url}/api/v1/clock", timeout=60).json()["now"]
    )
    at = (now - timedelta(hours=hours_ago)).isoformat()
    answer = urllib3.request(
        "PUT",
        f"{sandbox.url}/api/v1/handsets/{number}?account={APPLICATION}",
        json={"sim_swapped_at": at},
        timeout=60,
    )
    assert answer.status == 200, answer.data


def code(sandbox: SandboxServer, number: str = ANN) -> str:
    """In the newest message."""
    found = urllib3.request("GET", f"{sandbox.url}/api/v1/messages?to={number}", timeout=60).json()[
        "messages"
    ]
    return str(found[0]["code"])


def mailed(mail: MailServer) -> str:
    """In the newest e-mail."""
    words = mail.box.messages[-1].get_content().split()
    return str(next(word for word in words if word.isdigit()))


def prove(web: FlaskClient, sandbox: SandboxServer, number: str = ANN, **wishes: Any) -> Any:
    """Ask for a code and type it, as a program; the answer."""
    asked = ask(web, number, **wishes)
    return web.post("/auth/verify", json=entry(asked, code(sandbox, number)))


def trail(app: Flask, number: str, kind: str = "") -> list[tuple[str, str, str]]:
    """What is found by the number."""
    found = app.extensions["phoneauth"].live.trail.search(phone=number, kind=kind)
    return [(one.kind, one.purpose, one.detail) for one in found]


def is_in(web: FlaskClient) -> bool:
    return bool(web.get("/auth/me").status_code == 200)


def test_program_is_let_in_by_both_codes(
    app: Flask, sandbox: SandboxServer, mail: MailServer
) -> None:
    program = app.test_client(use_cookies=False)
    asked = ask(program, ANN, next="/notes")
    answer = program.post("/auth/verify", json=entry(asked, code(sandbox)))
    assert answer.status_code == 202, answer.text
    assert "Set-Cookie" not in answer.headers
    second = answer.get_json()
    assert set(second) == set(asked)
    assert second["channel"] == "email"
    assert second["challenge_id"] != asked["challenge_id"]
    assert second["challenge_secret"] == asked["challenge_secret"]
    assert mail.box.recipients == [[ADDRESS]]
    assert mailed(mail) != code(sandbox)
    assert ADDRESS not in answer.text
    secret = {"PhoneAuth-Challenge-Secret": second["challenge_secret"]}
    status = program.get(f"/auth/challenges/{second['challenge_id']}", headers=secret).get_json()
    assert (status["status"], status["delivery"]) == ("pending", "sent")
    done = program.post("/auth/verify", json=entry(second, mailed(mail)))
    assert done.status_code == 200, done.text
    assert (done.json["user"]["phone"], done.json["next"]) == (ANN, "/notes")
    assert done.json["new_user"] is False


def test_pages_lead_from_one_code_to_the_other_without_a_script(
    web: FlaskClient, sandbox: SandboxServer, mail: MailServer
) -> None:
    page = start_form(web, ANN, next="/notes", remember="y")
    answer = type_code(web, page, code(sandbox))
    assert answer.status_code == 303
    assert not [one for one in answer.headers.getlist("Set-Cookie") if "device" in one]
    assert not is_in(web)
    second = web.get(answer.location, headers=BROWSER).text
    assert "The SIM card of" in second
    assert "Check your e-mail" in second
    assert 'name="channel" type="hidden" value="sms"' not in second
    assert "Send a text message instead" not in second
    wrong_one = type_code(web, second, wrong(mailed(mail)))
    assert (wrong_one.status_code, "4 tries left" in wrong_one.text) == (400, True)
    done = type_code(web, wrong_one.text, mailed(mail))
    assert (done.status_code, done.location) == (303, "/notes")
    assert any("remember_token=" in one for one in done.headers.getlist("Set-Cookie"))
    assert is_in(web)


@pytest.mark.parametrize("language", ["en", "de", "es", "fr", "pt", "ar"])
def test_page_and_email_speak_the_visitors_language(
    web: FlaskClient, sandbox: SandboxServer, mail: MailServer, language: str
) -> None:
    headers = {**BROWSER, "Accept-Language": language}
    start = web.get("/auth/login", headers=headers).text
    fields = {"csrf_token": token_on(start), "phone": ANN}
    at = web.post("/auth/login", data=fields, headers=headers).location
    page = web.get(at, headers=headers).text
    fields = {
        "csrf_token": token_on(page),
        "challenge_id": field_on(page, "challenge_id"),
        "code": code(sandbox),
    }
    at = web.post("/auth/verify", data=fields, headers=headers).location
    second = web.get(at, headers=headers).text
    body = mail.box.messages[-1].get_content()
    assert f'lang="{language}"' in second
    assert ("was changed a short while ago" in second) is (language == "en")
    assert ("was changed a short while ago" in " ".join(body.split())) is (language == "en")
    assert "{" not in body


def test_account_without_an_address_is_refused_alike_in_both_forms(
    app: Flask, web: FlaskClient, sandbox: SandboxServer, mail: MailServer
) -> None:
    told = problem(prove(web, sandbox, BEN), 403, "sim_changed")
    assert "240 hours" in told["detail"]
    assert "verified e-mail address" in told["detail"]
    browser = app.test_client()
    page = type_code(browser, start_form(browser, BEN), code(sandbox, BEN))
    assert page.status_code == 403
    assert "The SIM card was changed" in page.text
    assert "240 hours" in page.text
    assert "<form" not in page.text
    assert not is_in(web)
    assert not is_in(browser)
    assert mail.box.raw == []
    refused = trail(app, BEN, "refused")
    assert refused == [("refused", "login", "sim_changed")] * 2


def test_number_without_an_account_signs_up(web: FlaskClient, sandbox: SandboxServer) -> None:
    done = prove(web, sandbox, NEW)
    assert (done.status_code, done.json["new_user"]) == (200, True)


def test_account_that_is_younger_than_its_sim_is_opened_by_the_code_alone(
    web: FlaskClient, sandbox: SandboxServer
) -> None:
    swap(sandbox, BEN, hours_ago=3)
    assert prove(web, sandbox, BEN).status_code == 200


def test_operator_that_can_not_tell_keeps_nobody_out(
    web: FlaskClient, sandbox: SandboxServer
) -> None:
    rule = {"match": {"to": BEN, "body": SIMS}, "effect": {"type": "error", "status": 503}}
    assert (
        urllib3.request("POST", f"{sandbox.url}/api/v1/faults", json=rule, timeout=60).status == 201
    )
    assert prove(web, sandbox, BEN).status_code == 200


def test_second_code_is_worth_nothing_elsewhere(
    app: Flask, web: FlaskClient, sandbox: SandboxServer, mail: MailServer
) -> None:
    second = prove(web, sandbox).get_json()
    thief = app.test_client()
    stolen = {"challenge_id": second["challenge_id"], "code": mailed(mail)}
    refused = problem(thief.post("/auth/verify", json=stolen), 400, "invalid_code")
    assert "tries_left" not in refused
    bens = ask(thief, BEN)
    swapped = {**entry(bens, mailed(mail)), "challenge_id": second["challenge_id"]}
    problem(thief.post("/auth/verify", json=swapped), 400, "invalid_code")
    problem(thief.post("/auth/phone/verify", json=stolen), 401, "not_signed_in")
    assert not is_in(thief)
    done = web.post("/auth/verify", json=entry(second, mailed(mail)))
    assert done.status_code == 200, done.text
    again = web.post("/auth/verify", json=entry(second, mailed(mail)))
    problem(again, 410, "used")


def test_two_submits_at_once_make_one_email_and_one_session(
    app: Flask, sandbox: SandboxServer, mail: MailServer
) -> None:
    asked = ask(app.test_client(), ANN)
    sent = entry(asked, code(sandbox))
    gate = threading.Barrier(4)

    def submit(body: Any) -> Any:
        gate.wait()
        return app.test_client(use_cookies=False).post("/auth/verify", json=body)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(submit, [sent] * 4))
        told = Counter(one.status_code for one in answers)
        assert told[202] >= 1
        assert told[202] + told[410] + told[503] == 4
        assert len(mail.box.raw) == 1
        led = [one.get_json() for one in answers if one.status_code == 202]
        assert len({one["challenge_id"] for one in led}) == 1
        second = led[0]
        answers = list(pool.map(submit, [entry(second, mailed(mail))] * 4))
    assert Counter(one.status_code for one in answers)[200] == 1
    assert query(app, "select count(*) from phoneauth_sessions") == [(1,)]


def test_right_code_sent_twice_leads_to_the_same_page_and_sends_one_email(
    app: Flask, web: FlaskClient, sandbox: SandboxServer, mail: MailServer
) -> None:
    page = start_form(web, ANN, next="/notes")
    first = type_code(web, page, code(sandbox))
    again = type_code(web, page, code(sandbox))
    assert (again.status_code, again.location) == (303, first.location)
    challenge_id = field_on(page, "challenge_id")
    back = web.get(f"/auth/verify?challenge_id={challenge_id}", headers=BROWSER)
    assert (back.status_code, back.location) == (303, first.location)
    assert len(mail.box.raw) == 1
    thief = app.test_client()
    assert type_code(thief, page_of(thief, page), code(sandbox)).status_code == 400
    second = web.get(again.location, headers=BROWSER).text
    assert type_code(web, second, mailed(mail)).location == "/notes"
    web.delete("/auth/sessions/current")
    assert type_code(web, page_of(web, page), code(sandbox)).status_code == 410
    assert not is_in(web)


def page_of(web: FlaskClient, page: str) -> str:
    """The page as it is with the form token of another visit."""
    fresh = web.get("/auth/login", headers=BROWSER).text
    return page.replace(token_on(page), token_on(fresh))


def test_program_that_repeats_the_right_code_gets_the_same_challenge(
    web: FlaskClient, sandbox: SandboxServer, mail: MailServer
) -> None:
    asked = ask(web, ANN)
    sent = entry(asked, code(sandbox))
    first = web.post("/auth/verify", json=sent).get_json()
    refused = web.post("/auth/verify", json=entry(first, wrong(mailed(mail))))
    assert problem(refused, 400, "invalid_code")["tries_left"] == 4
    again = web.post("/auth/verify", json=sent)
    assert again.status_code == 202, again.text
    assert again.json["resend_in"] <= first["resend_in"]
    told = ("challenge_id", "masked_phone", "reference", "channel", "code_length")
    assert [again.json[name] for name in told] == [first[name] for name in told]
    assert len(mail.box.raw) == 1
    refused = web.post("/auth/verify", json=entry(again.json, wrong(mailed(mail))))
    assert problem(refused, 400, "invalid_code")["tries_left"] == 3


class Waiting:
    """An operator that has been asked, and answers when it is told to."""

    def __init__(self, operator: Any) -> None:
        self._operator = operator
        self.asked, self.go_on = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._operator, name)

    def sim_changed(self, phone: str, hours: int) -> bool:
        """Late."""
        self.asked.set()
        assert self.go_on.wait(60)
        return bool(self._operator.sim_changed(phone, hours))


def test_second_click_while_the_operator_is_asked_looks_where_the_first_one_leads(
    app: Flask, web: FlaskClient, sandbox: SandboxServer, mail: MailServer
) -> None:
    state = app.extensions["phoneauth"]
    operator = Waiting(state.live.parts.operator)
    state._live = replace(state.live, parts=replace(state.live.parts, operator=operator))
    page = start_form(web, ANN)
    where = f"/auth/verify?challenge_id={field_on(page, 'challenge_id')}"
    jar = [web.get_cookie("session"), web.get_cookie("phoneauth_binding")]
    second = app.test_client()
    for cookie in filter(None, jar):
        second.set_cookie(cookie.key, cookie.value, path=cookie.path)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(type_code, web, page, code(sandbox))
        try:
            assert operator.asked.wait(60)
            clicked = type_code(second, page, code(sandbox))
            looked = second.get(where, headers=BROWSER)
        finally:
            operator.go_on.set()
        led = first.result(60)
    for waiting in (clicked, looked):
        assert waiting.status_code == 200
        assert f'http-equiv="refresh" content="2; url={where}"' in waiting.text
    assert second.get(where, headers=BROWSER).location == led.location
    assert len(mail.box.raw) == 1


def test_mail_server_that_refuses_is_told_on_the_page(
    web: FlaskClient, sandbox: SandboxServer, mail: MailServer
) -> None:
    mail.box.answers["DATA"] = "451 later"
    answer = type_code(web, start_form(web, ANN), code(sandbox))
    page = web.get(answer.location, headers=BROWSER).text
    assert 'data-state="failed"' in page
    assert "The e-mail could not be sent." in page


def test_trail_tells_of_both_codes_and_of_the_session(
    app: Flask, web: FlaskClient, sandbox: SandboxServer, mail: MailServer
) -> None:
    second = prove(web, sandbox).get_json()
    assert web.post("/auth/verify", json=entry(second, mailed(mail))).status_code == 200
    assert trail(app, ANN) == [
        ("asked", "login", ""),
        ("sent", "login", "sandbox"),
        ("asked", "step_up", "email"),
        ("sent", "step_up", "email"),
        ("signed_in", "", ""),
    ]


def test_nothing_of_it_reaches_the_log(
    web: FlaskClient, sandbox: SandboxServer, mail: MailServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "flask_phoneauth")
    second = prove(web, sandbox).get_json()
    web.post("/auth/verify", json=entry(second, mailed(mail)))
    for secret in (mailed(mail), code(sandbox), ADDRESS, ANN):
        assert secret not in caplog.text


def walk(url: str) -> str:
    """The device goes from redirect to redirect, up to the app's own address."""
    while not url.startswith("http://localhost/auth/silent/callback"):
        answer = urllib3.request("GET", url, redirect=False, retries=False, timeout=30)
        assert answer.status == 302, answer.data
        url = answer.headers["Location"]
    return url.removeprefix("http://localhost")


def silently(web: FlaskClient, number: str, headers: dict[str, str]) -> Any:
    url = web.post("/auth/silent", json={"phone": number}).get_json()["url"]
    return web.get(walk(url), headers=headers)


def test_login_without_a_code_takes_the_second_one(
    app: Flask, web: FlaskClient, mail: MailServer
) -> None:
    answer = silently(web, ANN, JSON)
    assert (answer.status_code, answer.json["channel"]) == (202, "email")
    assert not is_in(web)
    done = web.post("/auth/verify", json=entry(answer.json, mailed(mail)))
    assert done.status_code == 200, done.text
    assert is_in(web)
    problem(silently(app.test_client(), BEN, JSON), 403, "sim_changed")
    page = silently(app.test_client(), BEN, BROWSER)
    assert (page.status_code, "The SIM card was changed" in page.text) == (403, True)


def test_browser_that_the_network_knows_is_led_to_the_page_of_the_second_code(
    web: FlaskClient, mail: MailServer
) -> None:
    answer = silently(web, ANN, BROWSER)
    assert answer.status_code == 303
    page = web.get(answer.location, headers=BROWSER).text
    assert type_code(web, page, mailed(mail)).status_code == 303
    assert is_in(web)


@pytest.mark.parametrize("number", [ANN, NEW])
def test_network_signs_no_new_sim_in_where_codes_are_refused(
    make: Make, sandbox: SandboxServer, number: str
) -> None:
    app = make(sim_swap="refuse")
    app.extensions["phoneauth"].live.parts.users.create(ANN)
    swap(sandbox, number)
    problem(silently(app.test_client(), number, JSON), 403, "sim_changed")
    other = silently(app.test_client(), BEN, JSON)
    assert other.status_code == 200


@pytest.mark.parametrize("verifier", ["twilio_verify", "vonage_verify"])
def test_code_that_a_vendor_made_takes_a_second_one_of_ours(
    app: Flask, make: Make, sandbox: SandboxServer, mail: MailServer, verifier: str
) -> None:
    web = make(verifier=verifier).test_client()
    answer = prove(web, sandbox)
    assert (answer.status_code, answer.json["channel"]) == (202, "email")
    again = web.post("/auth/verify", json=entry(answer.json, wrong(mailed(mail))))
    assert problem(again, 400, "invalid_code")["tries_left"] == 4
    done = web.post("/auth/verify", json=entry(answer.json, mailed(mail)))
    assert done.status_code == 200, done.text


def test_python_calls_hand_out_the_second_request(
    app: Flask, sandbox: SandboxServer, mail: MailServer
) -> None:
    auth = PhoneAuth()
    with app.test_request_context():
        asked = auth.request_code(ANN)
        second = auth.submit_code(asked.asked.challenge_id, asked.challenge_secret, code(sandbox))
        assert isinstance(second, CodeRequest)
        done = auth.submit_code(
            second.asked.challenge_id, second.challenge_secret, mailed(mail), address="192.0.2.1"
        )
        assert not isinstance(done, CodeRequest)
        assert done.user.phone == ANN


def test_python_calls_hand_out_the_same_second_request_to_who_repeats_the_first_code(
    app: Flask, sandbox: SandboxServer, mail: MailServer
) -> None:
    auth = PhoneAuth()
    with app.test_request_context():
        asked = auth.request_code(ANN)
        given = (asked.asked.challenge_id, asked.challenge_secret, code(sandbox))
        second, again = auth.submit_code(*given), auth.submit_code(*given)
        assert isinstance(second, CodeRequest)
        assert isinstance(again, CodeRequest)
        assert again.asked.challenge_id == second.asked.challenge_id
        assert again.challenge_secret == second.challenge_secret
        assert len(mail.box.raw) == 1
        last = (second.asked.challenge_id, second.challenge_secret, mailed(mail))
        auth.submit_code(*last)
        for spent in (given, last):
            with pytest.raises(Used):
                auth.submit_code(*spent)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"operator": ""}, "PHONEAUTH_OPERATOR, whom it asks: set it to"),
        ({"channels": ["sms"]}, "add it to PHONEAUTH_CHANNELS"),
        ({"sim_swap": "stepup"}, "must be one of allow, step_up, refuse"),
        ({"email_host": ""}, "PHONEAUTH_EMAIL_HOST"),
    ],
)
def test_settings_that_can_not_be_are_named_with_their_cure(
    make: Make, settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(SettingError, match=told):
        make(**settings)


def explained(app: Flask, number: str) -> tuple[int, Any]:
    done = app.test_cli_runner().invoke(args=["phoneauth", "explain", "--json", number])
    return done.exit_code, json.loads(done.stdout)


def test_explain_tells_of_the_sim_and_of_what_it_takes(
    app: Flask, make: Make, sandbox: SandboxServer, mail: MailServer
) -> None:
    for number, second in ((ANN, "email"), (BEN, "missing"), (NEW, "")):
        exit_code, found = explained(app, number)
        assert (exit_code, found["sim"], found["second"]) == (0, "changed", second)
    said = app.test_cli_runner().invoke(args=["phoneauth", "explain", BEN]).stdout
    assert "SIM        changed; the account has no verified address, and is not opened" in said
    exit_code, found = explained(make(sim_swap="refuse"), ANN)
    assert (exit_code, found["sim"], found["second"]) == (1, "changed", "")
    assert "PHONEAUTH_SIM_SWAP is 'refuse'" in found["hindrances"][0]
    assert explained(make(sim_swap="allow"), ANN)[1]["sim"] == ""
    assert explained(app, "+447400123459")[1]["sim"] == "unchanged"
    assert mail.box.raw == []


def test_doctor_says_what_becomes_of_new_sims(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def doctor(one: Flask) -> str:
        return one.test_cli_runner().invoke(args=["phoneauth", "doctor"]).output

    assert "changed in the last 240 hours: the account takes a code by e-mail too" in doctor(make())
    monkeypatch.delattr(Accounts, "email_of")
    assert "the user store has no method email_of" in doctor(make())

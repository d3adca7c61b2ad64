"""Nobody learns by asking, typing or waiting whether a number has an account, or is blocked.

Three numbers go the same way through the pages or the JSON: one that has signed in before, one
that nobody has, one whose user is blocked. Every answer, and the work before it, must be the same
(RULES 28 and 36).
"""

from __future__ import annotations

import hmac
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import unified_diff
from typing import Any

import pytest
from mail_server import mail_server
from sqlalchemy import Engine, event
from web_steps import BROWSER, ask, entry, field_on, token_on

from flask_phoneauth.flows import parts as flows_parts
from flask_phoneauth.users.accounts import Accounts

KNOWN, UNKNOWN, BLOCKED = "+447400123456", "+447400123457", "+447400123458"
NUMBERS = (KNOWN, UNKNOWN, BLOCKED)
WRONG = "000000"
DAY = 86400
PAST_COOLDOWN = 40
"""Seconds after which a resend is sent; the jitter is at most a tenth of thirty."""
_OWN = (
    (re.compile(r"[a-z2-7]{16}(\.|%2E)[A-Za-z0-9_-]{22}"), "<challenge>"),
    (re.compile(r'(?<="challenge_secret":")[A-Za-z0-9_-]{43}'), "<secret>"),
    (re.compile(r'(?<="reference":")[A-Z]{2}'), "<reference>"),
    (re.compile(r'(?<=phoneauth-reference">)[A-Z]{2}(?=<)'), "<reference>"),
    (re.compile("(?:\N{BULLET}|\\\\u2022){2}345[5678]"), "<digits>"),
    (re.compile(r"[\w-]+\.[\w-]{6}\.[\w-]{27}"), "<token>"),
)
"""What is an answer's own: fixed lengths, so that no length tells anything either."""


@dataclass
class Witness:
    """What the request's own thread asks of stores, users, hashes and SQL, in its order."""

    seen: list[str] = field(default_factory=list)
    thread: int = 0

    def tell(self, what: str) -> None:
        if threading.get_ident() == self.thread and (not self.seen or self.seen[-1] != what):
            self.seen.append(what)  # once for a loop: how often chance makes it run tells nothing

    def wrap(self, part: Any, name: str) -> Any:
        return _Watched(part, name, self)


class _Watched:
    """A part whose every call is told to the witness."""

    def __init__(self, part: Any, name: str, witness: Witness) -> None:
        self._part, self._name, self._witness = part, name, witness

    def __getattr__(self, verb: str) -> Any:
        found = getattr(self._part, verb)
        if not callable(found):
            return found

        def call(*args: Any, **options: Any) -> Any:
            self._witness.tell(f"{self._name}.{verb}")
            return found(*args, **options)

        return call


@contextmanager
def watching(app: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Witness]:
    """The app with its store, users and providers watched, and all hashes and statements."""
    witness = Witness()
    state = app.extensions["phoneauth"]
    live = state.live
    watched = replace(
        live.parts,
        challenges=witness.wrap(live.parts.challenges, "store"),
        users=witness.wrap(live.parts.users, "users"),
        delivery=witness.wrap(live.parts.delivery, "delivery"),
        dispatch=witness.wrap(live.parts.dispatch, "dispatch"),
    )
    state._live = replace(live, parts=watched)
    live.parts.challenges._swept_at = 2.0**40
    plain = hmac.digest

    def digest(*args: Any) -> bytes:
        witness.tell("hash")
        return plain(*args)

    def sent(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        words = statement.split()
        table = next(word for word in words if word.startswith("phoneauth_"))
        witness.tell(f"{words[0]} {table.partition('.')[0]}")

    monkeypatch.setattr(hmac, "digest", digest)
    event.listen(Engine, "before_cursor_execute", sent)
    try:
        yield witness
    finally:
        event.remove(Engine, "before_cursor_execute", sent)


@dataclass
class Told:
    """One answer as an outsider sees it, and the work before it."""

    step: str
    status: int
    headers: list[tuple[str, str]]
    body: str
    work: list[str]


class Visitor:
    """One stranger who tries a number out, in a browser or with a program."""

    def __init__(
        self, app: Any, phone: str, witness: Witness, *, html: bool, channel: str = "sms"
    ) -> None:
        self.app, self.phone, self.witness, self.html = app, phone, witness, html
        self.wish = {"phone": phone, "channel": channel}
        self.client = app.test_client(use_cookies=html)
        self.told: list[Told] = []
        self.page = ""
        self.held: dict[str, str] = {}

    def go(self, step: str, call: Callable[[], Any]) -> Any:
        self.witness.seen, self.witness.thread = [], threading.get_ident()
        answer = call()
        work, self.witness.thread = self.witness.seen, 0
        headers = [(name, own(value)) for name, value in answer.headers if name not in LENGTHS]
        self.told.append(Told(step, answer.status_code, headers, own(answer.text), work))
        assert self.app.extensions["phoneauth"].live.parts.dispatch.drain(15)
        return answer

    def ask(self) -> None:
        if self.html:
            start = self.client.get("/auth/login", headers=BROWSER).text
            fields = {"csrf_token": token_on(start), **self.wish}
            answer = self.go("ask", lambda: self._post("/auth/login", fields))
            self.page = self.go("code page", lambda: self._get(answer.location)).text
            self.held = {"challenge_id": field_on(self.page, "challenge_id")}
            return
        body = self.wish
        answer = self.go("ask", lambda: self.client.post("/auth/login", json=body)).get_json()
        self.held = {name: answer[name] for name in ("challenge_id", "challenge_secret")}

    def send(self, step: str, path: str, **fields: str) -> None:
        if self.html:
            sent = {"csrf_token": token_on(self.page), **self.held, **fields}
            self.go(step, lambda: self._post(path, sent))
        else:
            self.go(step, lambda: self.client.post(path, json={**self.held, **fields}))

    def move(self, step: str, path: str, **fields: str) -> None:
        """As `send`, where the answer may name another challenge."""
        if self.html:
            sent = {"csrf_token": token_on(self.page), **self.held, **fields}
            answer = self.go(step, lambda: self._post(path, sent))
            self.page = self.go(f"{step}, page", lambda: self._get(answer.location)).text
            self.held = {"challenge_id": field_on(self.page, "challenge_id")}
            return
        sent = {**self.held, **fields}
        answer = self.go(step, lambda: self.client.post(path, json=sent)).get_json()
        self.held["challenge_id"] = answer["challenge_id"]

    def look(self, step: str) -> None:
        path = f"/auth/challenges/{self.held['challenge_id']}"
        secret = self.held.get("challenge_secret", "")
        headers = BROWSER if self.html else {"PhoneAuth-Challenge-Secret": secret}
        self.go(step, lambda: self.client.get(path, headers=headers))
        if self.html:
            page = f"/auth/verify?challenge_id={self.held['challenge_id']}"
            self.go(f"{step}, page", lambda: self._get(page))

    def _get(self, path: str) -> Any:
        return self.client.get(path, headers=BROWSER)

    def _post(self, path: str, data: dict[str, str]) -> Any:
        return self.client.post(path, data=data, headers=BROWSER)


LENGTHS = ("Content-Length", "Date")


def own(text: str) -> str:
    """The text with what is an answer's own taken out."""
    for pattern, stand_in in _OWN:
        text = pattern.sub(stand_in, text)
    return re.sub(r"(phoneauth_\w+|session|Expires)=[^;]+", r"\1=<value>", text)


def the_same_for_all(visitors: list[Visitor]) -> None:
    known = visitors[0]
    for other in visitors[1:]:
        assert [one.step for one in other.told] == [one.step for one in known.told]
        for mine, theirs in zip(known.told, other.told, strict=True):
            changes = unified_diff(mine.body.splitlines(), theirs.body.splitlines(), n=0)
            assert theirs == mine, f"{mine.step} of {other.phone}: {list(changes)}"


@pytest.fixture
def prepared(make_app, phoneauth_code, phoneauth_clock, monkeypatch):
    """`prepared(SIGNUP=False)`: an app where two have signed in, one of whom is blocked now.

    The clock stands, and no chance is added to waits: what differs then, differs by the number.
    """
    phoneauth_clock.freeze()
    monkeypatch.setattr(flows_parts, "MAX_JITTER", 0)

    def prepare(**settings):
        app = make_app(DISPATCH="thread", ADDRESS_ASKS_PER_HOUR=100, **settings)
        command = app.test_cli_runner()
        for phone in (KNOWN, BLOCKED):
            command.invoke(args=["phoneauth", "users", "create", phone])
            client = app.test_client()
            asked = ask(client, phone)
            assert app.extensions["phoneauth"].live.parts.dispatch.drain(15)
            done = client.post("/auth/verify", json=entry(asked, phoneauth_code(phone)))
            assert done.status_code == 200, done.text
        command.invoke(args=["phoneauth", "users", "block", BLOCKED])
        phoneauth_clock.advance(2 * DAY)
        return app

    return prepare


@pytest.mark.parametrize("html", [True, False], ids=["pages", "json"])
@pytest.mark.parametrize("signup", [True, False], ids=["sign-up", "no sign-up"])
def test_known_unknown_and_blocked_numbers_get_the_same_answers_after_the_same_work(
    prepared, phoneauth_clock, monkeypatch, signup, html
):
    app = prepared(SIGNUP=signup)
    with watching(app, monkeypatch) as witness:
        visitors = [Visitor(app, phone, witness, html=html) for phone in NUMBERS]
        for visitor in visitors:
            visitor.ask()
        for visitor in visitors:
            visitor.look("status")
            visitor.send("try", "/auth/verify", code=WRONG)
            visitor.send("no code", "/auth/verify", code="12")
            visitor.send("early resend", "/auth/resend")
        phoneauth_clock.advance(PAST_COOLDOWN)
        for visitor in visitors:
            visitor.send("resend", "/auth/resend")
            visitor.look("status after it")
            for _ in range(5):
                visitor.send("further try", "/auth/verify", code=WRONG)
            visitor.look("status at the end")
        the_same_for_all(visitors)
    statuses = {(one.step, one.status) for one in visitors[0].told}
    code_page = 303 if html else 202
    assert {("ask", code_page), ("resend", code_page), ("further try", 410)} <= statuses
    asked = visitors[0].told[0].work
    assert "store.issue" in asked
    assert "hash" in asked
    assert "dispatch.submit" in asked
    work = [step for one in visitors[0].told for step in one.work]
    assert not [step for step in work if step.startswith(("users.", "delivery."))]
    assert not [step for step in work if "phoneauth_users" in step]


ADDRESSLESS = "+447400123455"


def email_of(_: Accounts, user: Any) -> str | None:
    """What our own accounts do not know."""
    return "ann@example.com" if user.phone in (KNOWN, BLOCKED) else None


@pytest.mark.parametrize("html", [True, False], ids=["pages", "json"])
@pytest.mark.parametrize("begin", ["email", "sms"])
def test_nobody_learns_by_email_who_has_an_account_or_an_address(
    prepared, phoneauth_clock, monkeypatch, html, begin
):
    monkeypatch.setattr(Accounts, "email_of", email_of, raising=False)
    with mail_server() as mail:
        app = prepared(
            CHANNELS=["sms", "email"],
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=mail.port,
            EMAIL_SECURITY="none",
            EMAIL_FROM="login@notes.example",
        )
        app.extensions["phoneauth"].live.parts.users.create(ADDRESSLESS)
        with watching(app, monkeypatch) as witness:
            visitors = [
                Visitor(app, phone, witness, html=html, channel=begin)
                for phone in (KNOWN, ADDRESSLESS, UNKNOWN, BLOCKED)
            ]
            for visitor in visitors:
                visitor.ask()
            phoneauth_clock.advance(PAST_COOLDOWN)
            for visitor in visitors:
                visitor.move("to e-mail", "/auth/resend", channel="email")
                visitor.look("status")
                visitor.send("try", "/auth/verify", code=WRONG)
                visitor.send("early resend", "/auth/resend")
            phoneauth_clock.advance(31)
            for visitor in visitors:
                visitor.look("status after half a minute")
            the_same_for_all(visitors)
        work = [step for one in visitors[0].told for step in one.work]
        assert not [step for step in work if step.startswith(("users.", "delivery."))]
        assert {tuple(one) for one in mail.box.recipients} == {("ann@example.com",)}
        assert len(mail.box.raw) == (2 if begin == "email" else 1)


@pytest.mark.parametrize("html", [True, False], ids=["pages", "json"])
@pytest.mark.parametrize("signup", [True, False], ids=["sign-up", "no sign-up"])
def test_nobody_learns_who_would_take_a_second_code_before_the_number_is_proven(
    prepared, phoneauth_clock, monkeypatch, html, signup
):
    monkeypatch.setattr(Accounts, "email_of", email_of, raising=False)
    with mail_server() as mail:
        app = prepared(
            SIGNUP=signup,
            SIM_SWAP="step_up",
            OPERATOR="camara",
            SANDBOX_URL="http://127.0.0.1:9",  # nobody is there
            PROVIDERS=["console"],
            CHANNELS=["sms", "email"],
            EMAIL_HOST="127.0.0.1",
            EMAIL_PORT=mail.port,
            EMAIL_SECURITY="none",
            EMAIL_FROM="login@notes.example",
        )
        live = app.extensions["phoneauth"].live
        live.parts.users.create(ADDRESSLESS)
        asked = []
        monkeypatch.setattr(live.parts.operator, "sim_changed", lambda *given: asked.append(given))
        with watching(app, monkeypatch) as witness:
            visitors = [
                Visitor(app, phone, witness, html=html)
                for phone in (KNOWN, ADDRESSLESS, UNKNOWN, BLOCKED)
            ]
            for visitor in visitors:
                visitor.ask()
            for visitor in visitors:
                visitor.look("status")
                visitor.send("try", "/auth/verify", code=WRONG)
                visitor.send("early resend", "/auth/resend")
            phoneauth_clock.advance(PAST_COOLDOWN)
            for visitor in visitors:
                visitor.send("resend", "/auth/resend")
                visitor.look("status after it")
                for _ in range(5):
                    visitor.send("further try", "/auth/verify", code=WRONG)
                visitor.look("status at the end")
            the_same_for_all(visitors)
        assert asked == [], "the operator is asked once the code is right"
        assert mail.box.raw == []


def test_with_sign_up_off_time_tells_nothing_either(prepared, phoneauth_clock, monkeypatch):
    app = prepared(SIGNUP=False)
    with watching(app, monkeypatch) as witness:
        visitors = [Visitor(app, phone, witness, html=False) for phone in NUMBERS]
        for visitor in visitors:
            visitor.ask()
        for seconds in (10, 15, 10, 200, 100, 700):
            phoneauth_clock.advance(seconds)
            for visitor in visitors:
                visitor.look(f"{seconds} s later")
        the_same_for_all(visitors)
    deliveries = [re.findall(r'"delivery":"(\w+)"', one.body) for one in visitors[0].told[1:]]
    assert deliveries[:3] == [["sent"], ["sent"], ["failed"]]


def test_the_witness_sees_a_look_up_of_the_user_before_the_answer(prepared, monkeypatch):
    app = prepared()
    with watching(app, monkeypatch) as witness:
        parts = app.extensions["phoneauth"].live.parts
        witness.thread = threading.get_ident()
        parts.users.by_phone(KNOWN)
    assert witness.seen == ["users.by_phone", "SELECT phoneauth_users"]

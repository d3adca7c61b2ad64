"""Channels at the app's own doors: settings, pages, JSON, commands, the trail and the counts."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from mail_server import MailServer, mail_server
from scripted_server import ScriptedServer, answer
from sqlalchemy import DateTime, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from twilio.request_validator import RequestValidator
from web_steps import BROWSER, PHONE, ask, entry, field_on, post_form, problem, start_form

from flask_phoneauth import PhoneAuth, PhoneUserMixin
from flask_phoneauth.audit.entries import entry_of
from flask_phoneauth.events import CodeAsked, CodeFailed, CodeSent
from flask_phoneauth.otp.keys import Keyring
from flask_phoneauth.settings import SettingError, Settings
from flask_phoneauth.telemetry.labels import labels_of
from flask_phoneauth.users.callables import CallableUsers
from flask_phoneauth.users.sqlalchemy import SQLAlchemyUsers

TOKEN = "a-token-of-the-account"
PUBLIC = "https://notes.example/app"
CALL = answer(201, {"sid": "CA" + "b" * 32, "status": "queued"})


class Base(DeclarativeBase):
    """What the models below share."""


db = SQLAlchemy(model_class=Base)


class User(PhoneUserMixin, db.Model):
    """A user with an address."""

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(String(254))
    email_verified_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Plain(PhoneUserMixin, db.Model):
    """A user without one."""

    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture
def twilio() -> Iterator[ScriptedServer]:
    with ScriptedServer(CALL) as server:
        yield server


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def settings(twilio: ScriptedServer, mail: MailServer) -> dict[str, Any]:
    """Of an app with every channel."""
    return {
        "CHANNELS": ["sms", "voice", "email"],
        "PROVIDERS": ["console", "twilio"],
        "SANDBOX_URL": twilio.url,
        "PUBLIC_URL": PUBLIC,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": "+15017122661",
        **mailing(mail),
    }


def mailing(mail: MailServer) -> dict[str, Any]:
    return {
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": mail.port,
        "EMAIL_SECURITY": "none",
        "EMAIL_FROM": "login@notes.example",
    }


@pytest.fixture
def app(tmp_path: Any, settings: dict[str, Any]) -> Iterator[Flask]:
    """An app whose users may have addresses."""
    made = Flask("notes", instance_path=str(tmp_path))
    made.config.update(TESTING=True, SECRET_KEY="a secret of the tests, long enough")
    made.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/users.sqlite3"
    made.config.update({f"PHONEAUTH_{name}": value for name, value in settings.items()})
    db.init_app(made)
    auth = PhoneAuth(made, users=User)
    with made.app_context():
        db.create_all()
        user = User(phone=PHONE, phone_verified_at=datetime.now(UTC), email="ann@example.com")
        user.email_verified_at = datetime.now(UTC)
        db.session.add(user)
        db.session.commit()
    yield made
    auth.close(made)
    with made.app_context():
        db.engine.dispose()


class TestSettings:
    @pytest.mark.parametrize(
        ("keys", "told"),
        [
            ({"CHANNELS": ["voice"]}, "PHONEAUTH_CHANNELS must hold 'sms'"),
            ({"CHANNELS": []}, "PHONEAUTH_CHANNELS must hold 'sms'"),
            ({"CHANNELS": ["sms", "fax"]}, "PHONEAUTH_CHANNELS names 'fax'"),
            ({"CHANNELS": ["sms", "email"]}, "PHONEAUTH_EMAIL_HOST is missing"),
            (
                {"CHANNELS": ["sms", "email"], "EMAIL_HOST": "smtp.example.com"},
                "PHONEAUTH_EMAIL_FROM is missing",
            ),
            ({"EMAIL_FROM": "Notes <login@example.com>"}, "PHONEAUTH_EMAIL_FROM must be"),
            ({"EMAIL_FROM": "login@example.com\nBcc: eve@example.com"}, "PHONEAUTH_EMAIL_FROM"),
            ({"EMAIL_FROM": 'a"b@example.com'}, "PHONEAUTH_EMAIL_FROM must be"),
            ({"EMAIL_HOST": "smtp://example.com/x"}, "PHONEAUTH_EMAIL_HOST must be a host name"),
            ({"EMAIL_SECURITY": "ssl"}, "PHONEAUTH_EMAIL_SECURITY must be one of starttls"),
            ({"EMAIL_USERNAME": "notes"}, "PHONEAUTH_EMAIL_PASSWORD go together"),
            ({"EMAIL_PASSWORD": "secret"}, "PHONEAUTH_EMAIL_PASSWORD go together"),
            ({"EMAIL_PORT": 0}, "PHONEAUTH_EMAIL_PORT must be"),
            ({"EMAIL_PORT": 70000}, "PHONEAUTH_EMAIL_PORT must be"),
        ],
    )
    def test_what_cannot_be_is_refused_with_its_key(self, keys: dict[str, Any], told: str) -> None:
        with pytest.raises(SettingError, match=told):
            Settings.from_config({f"PHONEAUTH_{name}": value for name, value in keys.items()})

    def test_messages_alone_are_the_default(self) -> None:
        assert Settings().channels == ("sms",)

    def test_what_cannot_be_offered_is_said_at_start_and_not_shown(
        self, make_app: Callable[..., Flask], mail: MailServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING, "flask_phoneauth"):
            app = make_app(CHANNELS=["sms", "voice", "email"], **mailing(mail))
            page = start_form(app.test_client())
        assert "PHONEAUTH_CHANNELS holds 'voice', but no provider can call" in caplog.text
        assert "PHONEAUTH_CHANNELS holds 'email', but the user store" in caplog.text
        assert "instead" not in page
        refused = app.test_client().post("/auth/login", json={"phone": PHONE, "channel": "voice"})
        told = problem(refused, 400, "invalid_request")
        assert told["errors"][0]["pointer"] == "/channel"
        assert "Choose one of: sms." in told["detail"]

    @pytest.mark.parametrize(
        "changes",
        [
            {"PUBLIC_URL": ""},
            {"TWILIO_AUTH_TOKEN": ""},
            {"TWILIO_FROM": "Notes"},
            {"TWILIO_FROM": "", "TWILIO_MESSAGING_SERVICE_SID": "MG" + "a" * 32},
        ],
    )
    def test_twilio_calls_only_with_all_that_a_call_needs(
        self, make_app: Callable[..., Flask], settings: dict[str, Any], changes: dict[str, str]
    ) -> None:
        app = make_app(**{**settings, "CHANNELS": ["sms", "voice"], **changes})
        refused = app.test_client().post("/auth/login", json={"phone": PHONE, "channel": "voice"})
        assert "Choose one of: sms." in problem(refused, 400, "invalid_request")["detail"]


class TestDoctor:
    @staticmethod
    def told(app: Flask, *words: str) -> list[tuple[str, str, str]]:
        done = app.test_cli_runner().invoke(args=["phoneauth", "doctor", "--json", *words])
        found = [json.loads(line) for line in done.stdout.splitlines()]
        about = ("channels", "e-mail")
        return [(f["level"], f["about"], f["text"]) for f in found if f["about"] in about]

    def test_it_asks_the_mail_server(self, app: Flask, mail: MailServer) -> None:
        found = self.told(app)
        assert found == [
            ("ok", "channels", "sms, voice, email are offered"),
            ("ok", "e-mail", "the server answers, and takes our credentials"),
        ]
        assert mail.box.raw == []

    def test_in_production_it_warns_of_codes_in_the_clear(self, app: Flask) -> None:
        hints = [text for level, _, text in self.told(app, "--production") if level == "hint"]
        assert hints == [
            "codes travel in the clear: set PHONEAUTH_EMAIL_SECURITY to 'starttls' or 'tls'"
        ]

    def test_it_names_what_is_missing(
        self, make_app: Callable[..., Flask], settings: dict[str, Any]
    ) -> None:
        app = make_app(**{**settings, "TWILIO_FROM": "Notes", "EMAIL_PORT": 1})
        calls, mails, server = self.told(app)
        assert (calls[0], mails[0], server[0]) == ("fault", "fault", "fault")
        assert "PHONEAUTH_TWILIO_FROM" in calls[2]
        assert "email_of(user)" in mails[2]
        assert "PHONEAUTH_EMAIL_HOST" in server[2]

    def test_it_is_silent_where_nobody_wants_them(self, make_app: Callable[..., Flask]) -> None:
        assert self.told(make_app()) == []


class TestPages:
    def test_the_code_page_offers_the_other_channels_as_plain_forms(
        self, app: Flask, phoneauth_clock: Any
    ) -> None:
        client = app.test_client()
        page = start_form(client)
        assert [label in page for label in ("Call me instead", "Send an e-mail instead")] == [
            True,
            True,
        ]
        assert page.count('data-phoneauth="resend"') == 3
        phoneauth_clock.advance(40)
        held = field_on(page, "challenge_id")
        moved = post_form(client, "/auth/resend", page, challenge_id=held, channel="voice")
        assert moved.status_code == 303
        page = client.get(moved.location, headers=BROWSER).text
        assert "Press 1, and enter the 6-digit code that you hear." in page
        assert "Call me again" in page
        assert "Send a text message instead" in page
        assert "Look for the letters" not in page

    def test_moving_to_email_leads_to_the_page_of_the_new_challenge(
        self, app: Flask, mail: MailServer, phoneauth_clock: Any
    ) -> None:
        client = app.test_client()
        page = start_form(client, next="/mine", remember="y")
        held = field_on(page, "challenge_id")
        phoneauth_clock.advance(40)
        moved = post_form(client, "/auth/resend", page, challenge_id=held, channel="email")
        assert held not in moved.location
        page = client.get(moved.location, headers=BROWSER).text
        assert "Check your e-mail" in page
        assert "ann@example.com" not in page
        assert "If the account of" in page
        (message,) = mail.box.messages
        fields = {"challenge_id": field_on(page, "challenge_id"), "code": message.get_content()[:6]}
        let_in = post_form(client, "/auth/verify", page, **fields)
        assert (let_in.status_code, let_in.location) == (303, "/mine")
        assert "phoneauth_device" not in str(let_in.headers)  # no number was proven
        assert client.get("/auth/me").get_json()["user"]["phone"] == PHONE

    def test_a_change_of_number_offers_no_email(self, app: Flask, mail: MailServer) -> None:
        client = app.test_client()
        asked = ask(client, channel="email")
        code = mail.box.messages[0].get_content()[:6]
        assert client.post("/auth/verify", json=entry(asked, code)).status_code == 200
        new = {"phone": "+447400123457", "channel": "email"}
        told = problem(client.post("/auth/phone", json=new), 400, "invalid_request")
        assert "Choose one of: sms, voice." in told["detail"]
        asked = client.post("/auth/phone", json={**new, "channel": "sms"})
        page = client.get(f"/auth/verify?challenge_id={asked.get_json()['challenge_id']}").text
        assert "Send an e-mail instead" not in page


def test_the_document_names_the_channels_of_this_app(app: Flask) -> None:
    document = app.test_client().get("/auth/openapi.json").get_json()
    shapes = document["components"]["schemas"]
    named = {name: shapes[name]["properties"]["channel"]["enum"] for name in ("Login", "Phone")}
    assert named == {
        "Login": ["sms", "voice", "email", None],
        "Phone": ["sms", "voice", None],
    }
    answer = document["paths"]["/auth/voice/{provider}/{delivery}"]["post"]["responses"]["200"]
    assert list(answer["content"]) == ["text/xml"]


class TestVoiceRoute:
    @pytest.fixture
    def url(self, app: Flask, twilio: ScriptedServer) -> str:
        """Where the call that was just asked for leads."""
        ask(app.test_client(), channel="voice")
        url: str = twilio.requests[-1].form["Url"]
        assert url.startswith(f"{PUBLIC}/auth/voice/twilio/")
        return url

    @staticmethod
    def post(app: Flask, url: str, *, signed: str = "", **fields: str) -> Any:
        data = {"CallSid": "CA" + "b" * 32, "CallStatus": "in-progress", **fields}
        signature = RequestValidator(TOKEN).compute_signature(signed or url, data)
        path = url.removeprefix("https://notes.example/app")
        return app.test_client().post(path, data=data, headers={"X-Twilio-Signature": signature})

    def test_the_call_asks_for_what_it_needs(self, url: str, twilio: ScriptedServer) -> None:
        form = twilio.requests[-1].form
        assert (form["To"], form["From"]) == (PHONE, "+15017122661")
        assert form["StatusCallback"] == url.replace("/voice/", "/receipts/")
        assert "Twiml" not in form
        assert (form["Timeout"], form["TimeLimit"]) == ("25", "120")

    def test_the_answer_is_a_script_that_nobody_keeps(self, app: Flask, url: str) -> None:
        first = self.post(app, url)
        assert (first.status_code, first.mimetype) == (200, "text/xml")
        assert first.headers["Cache-Control"] == "no-store"
        assert first.text.count("<Gather") == 2
        assert "set-cookie" not in {name.lower() for name, _ in first.headers}
        second = self.post(app, url, Digits="1")
        assert "<Gather" not in second.text
        assert 'language="en-GB"' in second.text

    @pytest.mark.parametrize(
        "change",
        [
            {"signed": "https://evil.example/"},
            {"signed": f"{PUBLIC}/auth/voice/twilio/x"},
            {"signed": "http://localhost/auth/voice/twilio/x"},
        ],
    )
    def test_a_signature_for_elsewhere_is_refused(
        self, app: Flask, url: str, change: dict[str, str]
    ) -> None:
        problem(self.post(app, url, Digits="1", **change), 403, "bad_signature")

    def test_a_brand_is_spoken_and_never_markup(
        self, app: Flask, url: str, settings: dict[str, Any]
    ) -> None:
        state = app.extensions["phoneauth"]
        from dataclasses import replace

        hostile = "</Say><Redirect>https://evil.example</Redirect>"
        state._live = replace(state.live, parts=replace(state.live.parts, brand=hostile))
        said = self.post(app, url).text
        assert "<Redirect>" not in said
        assert "&lt;Redirect&gt;" in said

    def test_an_oversized_question_is_refused(self, app: Flask, url: str) -> None:
        path = url.removeprefix("https://notes.example/app")
        huge = app.test_client().post(path, data=b"a" * (64 * 1024 + 1))
        problem(huge, 400, "invalid_request")

    def test_csrf_and_every_limit_are_for_visitors_not_for_vendors(
        self, tmp_path: Any, settings: dict[str, Any], twilio: ScriptedServer
    ) -> None:
        app = Flask("limited", instance_path=str(tmp_path / "limited"))
        app.config.update(TESTING=True, SECRET_KEY="a secret of the tests, long enough")
        given = {**settings, "CHANNELS": ["sms", "voice"], "ROUTE_LIMIT": "2 per hour"}
        app.config.update({f"PHONEAUTH_{name}": value for name, value in given.items()})
        CSRFProtect(app)
        Limiter(get_remote_address, app=app, default_limits=["3 per hour"], storage_uri="memory://")
        auth = PhoneAuth(app)
        ask(app.test_client(), channel="voice")
        url = twilio.requests[-1].form["Url"]
        assert [self.post(app, url).status_code for _ in range(6)] == [200] * 6
        auth.close(app)

    def test_where_calls_are_not_wanted_nothing_is_said(
        self, make_app: Callable[..., Flask], settings: dict[str, Any], url: str
    ) -> None:
        app = make_app(**{**settings, "CHANNELS": ["sms"]})
        problem(self.post(app, url, Digits="1"), 403, "bad_signature")

    def test_only_post_is_a_question(self, app: Flask, url: str) -> None:
        path = url.removeprefix("https://notes.example/app")
        assert app.test_client().get(path).status_code == 405


def test_the_trail_and_the_counts_name_the_channel() -> None:
    keys, challenge = Keyring(b"trail"), "a" * 16 + "." + "b" * 22
    told = {
        "asked": CodeAsked(challenge, "login", "+44", "voice"),
        "sent": CodeSent(challenge, "login", "+44", "twilio", "voice"),
        "failed": CodeFailed(challenge, "login", "+44", "unreachable", "email"),
    }
    entries = {kind: entry_of(event, keys, client=None, now=0.0) for kind, event in told.items()}
    details = {kind: entry.detail for kind, entry in entries.items() if entry is not None}
    assert details == {"asked": "voice", "sent": "voice twilio", "failed": "email unreachable"}
    assert labels_of(told["sent"]) == ("sent", "voice_twilio")
    assert labels_of(told["failed"]) == ("failed", "email_unreachable")
    mailed = CodeSent(challenge, "login", "+44", "email", "email")
    assert labels_of(mailed) == ("sent", "email")


class TestUserStores:
    def test_a_model_without_the_columns_offers_no_email(self) -> None:
        assert hasattr(SQLAlchemyUsers(User), "email_of")
        assert not hasattr(SQLAlchemyUsers(Plain), "email_of")

    def test_an_address_counts_once_it_is_verified(self) -> None:
        users = SQLAlchemyUsers(User)
        user = User(phone=PHONE, email="ann@example.com")
        assert users.email_of(user) is None
        user.email_verified_at = datetime.now(UTC)
        assert users.email_of(user) == "ann@example.com"
        user.email = None
        assert users.email_of(user) is None

    def test_callables_bring_a_function(self) -> None:
        needed: dict[str, Any] = dict.fromkeys(("get", "by_phone", "create"), lambda *_: None)
        assert not hasattr(CallableUsers(**needed), "email_of")
        assert CallableUsers(**needed, email_of=lambda user: f"{user}@x").email_of("a") == "a@x"

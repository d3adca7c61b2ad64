"""The page on calls and e-mails: its app offers both, and lets in by the mailbox."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mail_server import mail_server
from scripted_server import ScriptedServer, answer
from web_steps import PHONE, ask, entry, start_form

Take = Callable[[str, str], str]
TAKEN = answer(201, {"sid": "SM" + "b" * 32, "status": "queued"})


def test_the_app_of_the_page_calls_and_mails(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phoneauth_code: Any
) -> None:
    script = tmp_path / "notes.py"
    script.write_text(take("how-to/channels.md", "notes.py"), encoding="utf-8")
    with mail_server() as mail, ScriptedServer(TAKEN) as twilio:
        given = {
            "SECRET_KEY": "a secret of the tests, long enough",
            "TESTING": "true",
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path}/notes.sqlite3",
            "PHONEAUTH_DATABASE_URL": f"sqlite:///{tmp_path}/phoneauth.sqlite3",
            "PHONEAUTH_SANDBOX_URL": twilio.url,
            "PHONEAUTH_PUBLIC_URL": "https://notes.example",
            "PHONEAUTH_TWILIO_AUTH_TOKEN": "a-token-of-the-account",
            "PHONEAUTH_EMAIL_HOST": "127.0.0.1",
            "PHONEAUTH_EMAIL_PORT": str(mail.port),
            "PHONEAUTH_EMAIL_SECURITY": "none",
        }
        for name, value in given.items():
            monkeypatch.setenv(f"FLASK_{name}", value)
        made = runpy.run_path(str(script), run_name="notes")
        app, db, user = made["app"], made["db"], made["User"]
        client = app.test_client()
        asked = ask(client)
        assert (
            client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE))).status_code == 200
        )
        with app.app_context():
            ann = db.session.scalars(db.select(user)).one()
            ann.email, ann.email_verified_at = "ann@example.com", datetime.now(UTC)
            db.session.commit()
        stranger = app.test_client()
        page = start_form(stranger, "+447400123457")
        assert "Call me instead" in page
        assert "Send an e-mail instead" in page
        mailed = ask(app.test_client(), channel="email")
        (message,) = mail.box.messages
        code = message.get_content()[:6]
        let_in = app.test_client().post("/auth/verify", json=entry(mailed, code))
        assert let_in.get_json()["user"]["phone"] == PHONE
        app.extensions["phoneauth"].close()

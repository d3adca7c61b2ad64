"""The page on codes that a vendor makes: its settings run, against the sandbox's vendors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from sms_sandbox.client import SandboxClient

PAGE = "how-to/vendor_codes.md"
NUMBER = "+447400199456"

Take = Callable[[str, str], str]


def app_of(page: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Flask:
    """The app that an example makes, its database in the test's folder."""
    for name in ("SECRET_KEY", "TWILIO_AUTH_TOKEN"):
        monkeypatch.setenv(name, "a word that is long enough")
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", "AC" + "1" * 32)
    monkeypatch.setenv("TWILIO_VERIFY_SERVICE_SID", "VA" + "1" * 32)
    made: dict[str, Any] = {"__name__": "notes"}
    exec(page.replace("/var/lib/notes", str(tmp_path)), made)
    app: Flask = made["app"]
    return app


@pytest.mark.parametrize("verifier", ["twilio_verify", "vonage_verify"])
def test_settings_of_the_page_sign_somebody_in(
    take: Take, sms_server: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, verifier: str
) -> None:
    page = take(PAGE, "notes.py")
    other = take(PAGE, "sandbox.py").replace("http://127.0.0.1:8025", sms_server.url)
    before, _, after = page.partition("PhoneAuth(app)")
    if verifier == "vonage_verify":
        before += other + "\n"
    else:
        before += f'app.config["PHONEAUTH_SANDBOX_URL"] = "{sms_server.url}"\n'
    app = app_of(f"{before}PhoneAuth(app){after}", monkeypatch, tmp_path)
    assert app.config["PHONEAUTH_VERIFIER"] == verifier
    app.testing = True
    client = app.test_client()
    asked = client.post("/auth/login", json={"phone": NUMBER}).get_json()
    with SandboxClient(sms_server.url) as inbox:
        code = inbox.claim_code(NUMBER, timeout=15)["code"]
    entry = {name: asked[name] for name in ("challenge_id", "challenge_secret")}
    assert client.post("/auth/verify", json={**entry, "code": code}).status_code == 200

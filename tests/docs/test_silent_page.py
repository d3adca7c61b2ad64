"""The page on logins without a code: its app does what the page says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from flask import Flask

from flask_phoneauth.settings import Settings

SANDBOX = "http://127.0.0.1:8025"
PAGE = "how-to/silent_login.md"

Take = Callable[[str, str], str]
Start = Callable[..., Any]
Shell = Callable[..., str]


def sandbox_texts(url: str) -> list[str]:
    """To whom messages have gone."""
    found = requests.get(f"{url}/api/v1/messages?direction=outbound&provider=sandbox", timeout=30)
    return [message["to"] for message in found.json()["messages"]]


def test_apps_visitor_is_signed_in_by_the_network_and_falls_back_to_a_code(
    take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    sandbox = start("sms-sandbox serve --port 0")
    notes = take(PAGE, "notes.py").replace(SANDBOX, sandbox.url)
    (tmp_path / "notes.py").write_text(notes, encoding="utf-8")
    app = start("flask --app notes run --debug --no-reload --port 0")
    visitor = requests.Session()

    def set_out(number: str) -> requests.Response:
        url = visitor.post(
            f"{app.url}/auth/silent",
            json={"phone": number},
            headers={"Sec-Fetch-Site": "same-origin"},
            timeout=30,
        ).json()["url"]
        assert urlsplit(url).path == "/vonage/oauth2/auth"
        return visitor.get(url, timeout=30)

    for number, status in (("+99012345677", 403), ("+99012345678", 200), ("+99011111199", 503)):
        assert set_out(number).status_code == status
    assert visitor.get(f"{app.url}/auth/me", timeout=30).json()["user"]["phone"] == "+99012345678"
    visitor = requests.Session()
    shell(take(PAGE, "rule"), SMS_SANDBOX_URL=sandbox.url)
    fallen_back = set_out("+99012345676")
    assert urlsplit(fallen_back.url).path == "/auth/verify"
    assert sandbox_texts(sandbox.url) == ["+99012345676"]


def test_settings_of_a_second_code_fit_together(take: Take) -> None:
    app = Flask("notes")
    exec(take(PAGE, "step_up.py"), {"app": app})
    settings = Settings.from_config(app.config)
    assert (settings.sim_swap, settings.channels) == ("step_up", ("sms", "email"))

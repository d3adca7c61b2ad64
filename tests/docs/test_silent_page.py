"""The page on logins without a code: its app does what the page says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

SANDBOX = "http://127.0.0.1:8025"
PAGE = "how-to/silent_login.md"

Take = Callable[[str, str], str]
Start = Callable[..., Any]


def test_apps_visitor_is_signed_in_by_the_network(take: Take, start: Start, tmp_path: Path) -> None:
    sandbox = start("sms-sandbox serve --port 0")
    notes = take(PAGE, "notes.py").replace(SANDBOX, sandbox.url)
    (tmp_path / "notes.py").write_text(notes, encoding="utf-8")
    app = start("flask --app notes run --debug --no-reload --port 0")
    visitor = requests.Session()
    for number, status in (("+99012345677", 403), ("+99012345678", 200), ("+99011111199", 503)):
        url = visitor.post(
            f"{app.url}/auth/silent",
            json={"phone": number},
            headers={"Sec-Fetch-Site": "same-origin"},
            timeout=30,
        ).json()["url"]
        assert urlsplit(url).path == "/vonage/oauth2/auth"
        assert visitor.get(url, timeout=30).status_code == status
    assert visitor.get(f"{app.url}/auth/me", timeout=30).json()["user"]["phone"] == "+99012345678"

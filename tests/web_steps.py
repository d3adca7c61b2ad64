"""Steps that tests of the routes share: ask, type a code, read a form's token, count rows."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PHONE = "+447400123456"
OTHER_PHONE = "+447400123457"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Mode": "navigate"}
PROBLEM = "application/problem+json"
TABLES = ("challenges", "budgets", "users", "sessions", "epochs")


def database_of(app: Flask) -> Path:
    """The SQLite file of an app with default settings."""
    return Path(app.instance_path, "phoneauth.sqlite3")


def rows(app: Flask) -> dict[str, int]:
    """How many rows each of our tables holds."""
    connection = sqlite3.connect(database_of(app))
    try:
        return {
            name: connection.execute(f"select count(*) from phoneauth_{name}").fetchone()[0]
            for name in TABLES
        }
    finally:
        connection.close()


def query(app: Flask, statement: str, *values: Any) -> list[Any]:
    """Run one statement on the app's database."""
    connection = sqlite3.connect(database_of(app))
    try:
        found = connection.execute(statement, values).fetchall()
        connection.commit()
        return found
    finally:
        connection.close()


def ask(client: FlaskClient, phone: str = PHONE, **fields: Any) -> dict[str, Any]:
    """Ask for a code as a program; the 202's body."""
    answer = client.post("/auth/login", json={"phone": phone, **fields})
    assert answer.status_code == 202, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def entry(asked: Mapping[str, Any], code: str) -> dict[str, Any]:
    """What `verify` takes, of the 202's body and a code."""
    kept = {name: asked[name] for name in ("challenge_id", "challenge_secret") if name in asked}
    return {**kept, "code": code}


def wrong(code: str) -> str:
    """Another code of the same length."""
    return str((int(code[0]) + 1) % 10) + code[1:]


def token_on(page: str, name: str = "csrf_token") -> str:
    """The form token on a page."""
    found = re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)
    assert found is not None, "the page holds no form token"
    return found.group(1)


def field_on(page: str, name: str) -> str:
    """The value of a hidden field on a page."""
    return token_on(page, name)


def post_form(client: FlaskClient, path: str, page: str = "", **fields: Any) -> TestResponse:
    """Send a form as a browser does, with the token of `page` (default: the login page)."""
    page = page or client.get("/auth/login", headers=BROWSER).text
    data = {"csrf_token": token_on(page), **fields}
    return client.post(path, data=data, headers=BROWSER)


def start_form(client: FlaskClient, phone: str = PHONE, **fields: Any) -> str:
    """Ask for a code as a browser; the code page."""
    asked = post_form(client, "/auth/login", phone=phone, **fields)
    assert asked.status_code == 303, asked.text
    page = client.get(asked.location, headers=BROWSER)
    assert page.status_code == 200
    return page.text


def type_code(client: FlaskClient, page: str, code: str) -> TestResponse:
    """Type a code on the code page."""
    challenge_id = field_on(page, "challenge_id")
    return post_form(client, "/auth/verify", page, challenge_id=challenge_id, code=code)


def problem(response: TestResponse, status: int, code: str) -> dict[str, Any]:
    """Assert that the answer is this problem in JSON, whole and never cached; its body."""
    assert (response.status_code, response.mimetype) == (status, PROBLEM), response.text
    body: dict[str, Any] = response.get_json()
    assert body["code"] == code
    assert body["type"] == f"urn:flask-phoneauth:problem:{code}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert response.headers["Cache-Control"] == "no-store"
    if status in (429, 503):
        assert int(response.headers["Retry-After"]) == body["retry_after"] >= 1
    return body

"""What a device and a browser do on the way of a login without a code."""

from __future__ import annotations

from typing import Any

import urllib3
from flask.testing import FlaskClient

from sms_sandbox.server import SandboxServer

EVEN, ODD, ERRS = "+99012345678", "+99012345677", "+99011111199"
APPLICATION = "00000000-0000-4000-8000-000000000001"
CALLBACK = "http://localhost/auth/silent/callback"
NUMBERS = "/camara/number-verification/*"
JSON = {"Accept": "application/json"}


def set_out(web: FlaskClient, number: str = EVEN, **values: Any) -> Any:
    return web.post("/auth/silent", json={"phone": number} | values)


def address(web: FlaskClient, number: str = EVEN, **values: Any) -> str:
    answer = set_out(web, number, **values)
    assert answer.status_code == 200, answer.text
    assert set(answer.json) == {"url", "challenge_id"}
    return str(answer.json["url"])


def walk(url: str, end: str = CALLBACK) -> str:
    """The device goes from redirect to redirect, up to the app's own address."""
    while not url.startswith(end):
        answer = urllib3.request("GET", url, redirect=False, retries=False, timeout=30)
        assert answer.status == 302, answer.data
        url = answer.headers["Location"]
    return url.removeprefix("http://localhost")


def log_in(web: FlaskClient, number: str = EVEN) -> Any:
    return web.get(walk(address(web, number)), headers=JSON)


def fault(sandbox: SandboxServer, path: str, number: str = EVEN, **effect: Any) -> None:
    rule = {
        "match": {"to": number, "body": path},
        "effect": {"type": "error", "status": 503} | effect,
    }
    answer = urllib3.request("POST", f"{sandbox.url}/api/v1/faults", json=rule, timeout=60)
    assert answer.status == 201, answer.data


def messages(sandbox: SandboxServer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = urllib3.request(
        "GET", f"{sandbox.url}/api/v1/messages", timeout=60
    ).json()["messages"]
    return found

"""What the tests of Vonage's Verify share."""

import json
from typing import Any

from flask.testing import FlaskClient
from sandbox.receiver import Receiver
from sandbox.vonage_calls import APPLICATION, SECRET, TO, basic, bearer, settings

ROOT = "https://developer.nexmo.com/api-errors"
NOWHERE = "00000000-0000-4000-8000-000000000000"
OTHER = "447700900001"
SMS = {"channel": "sms", "to": TO}
VOICE = {"channel": "voice", "to": TO}
NOT_ITS_CODE = "0000000"


def ask(web: FlaskClient, headers: dict[str, str] | None = None, **changes: Any) -> Any:
    """Asks for a request; ``None`` leaves a parameter out."""
    values = {"brand": "Acme", "workflow": [SMS]} | changes
    given = {name: value for name, value in values.items() if value is not None}
    return web.post("/vonage/v2/verify", json=given, headers=headers or basic())


def start(web: FlaskClient, headers: dict[str, str] | None = None, **changes: Any) -> str:
    """The id of a request that has begun."""
    answer = ask(web, headers, **changes)
    assert answer.status_code == 202, answer.text
    assert set(answer.json) <= {"request_id", "check_url"}
    return str(answer.json["request_id"])


def start_told(web: FlaskClient, app: Receiver, **changes: Any) -> str:
    """A request whose application is told of it."""
    settings(web, APPLICATION, status_url=app.url, signing_key=SECRET)
    return start(web, bearer(), client_ref="my-ref", **changes)


def check(
    web: FlaskClient, request_id: str, code: Any, headers: dict[str, str] | None = None
) -> Any:
    path = f"/vonage/v2/verify/{request_id}"
    return web.post(path, json={"code": code}, headers=headers or basic())


def go_on(web: FlaskClient, request_id: str) -> Any:
    return web.post(f"/vonage/v2/verify/{request_id}/next_workflow", headers=basic())


def problem(answer: Any, status: int, kind: str, title: str) -> dict[str, Any]:
    """A problem of Verify, its form checked."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    found: dict[str, Any] = answer.json
    assert {"type", "title", "detail", "instance"} <= set(found)
    assert (found["type"], found["title"]) == (ROOT + kind, title)
    return found


def body_of(app: Receiver, place: int) -> dict[str, Any]:
    """A webhook that has come, by its place."""
    found: dict[str, Any] = json.loads(app.await_posts(place + 1)[place].body)
    return found

"""What the tests of the control API share."""

from typing import Any

from flask.testing import FlaskClient

SEND = {"to": "+9901234567", "from": "Notes", "body": "Your code is 482913"}


def send(web: FlaskClient, **changes: Any) -> dict[str, Any]:
    answer = web.post("/api/v1/messages", json=SEND | changes)
    assert answer.status_code == 201, answer.text
    return answer.json


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.json["code"]) == (status, code), answer.text
    assert answer.mimetype == "application/problem+json"
    assert answer.json["type"] == f"urn:sms-sandbox:problem:{code}"
    assert answer.json["status"] == status
    assert answer.json["hint"]
    return answer.json

"""What the tests of Verify and Lookup share."""

from typing import Any

from flask.testing import FlaskClient
from sandbox.twilio_calls import basic

SERVICES = "/twilio/v2/Services"
TO = "+12015550123"
"""A valid number of fiction, whose messages are delivered."""


def ask(web: FlaskClient, path: str, **form: str) -> Any:
    return web.post(path, data=form, headers=basic())


def read(web: FlaskClient, path: str) -> Any:
    return web.get(path, headers=basic())


def service(web: FlaskClient, **form: str) -> str:
    """The path of a new service."""
    answer = ask(web, SERVICES, **({"FriendlyName": "Notes"} | form))
    assert answer.status_code == 201, answer.text
    return f"{SERVICES}/{answer.json['sid']}"


def start(web: FlaskClient, path: str, to: str = TO, **form: str) -> dict[str, Any]:
    answer = ask(web, f"{path}/Verifications", **({"To": to, "Channel": "sms"} | form))
    assert answer.status_code == 201, answer.text
    return answer.json


def check(web: FlaskClient, path: str, code: str, to: str = TO, **form: str) -> Any:
    return ask(web, f"{path}/VerificationCheck", **({"To": to, "Code": code} | form))


def code_for(web: FlaskClient, to: str = TO) -> str:
    """The newest code in the inbox, as a person would read it."""
    return web.get(f"/api/v1/codes/{to}").json["code"]


def wrong(code: str) -> str:
    return str((int(code[0]) + 1) % 10) + code[1:]


def bodies(web: FlaskClient) -> list[str]:
    """The texts in the inbox, oldest first."""
    return [one["body"] for one in reversed(web.get("/api/v1/messages").json["messages"])]


def refusal(answer: Any) -> tuple[int, int, str]:
    """Status, code and text of a refusal, whose form is checked."""
    body = answer.json
    assert set(body) == {"code", "message", "more_info", "status"}
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{body['code']}"
    assert body["status"] == answer.status_code
    return answer.status_code, body["code"], body["message"]

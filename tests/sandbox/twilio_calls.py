"""What the tests of the Twilio façade share."""

import base64
from typing import Any

from flask.testing import FlaskClient
from sandbox.receiver import status

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.inbox import Inbox

ACCOUNT, TOKEN = "AC" + "a" * 32, "test_auth_token"
TO, FROM = "+15558675310", "+15017122661"
SAYS_CODE = "<Response><Say>Your code is 4 8 2 9 1 3.</Say></Response>"
ROOT = f"/twilio/2010-04-01/Accounts/{ACCOUNT}"


def basic(name: str = ACCOUNT, secret: str = TOKEN) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def create(web: FlaskClient, **changes: str | None) -> dict[str, Any]:
    answer = ask(web, **changes)
    assert answer.status_code == 201, answer.text
    return answer.json


def ask(web: FlaskClient, **changes: str | None) -> Any:
    form = {"To": TO, "From": FROM, "Body": "Your code is 482913"} | changes
    given = {name: value for name, value in form.items() if value is not None}
    return web.post(f"{ROOT}/Messages.json", data=given, headers=basic())


def fetch(web: FlaskClient, message: dict[str, Any]) -> dict[str, Any]:
    answer = web.get("/twilio" + message["uri"], headers=basic())
    assert answer.status_code == 200, answer.text
    return answer.json


def await_attempts(
    inbox: Inbox, message_id: str, number: int, *, noted: bool = False
) -> list[dict[str, Any]]:
    """The log of a message's webhooks, once it has this many attempts, the last with a note."""
    watch = inbox.subscribe(None, None)
    try:
        while True:
            found = [one.as_json() for one in inbox.attempts(message_id)]
            if len(found) >= number and not (noted and "error" not in found[-1]):
                return found
            assert watch.take(60), f"only {found}"
    finally:
        inbox.unsubscribe(watch)


def await_message(web: FlaskClient, **match: object) -> dict[str, Any]:
    """The first message that matches, awaited."""
    answer = web.post("/api/v1/wait", json={"match": match, "timeout": 60, "claim": False})
    assert answer.status_code == 200, answer.text
    message: dict[str, Any] = answer.json["messages"][0]
    return message


class Phone:
    """The test's hands: calls, time, keys."""

    def __init__(self, web: FlaskClient, sandbox: Sandbox, clock: FrozenClock) -> None:
        self.web, self.inbox, self._clock = web, sandbox.inbox, clock

    def ask(self, **changes: Any) -> Any:
        form = {"To": TO, "From": FROM} | changes
        given = {name: value for name, value in form.items() if value is not None}
        return self.web.post(f"{ROOT}/Calls.json", data=given, headers=basic())

    def call(self, **changes: Any) -> dict[str, Any]:
        answer = self.ask(**changes)
        assert answer.status_code == 201, answer.text
        shown: dict[str, Any] = answer.json
        return shown

    def wait(self, seconds: float) -> None:
        self._clock.advance(seconds)
        self.inbox.advance_due()

    def fetch(self, shown: dict[str, Any]) -> dict[str, Any]:
        answer = self.web.get("/twilio" + shown["uri"], headers=basic())
        assert answer.status_code == 200, answer.text
        fetched: dict[str, Any] = answer.json
        return fetched

    def update(self, shown: dict[str, Any], **form: str) -> Any:
        return self.web.post("/twilio" + shown["uri"], data=form, headers=basic())

    def message(self) -> dict[str, Any]:
        newest: dict[str, Any] = self.web.get("/api/v1/messages?limit=1").json["messages"][0]
        return newest

    def press(self, digits: str) -> Any:
        path = f"/api/v1/messages/{self.message()['id']}/press"
        return self.web.post(path, json={"digits": digits})

    def heard(self, words: str) -> dict[str, Any]:
        return await_message(self.web, body_contains=words)


def says(document: str, media: str = "text/xml") -> Any:
    return status(200, document.encode(), **{"Content-Type": media})

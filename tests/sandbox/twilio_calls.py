"""What the tests of the Twilio façade share."""

import base64
from typing import Any

from flask.testing import FlaskClient

ACCOUNT, TOKEN = "AC" + "a" * 32, "test_auth_token"
TO, FROM = "+15558675310", "+15017122661"
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

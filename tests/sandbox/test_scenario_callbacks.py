"""The scenarios whose messages arrive and whose callbacks go wrong, as an application gets them."""

import pytest
from flask.testing import FlaskClient
from sandbox.receiver import Receiver
from sandbox.twilio_calls import ACCOUNT, TOKEN, create
from twilio.request_validator import RequestValidator

from sms_sandbox.numbers import SCENARIOS

AREA = {one.name: one.area_code for one in SCENARIOS}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("delivered", ["sent", "delivered"]),
        ("sent_only", ["sent"]),
        ("undelivered", ["sent", "undelivered 30003"]),
        ("unknown_handset", ["failed 30005"]),
        ("duplicate_callback", ["sent", "sent", "delivered", "delivered"]),
        ("reordered_callbacks", ["delivered", "sent"]),
        ("late_failure", ["sent", "delivered", "undelivered 30008"]),
        ("bad_signature", ["sent forged", "delivered forged"]),
    ],
)
def test_application_hears_what_the_number_says(
    web: FlaskClient, receiver: Receiver, name: str, told: list[str]
) -> None:
    clock = f"?account={ACCOUNT}"
    web.put(f"/api/v1/clock{clock}", json={"frozen": True})
    create(web, To=f"+1{AREA[name]}5550117", StatusCallback=receiver.url)
    web.post(f"/api/v1/clock/advance{clock}", json={"seconds": 100})
    heard = []
    for post in receiver.await_posts(len(told)):
        parts = [post.form["MessageStatus"], post.form.get("ErrorCode", "")]
        signature = post.headers["X-Twilio-Signature"]
        if not RequestValidator(TOKEN).validate(receiver.url, post.form, signature):
            parts.append("forged")
        heard.append(" ".join(part for part in parts if part))
    assert heard == told
    (message,) = web.get("/api/v1/messages").json["messages"]
    assert message["status"] in ("delivered", told[-1].partition(" ")[0])

"""MessageBird's official SDK, given a pooled session, and held to our four kinds of failure."""

from __future__ import annotations

import messagebird
from contracts.sides import TOKEN, Sending, message
from contracts.vendors import MESSAGEBIRD
from scripted_server import ScriptedServer, answer

from flask_phoneauth.providers.messagebird import MessageBirdProvider

KEY, SIGNING_KEY = "live_" + "k" * 25, "PlLrKaqvZNRR5zAjm42ZT6q1SQxgbbGd"
VENDOR = MESSAGEBIRD
SOUND = {"messagebird_access_key": KEY, "messagebird_originator": "Notes"}


def test_the_message_is_created_with_our_key_sender_and_callback(sent: Sending) -> None:
    request = sent(
        public_url="https://notes.example/app/", messagebird_signing_key=SIGNING_KEY, **SOUND
    )
    assert (request.method, request.path) == ("POST", "/messagebird/messages")
    assert request.headers["authorization"] == f"AccessKey {KEY}:{SIGNING_KEY}"
    assert request.json == {
        "originator": "Notes",
        "recipients": "447911123456",
        "body": "Your code: 481920",
        "datacoding": "auto",
        "reference": "AB",
        "reportUrl": f"https://notes.example/app/auth/receipts/messagebird/{TOKEN}",
    }


def test_a_key_with_a_secret_of_its_own_is_shown_to_a_sandbox_as_it_is(sent: Sending) -> None:
    for key, signing_key in ((f"{KEY}:secret", SIGNING_KEY), (KEY, "")):
        keys = {"messagebird_access_key": key, "messagebird_signing_key": signing_key}
        assert sent(**keys).headers["authorization"] == f"AccessKey {key}"


def test_a_sandbox_needs_no_credentials(sent: Sending) -> None:
    request = sent()
    assert request.json["originator"] == "+15005550006"
    assert request.headers["authorization"] == "AccessKey sandbox"


def test_nothing_of_the_sdk_is_changed_for_others(sent: Sending) -> None:
    sent()
    assert messagebird.client.ENDPOINT == "https://rest.messagebird.com"
    assert messagebird.Client(KEY)._get_http_client().endpoint == "https://rest.messagebird.com"


def test_fields_of_another_shape_do_not_hide_an_acceptance(
    server: ScriptedServer, provider: MessageBirdProvider
) -> None:
    for odd in ({"recipients": None}, {"createdDatetime": "soon"}, {"errors": 1, "body": []}):
        server.behaviour = answer(201, {"id": "m-1", **odd})
        assert provider.send(message()).message_id == "m-1"


def test_a_check_asks_for_the_balance_and_sends_nothing(
    server: ScriptedServer, provider: MessageBirdProvider
) -> None:
    server.behaviour = answer(200, {"payment": "prepaid", "type": "credits", "amount": 0})
    provider.check()
    [request] = server.requests
    assert (request.method, request.path, request.body) == ("GET", "/balance", b"")

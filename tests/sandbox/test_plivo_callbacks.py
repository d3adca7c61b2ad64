"""What Plivo tells the application, and what it makes of the application's answers."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient
from sandbox.plivo_calls import AUTH_ID, DST, SRC, TOKEN, fetch, get, listed, send
from sandbox.receiver import Post, Receiver, status
from sandbox.time_calls import move_on
from sandbox.twilio_calls import await_attempts, await_message

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.facades.plivo.messages.answers import MAX_ELEMENTS
from sms_sandbox.facades.plivo.messages.inbound import MAX_REPLIES
from sms_sandbox.facades.plivo.signature import sign_v2, sign_v3

NAMES = [
    "MessageUUID", "To", "From", "Type", "Status", "Units", "TotalRate", "TotalAmount", "MCC",
    "MNC", "ParentMessageUUID", "PartInfo", "Sequence", "MessageTime", "QueuedTime", "SentTime",
    "DeliveryReportTime", "requester_ip", "PowerpackUUID",
]  # fmt: skip
XML = {"Content-Type": "application/xml"}


def is_signed(post: Post, base: str, version: str) -> bool:
    """Whether the signature is that of the address, before a GET's parameters came to it."""
    url = base + post.path
    nonce = post.headers[f"X-Plivo-Signature-{version}-Nonce"]
    signed = post.headers[f"X-Plivo-Signature-{version}"]
    assert post.headers[f"X-Plivo-Signature-Ma-{version}"] == signed
    if version == "V2":
        return signed == sign_v2(TOKEN, url, nonce)
    return signed == sign_v3(TOKEN, post.method, url, list(post.form.items()), nonce)


def settings(web: FlaskClient, **values: Any) -> None:
    answer = web.put(f"/api/v1/settings?account={AUTH_ID}", json=values)
    assert answer.status_code == 200, answer.text


def text(web: FlaskClient, body: str, **changes: Any) -> dict[str, Any]:
    """The handset writes."""
    message = {"account": AUTH_ID, "provider": "plivo", "from": f"+{DST}", "to": f"+{SRC}"}
    answer = web.post("/api/v1/inbound", json=message | {"body": body} | changes)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_each_state_is_posted_as_a_form_with_both_signatures(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    message_uuid = send(web, url=f"{receiver.url}/dlr?env=test")
    move_on(sandbox, clock, 1)
    posts = receiver.await_posts(3)
    assert [post.form["Status"] for post in posts] == ["queued", "sent", "delivered"]
    assert [post.form["Sequence"] for post in posts] == ["1", "2", "3"]
    for post in posts:
        assert (post.method, post.path) == ("POST", "/dlr?env=test")
        assert post.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert is_signed(post, receiver.url, "V2")
        assert is_signed(post, receiver.url, "V3")
    last = posts[-1].form
    assert list(last) == NAMES
    assert (last["MessageUUID"], last["ParentMessageUUID"]) == (message_uuid, message_uuid)
    assert (last["To"], last["From"], last["Units"]) == (DST, SRC, "1")
    assert (last["TotalRate"], last["TotalAmount"]) == ("0.00350", "0.00350")
    assert last["MessageTime"] == "2027-01-15 08:00:00.000000"
    assert last["SentTime"] < last["DeliveryReportTime"]
    assert posts[1].form["SentTime"] == last["SentTime"]
    assert (posts[0].form["SentTime"], posts[0].form["DeliveryReportTime"]) == ("", "")


def test_get_carries_everything_in_the_address(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    send(web, url=f"{receiver.url}/dlr?env=test#part", method="get", dst="15035550100")
    move_on(sandbox, clock, 1)
    last = receiver.await_posts(3)[-1]
    query = dict(parse_qsl(urlsplit(last.path).query, keep_blank_values=True))
    assert (last.method, last.body) == ("GET", "")
    assert list(query) == ["env", *NAMES, "ErrorCode"]
    assert (query["Status"], query["ErrorCode"]) == ("undelivered", "80")
    assert is_signed(last, receiver.url, "V2")
    assert is_signed(last, receiver.url, "V3")


def test_account_chooses_one_signature_and_its_key(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    settings(
        web,
        signature_method="V3",
        signing_key="another",
        status_url=f"{receiver.url}/all",
        webhook_method="GET",
    )
    send(web)
    move_on(sandbox, clock, 1)
    post = receiver.await_posts(3)[0]
    assert (post.method, post.path[:5]) == ("GET", "/all?")
    assert "X-Plivo-Signature-V2" not in post.headers
    nonce = post.headers["X-Plivo-Signature-V3-Nonce"]
    expected = sign_v3("another", "GET", receiver.url + post.path, [], nonce)
    assert post.headers["X-Plivo-Signature-V3"] == expected


def test_account_that_has_shown_no_token_posts_unsigned(
    web: FlaskClient, receiver: Receiver
) -> None:
    settings(web, inbound_url=f"{receiver.url}/in")
    text(web, "Hello")
    (post,) = receiver.await_posts(1)
    assert not [name for name in post.headers if name.startswith("X-Plivo")]


def test_handsets_message_is_told_and_its_state_says_so(
    web: FlaskClient, sandbox: Sandbox, receiver: Receiver
) -> None:
    send(web)
    settings(web, inbound_url=f"{receiver.url}/in")
    message = text(web, "Grüß dich")
    (post,) = receiver.await_posts(1)
    assert is_signed(post, receiver.url, "V2")
    assert is_signed(post, receiver.url, "V3")
    form = post.form
    assert form == {
        "MessageUUID": form["MessageUUID"],
        "From": DST,
        "To": SRC,
        "Text": "Grüß dich",
        "Type": "sms",
        "Units": "1",
        "TotalRate": "0.00000",
        "TotalAmount": "0.00000",
        "MessageIntent": "",
        "PowerpackUUID": "",
    }
    await_attempts(sandbox.inbox, message["id"], 1)
    shown = fetch(web, form["MessageUUID"])
    assert (shown["message_direction"], shown["message_state"]) == ("inbound", "delivered")
    assert shown["error_code"] == "000"
    assert form["MessageUUID"] in listed(web, message_state="delivered")


def test_what_is_not_taken_is_posted_again_after_60_120_and_240_seconds(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    receiver.answers.extend(status(code) for code in (500, 404, 302, 500))
    settings(web, inbound_url=f"{receiver.url}/in", webhook_method="GET")
    message = text(web, "Hello")
    for number, pause in enumerate((60, 120, 240), start=1):
        last = await_attempts(sandbox.inbox, message["id"], number)[-1]
        at, again = (datetime.fromisoformat(last[name]) for name in ("at", "next_attempt_at"))
        assert (again - at).total_seconds() == pause
        clock.advance(pause)
    attempts = await_attempts(sandbox.inbox, message["id"], 4)
    assert "next_attempt_at" not in attempts[-1]
    assert len({one["url"] for one in attempts}) == 1
    (shown,) = get(web, "/Message/", message_direction="inbound")["objects"]
    assert shown["message_state"] == "undelivered"
    assert {post.method for post in receiver.posts} == {"GET"}


def test_answer_in_plivos_xml_replies(web: FlaskClient, receiver: Receiver) -> None:
    answer = f"""<?xml version="1.0" encoding="utf-8"?>
        <Response><Message src="{SRC}" dst="{DST}" callbackUrl="/dlr">We are open</Message>
        </Response>"""
    receiver.answers.append(status(200, answer.encode(), **XML))
    settings(web, inbound_url=f"{receiver.url}/in")
    text(web, "Are you open?")
    reply = await_message(web, body_contains="We are open")
    assert (reply["from"], reply["to"], reply["provider"]) == (f"+{SRC}", f"+{DST}", "plivo")


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        ("<Response><Message>Hi</Message>", "The answer is not XML"),
        ("<Reply/>", "root must be <Response>"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><Response/>', "DOCTYPE"),
        ("<Response><Speak>Hi</Speak></Response>", "<Speak> is not a reply"),
        ("<Response><Message> </Message></Response>", "needs a text"),
        ('<Response><Message dst="nobody">Hi</Message></Response>', "another dst"),
        (f"<Response>{'<Message>Hi</Message>' * (MAX_REPLIES + 1)}</Response>", "Only the first"),
        (f"<Response>{'<a/>' * MAX_ELEMENTS}</Response>", "more than 50 elements"),
    ],
)
def test_answer_that_cannot_be_used_is_noted_in_the_log(
    web: FlaskClient, sandbox: Sandbox, receiver: Receiver, answer: str, note: str
) -> None:
    receiver.answers.append(status(200, answer.encode(), **XML))
    settings(web, inbound_url=f"{receiver.url}/in")
    message = text(web, "Hello")
    (attempt,) = await_attempts(sandbox.inbox, message["id"], 1, noted=True)
    assert note in attempt["error"]


def test_stop_and_start_of_a_handset_are_heeded(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    settings(web, inbound_url=f"{receiver.url}/in")
    text(web, " stop ")
    text(web, "START", **{"from": "+14150000009"})
    posts = {post.form["From"]: post.form["MessageIntent"] for post in receiver.await_posts(2)}
    assert posts == {DST: "optout", "14150000009": "optin"}
    declined, other = send(web), send(web, src="14150000007")
    move_on(sandbox, clock, 10)
    shown = fetch(web, declined)
    assert (shown["message_state"], shown["error_code"]) == ("failed", "200")
    assert fetch(web, other)["message_state"] == "delivered"
    text(web, "UNSTOP")
    again = send(web)
    move_on(sandbox, clock, 10)
    assert fetch(web, again)["message_state"] == "delivered"


def test_scenario_spoils_the_signature_of_every_callback(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    send(web, url=f"{receiver.url}/dlr", dst="14015550100")
    move_on(sandbox, clock, 1)
    for post in receiver.await_posts(3):
        assert not is_signed(post, receiver.url, "V2")
        assert not is_signed(post, receiver.url, "V3")

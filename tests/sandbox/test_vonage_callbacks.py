"""What Vonage tells the application: receipts, status webhooks, messages from a handset."""

import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
from flask.testing import FlaskClient
from sandbox.receiver import Post, Receiver, status
from sandbox.time_calls import move_on
from sandbox.twilio_calls import await_attempts
from sandbox.vonage_calls import (
    APPLICATION,
    FROM,
    KEY,
    SECRET,
    TO,
    ask_message,
    bearer,
    inbound,
    newest,
    send_message,
    send_sms,
    settings,
)

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock
from sms_sandbox.facades.vonage.errors import FAILINGS
from sms_sandbox.facades.vonage.signature import METHODS, canonical, sign
from sms_sandbox.reasons import FAILINGS as ALL_FAILINGS

UNREACHABLE, UNKNOWN = "15035550100", "14045550100"
NAMES = [
    "msisdn", "to", "network-code", "messageId", "price", "status", "scts", "err-code", "api-key",
    "message-timestamp",
]  # fmt: skip
SIGNED = ["timestamp", "nonce", "sig"]


def parameters(post: Post) -> dict[str, str]:
    """Of a callback of the SMS API, in any of its forms."""
    if post.method == "GET":
        return dict(parse_qsl(urlsplit(post.path).query, keep_blank_values=True))
    if post.headers["Content-Type"] == "application/json":
        found: dict[str, str] = json.loads(post.body)
        return found
    return post.form


def told(post: Post, secret: str = SECRET) -> dict[str, Any]:
    """The content of a newer webhook, its token checked."""
    scheme, _, shown = post.headers["Authorization"].partition(" ")
    claims = jwt.decode(shown, secret, algorithms=["HS256"])
    assert (scheme, claims["iss"]) == ("Bearer", "Vonage")
    assert claims["payload_hash"] == hashlib.sha256(post.body.encode()).hexdigest()
    assert claims["jti"]
    content: dict[str, Any] = json.loads(post.body)
    return content | {
        "claims": {n: claims[n] for n in ("api_key", "application_id") if n in claims}
    }


def test_receipts_tell_of_the_way_to_the_handset(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    (part,) = send_sms(web, callback=f"{receiver.url}/dlr", client_ref="r & d = 1")
    move_on(sandbox, clock, 1)
    posts = receiver.await_posts(2)
    seen = [parameters(post) for post in posts]
    assert [one["status"] for one in seen] == ["accepted", "delivered"]
    for post, one in zip(posts, seen, strict=True):
        assert (post.method, post.path) == ("POST", "/dlr")
        assert list(one) == [*NAMES, "client-ref", *SIGNED]
        assert one["sig"] == sign("sha256", SECRET, canonical(one)).upper()
    last = seen[-1]
    assert (last["msisdn"], last["to"], last["messageId"]) == (TO, FROM, part)
    assert (last["err-code"], last["api-key"], last["client-ref"]) == ("0", KEY, "r & d = 1")
    assert (last["network-code"], last["price"]) == ("00101", "0.03330000")
    assert last["message-timestamp"] == "2027-01-15 08:00:00"
    assert last["scts"] == "2701150800"


@pytest.mark.parametrize("method", [None, "POST", "GET"])
def test_an_account_chooses_the_form_of_its_receipts(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver, method: str | None
) -> None:
    chosen = {} if method is None else {"webhook_method": method}
    settings(web, status_url=f"{receiver.url}/all?env=test", **chosen)
    send_sms(web)
    move_on(sandbox, clock, 1)
    post = receiver.await_posts(2)[-1]
    assert post.method == (method or "POST")
    assert post.path.startswith("/all?env=test")
    if method != "GET":
        label = "application/x-www-form-urlencoded" if method else "application/json"
        assert post.headers["Content-Type"] == label
    seen = parameters(post)
    seen.pop("env", None)
    assert list(seen) == [*NAMES, *SIGNED]
    assert seen["sig"] == sign("sha256", SECRET, canonical(seen)).upper()


def test_an_account_chooses_how_its_receipts_are_signed(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    for place, method in enumerate(METHODS):
        settings(web, signing_key="another secret", signature_method=method)
        send_sms(web, callback=receiver.url)
        move_on(sandbox, clock, 1)
        seen = parameters(receiver.await_posts(2 * place + 2)[-1])
        expected = sign(method, "another secret", canonical(seen))
        assert seen["sig"] == (expected if method == "md5hash" else expected.upper())


def test_each_part_of_a_long_text_has_a_receipt_of_its_own(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    parts = send_sms(web, text="x" * 400, callback=receiver.url)
    move_on(sandbox, clock, 1)
    seen = [parameters(post) for post in receiver.await_posts(6)]
    delivered = [one["messageId"] for one in seen if one["status"] == "delivered"]
    assert sorted(delivered) == sorted(parts)
    assert len(set(parts)) == 3


def test_who_wants_no_receipt_gets_none(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    send_sms(web, callback=receiver.url, status_report_req="false")
    send_sms(web, callback=f"{receiver.url}/wanted", status_report_req="True")
    move_on(sandbox, clock, 1)
    assert {post.path for post in receiver.await_posts(2)} == {"/wanted"}


def test_what_is_lost_has_a_code_in_both_apis(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    assert set(FAILINGS) == set(ALL_FAILINGS)
    for place, (name, code) in enumerate(FAILINGS.items()):
        effect = {"type": "delivery", "status": "undelivered", "error_code": name}
        web.delete("/api/v1/faults?all=true")
        web.post("/api/v1/faults", json={"match": {"provider": "vonage"}, "effect": effect})
        send_sms(web, callback=f"{receiver.url}/{place}/sms")
        send_message(web, webhook_url=f"{receiver.url}/{place}/message")
        move_on(sandbox, clock, 1)
        last = {post.path: post for post in receiver.await_posts(4 * place + 4)}
        receipt = parameters(last[f"/{place}/sms"])
        assert receipt["err-code"] == str(code)
        assert receipt["status"] in ("failed", "rejected", "expired")
        webhook = told(last[f"/{place}/message"])
        assert webhook["status"] == "undeliverable"
        assert 1180 <= webhook["error"]["title"] <= 1330


def test_a_number_that_nobody_has_fails(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    send_sms(web, to=UNKNOWN, callback=receiver.url)
    move_on(sandbox, clock, 1)
    seen = parameters(receiver.await_posts(1)[-1])
    assert (seen["status"], seen["err-code"]) == ("failed", "3")


def test_a_message_by_hand_without_a_code_is_unknown(
    web: FlaskClient, sandbox: Sandbox, receiver: Receiver
) -> None:
    send_sms(web, callback=receiver.url)
    web.post(f"/api/v1/messages/{newest(web)['id']}/status", json={"status": "failed"})
    seen = parameters(receiver.await_posts(1)[-1])
    assert (seen["status"], seen["err-code"]) == ("failed", "1")


def test_status_webhooks_tell_of_the_way_with_a_token(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    message_uuid = send_message(web, webhook_url=f"{receiver.url}/status#part", client_ref="7")
    move_on(sandbox, clock, 1)
    posts = receiver.await_posts(2)
    seen = [told(post) for post in posts]
    assert [one["status"] for one in seen] == ["submitted", "delivered"]
    assert (posts[0].method, posts[0].path) == ("POST", "/status")
    assert posts[0].headers["Content-Type"] == "application/json"
    last = seen[-1]
    assert last.pop("timestamp") == "2027-01-15T08:00:00.800Z"
    assert last == {
        "message_uuid": message_uuid,
        "to": TO,
        "from": FROM,
        "status": "delivered",
        "channel": "sms",
        "client_ref": "7",
        "usage": {"currency": "EUR", "price": "0.0333"},
        "destination": {"network_code": "00101"},
        "sms": {"count_total": "1"},
        "claims": {"api_key": KEY},
    }


def test_a_lost_message_says_why_in_the_apis_codes(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    settings(web, status_url=f"{receiver.url}/usual")
    message_uuid = send_message(web, to=UNREACHABLE)
    move_on(sandbox, clock, 1)
    last = told(receiver.await_posts(2)[-1])
    assert (last["status"], "usage" in last) == ("undeliverable", False)
    assert last["error"] == {
        "type": "https://developer.nexmo.com/api-errors/messages-olympus#1180",
        "title": 1180,
        "detail": "Absent Subscriber Temporary",
        "instance": message_uuid,
    }


def test_messages_that_stand_by_are_sent_one_after_the_other(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    nobody = {"channel": "sms", "message_type": "text", "to": UNKNOWN, "from": FROM, "text": "2"}
    other = nobody | {
        "to": TO,
        "text": "3",
        "webhook_url": f"{receiver.url}/3",
        "client_ref": "third",
    }
    webhook = f"{receiver.url}/1"
    answer = ask_message(web, to=UNKNOWN, webhook_url=webhook, failover=[nobody, other])
    assert answer.status_code == 202, answer.text
    assert web.get("/api/v1/messages").json["total"] == 1
    for total in (2, 3, 3):
        move_on(sandbox, clock, 1)
        assert web.get("/api/v1/messages").json["total"] == total
    first, *others = [told(post) for post in receiver.await_posts(3)]
    place = {"id": answer.json["workflow_id"], "total_items": "3"}
    assert (first["status"], first["workflow"]) == ("rejected", place | {"item_number": "1"})
    assert [one["status"] for one in others] == ["submitted", "delivered"]
    assert others[0]["workflow"] == place | {"item_number": "3"}
    assert others[0]["client_ref"] == "third"
    assert newest(web)["body"] == "3"


def test_a_message_that_arrives_needs_no_other(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    other = {"channel": "sms", "message_type": "text", "to": UNKNOWN, "from": FROM, "text": "2"}
    send_message(web, failover=[other])
    send_message(web, to=UNREACHABLE, failover=[other])
    move_on(sandbox, clock, 5)
    assert web.get("/api/v1/messages").json["total"] == 2


def test_a_webhook_of_the_newer_apis_comes_again_where_it_met_a_5xx(
    web: FlaskClient, sandbox: Sandbox, receiver: Receiver
) -> None:
    receiver.answers.extend([status(503), status(404)])
    settings(web, APPLICATION, inbound_url=f"{receiver.url}/in")
    message = inbound(web, "Hello", APPLICATION)
    assert "next_attempt_at" in await_attempts(sandbox.inbox, message["id"], 1)[0]
    web.post("/api/v1/clock/advance", json={"seconds": 5})
    assert "next_attempt_at" not in await_attempts(sandbox.inbox, message["id"], 2)[1]


def test_an_applications_webhooks_name_it_and_bear_its_accounts_secret(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    send_message(web, bearer(), webhook_url=receiver.url)
    move_on(sandbox, clock, 1)
    assert all("Authorization" not in post.headers for post in receiver.await_posts(2))
    settings(web, APPLICATION, signing_key=SECRET)
    send_message(web, bearer(), webhook_url=receiver.url)
    move_on(sandbox, clock, 1)
    assert told(receiver.await_posts(4)[-1])["claims"] == {"application_id": APPLICATION}


def test_a_handsets_message_comes_in_the_form_of_the_sms_api(
    web: FlaskClient, receiver: Receiver
) -> None:
    settings(web, inbound_url=f"{receiver.url}/in", signing_key=SECRET)
    inbound(web, "Stop that")
    seen = parameters(receiver.await_posts(1)[0])
    assert seen.pop("sig") == sign("sha256", SECRET, canonical(seen)).upper()
    assert seen.pop("messageId").startswith("0B")
    assert {name: seen[name] for name in list(seen)[:-2]} == {
        "text": "Stop that",
        "msisdn": TO,
        "to": FROM,
        "type": "text",
        "keyword": "STOP",
        "api-key": KEY,
        "message-timestamp": "2027-01-15 08:00:00",
    }


def test_a_long_message_from_a_handset_comes_in_parts(web: FlaskClient, receiver: Receiver) -> None:
    settings(web, inbound_url=f"{receiver.url}/in", webhook_method="POST")
    inbound(web, "ü→" * 60)
    seen = [parameters(post) for post in receiver.await_posts(2)]
    assert "".join(one["text"] for one in seen) == "ü→" * 60
    assert [one["concat-part"] for one in seen] == ["1", "2"]
    assert {(one["concat"], one["concat-total"], one["type"]) for one in seen} == {
        ("true", "2", "unicode")
    }
    assert len({one["concat-ref"] for one in seen}) == 1
    assert len({one["messageId"] for one in seen}) == 2


def test_an_application_gets_a_handsets_message_in_the_form_of_the_messages_api(
    web: FlaskClient, receiver: Receiver
) -> None:
    settings(web, APPLICATION, inbound_url=f"{receiver.url}/in", signing_key=SECRET)
    inbound(web, "Hello there", APPLICATION)
    seen = told(receiver.await_posts(1)[0])
    assert seen.pop("message_uuid")
    assert seen == {
        "channel": "sms",
        "to": FROM,
        "from": TO,
        "timestamp": "2027-01-15T08:00:00.000Z",
        "text": "Hello there",
        "message_type": "text",
        "sms": {"num_messages": "1", "keyword": "HELLO"},
        "usage": {"currency": "EUR", "price": "0.0"},
        "origin": {"network_code": "00101"},
        "claims": {"application_id": APPLICATION},
    }


def test_a_key_that_uses_the_messages_api_says_so_by_its_signature(
    web: FlaskClient, receiver: Receiver
) -> None:
    settings(web, inbound_url=f"{receiver.url}/in", signing_key=SECRET, signature_method="jwt")
    inbound(web, "Hello")
    assert told(receiver.await_posts(1)[0])["claims"] == {"api_key": KEY}


def test_an_account_that_has_shown_no_secret_posts_unsigned(
    web: FlaskClient, receiver: Receiver
) -> None:
    settings(web, inbound_url=f"{receiver.url}/in")
    inbound(web, "Hello")
    assert not set(SIGNED) & set(parameters(receiver.await_posts(1)[0]))


def test_without_an_address_nothing_is_posted(web: FlaskClient, sandbox: Sandbox) -> None:
    message = inbound(web, "Hello")
    assert sandbox.inbox.attempts(message["id"]) == []


def test_what_is_not_taken_is_posted_again_for_a_day(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    receiver.answers.extend([status(500), status(404), status(200)])
    settings(web, inbound_url=f"{receiver.url}/in")
    message = inbound(web, "Hello")
    for pause in (60, 120):
        found = await_attempts(sandbox.inbox, message["id"], 1 if pause == 60 else 2)
        assert found[-1]["next_attempt_at"] is not None
        web.post("/api/v1/clock/advance", json={"seconds": pause})
    found = await_attempts(sandbox.inbox, message["id"], 3)
    assert "next_attempt_at" not in found[-1]
    assert len({post.body for post in receiver.posts}) == 1


@pytest.mark.parametrize("method", [None, "POST", "GET"])
def test_a_fault_spoils_the_signature_of_a_receipt(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver, method: str | None
) -> None:
    if method:
        settings(web, webhook_method=method)
    effect = {"type": "webhook", "mutation": "bad_signature"}
    web.post("/api/v1/faults", json={"match": {"provider": "vonage"}, "effect": effect})
    send_sms(web, callback=receiver.url)
    send_message(web, webhook_url=f"{receiver.url}/message")
    move_on(sandbox, clock, 1)
    for post in receiver.await_posts(4):
        if post.path == "/message":
            with pytest.raises(jwt.InvalidSignatureError):
                told(post)
        else:
            seen = parameters(post)
            expected = sign("sha256", SECRET, canonical(seen)).upper()
            assert seen["sig"] != expected
            assert seen["sig"][:-7] == expected[:-7]

"""What MessageBird tells the application of messages, and of what handsets send."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient
from sandbox.messagebird_calls import KEY, NOTES, TO, fetch, get, item, key, send, start
from sandbox.receiver import Post, Receiver, status
from sandbox.time_calls import move_on
from sandbox.twilio_calls import await_attempts

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock

SIGNING_KEY = "PlLrKaqvZNRR5zAjm42ZT6q1SQxgbbGd"
HEADER = "MessageBird-Signature-JWT"
NAMES = [
    "id", "reference", "recipient", "status", "statusReason", "statusErrorCode", "statusDatetime",
    "mccmnc", "ported", "messageLength", "messagePartCount", "price[amount]", "price[currency]",
]  # fmt: skip


def settings(web: FlaskClient, **values: Any) -> None:
    answer = web.put(f"/api/v1/settings?account={KEY}", json=values)
    assert answer.status_code == 200, answer.text


def claims(post: Post, base: str, *, signing_key: str = KEY, digest: str = "sha256") -> Any:
    """The claims of a request's token, which is its own."""
    head, body, signed = post.headers[HEADER].split(".")
    mac = hmac.digest(signing_key.encode(), f"{head}.{body}".encode(), digest)
    assert base64.urlsafe_b64encode(mac).rstrip(b"=").decode() == signed
    found = json.loads(base64.urlsafe_b64decode(body + "=="))
    assert found["iss"] == "MessageBird"
    assert found["url_hash"] == hashlib.sha256((base + post.path).encode()).hexdigest()
    return found


def query(post: Post) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(post.path).query, keep_blank_values=True))


def test_each_status_is_reported_by_get_with_a_token(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    made = send(web, reference="my ref", reportUrl=f"{receiver.url}/mb?env=test#part")
    began = int(clock.now())
    move_on(sandbox, clock, 1)
    posts = receiver.await_posts(2)
    assert [query(post)["status"] for post in posts] == ["buffered", "delivered"]
    seen = set()
    for post in posts:
        assert (post.method, post.body, post.path[:13]) == ("GET", "", "/mb?env=test&")
        found = claims(post, receiver.url)
        assert list(found) == ["iss", "nbf", "exp", "jti", "url_hash"]
        assert found["nbf"] - began in (0, 1)
        assert found["exp"] - found["nbf"] == 60 + 60 + 120 + 240
        seen.add(found["jti"])
    assert len(seen) == 2
    last = query(posts[-1])
    assert list(last) == ["env", *NAMES]
    assert {name: last[name] for name in NAMES} == {
        "id": made["id"],
        "reference": "my ref",
        "recipient": TO,
        "status": "delivered",
        "statusReason": "successfully delivered",
        "statusErrorCode": "0",
        "statusDatetime": "2027-01-15T08:00:00+00:00",
        "mccmnc": "00101",
        "ported": "0",
        "messageLength": "19",
        "messagePartCount": "1",
        "price[amount]": "0.05",
        "price[currency]": "EUR",
    }


def test_loss_is_reported_with_its_reason(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    send(web, recipients=["14045550100"], reference="r", reportUrl=receiver.url)
    move_on(sandbox, clock, 1)
    (post,) = receiver.await_posts(1)
    assert post.path.startswith("/?id=")
    claims(post, receiver.url)
    told = query(post)
    assert (told["status"], told["statusErrorCode"]) == ("delivery_failed", "1")
    assert (told["statusReason"], told["price[amount]"]) == ("unknown subscriber", "0.00")


def test_no_report_without_a_reference_or_for_a_key_for_tests(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    settings(web, status_url=f"{receiver.url}/all")
    send(web)
    sent = {"originator": NOTES, "recipients": TO, "body": "x", "reference": "r"}
    address = {"reportUrl": f"{receiver.url}/test"}
    web.post("/messagebird/messages", json=sent | address, headers=key("test_k"))
    last = send(web, reference="r")
    move_on(sandbox, clock, 1)
    posts = receiver.await_posts(2)
    assert {query(post)["id"] for post in posts} == {last["id"]}
    assert {urlsplit(post.path).path for post in posts} == {"/all"}


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_account_chooses_the_signing_key_and_the_algorithm(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver, algorithm: str
) -> None:
    settings(web, signing_key=SIGNING_KEY, signature_method=algorithm.lower())
    send(web, reference="r", reportUrl=receiver.url)
    move_on(sandbox, clock, 1)
    post = receiver.await_posts(2)[0]
    claims(post, receiver.url, signing_key=SIGNING_KEY, digest=f"sha{algorithm[2:]}")


def test_token_is_of_real_time_where_the_account_has_another(
    web: FlaskClient, clock: FrozenClock, receiver: Receiver
) -> None:
    web.put(f"/api/v1/clock?account={KEY}", json={"frozen": True, "now": "2030-01-01T00:00:00Z"})
    send(web, reference="r", reportUrl=receiver.url)
    web.post(f"/api/v1/clock/advance?account={KEY}", json={"seconds": 3600})
    posts = receiver.await_posts(2)
    for post in posts:
        assert claims(post, receiver.url)["nbf"] == int(clock.now())
        assert query(post)["statusDatetime"].startswith("2030-01-01T00:00")


def test_stale_report_has_a_token_that_has_expired(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    rule = {"match": {}, "effect": {"type": "webhook", "mutation": "stale"}}
    web.post("/api/v1/faults", json=rule)
    send(web, reference="r", reportUrl=receiver.url)
    move_on(sandbox, clock, 1)
    for post in receiver.await_posts(2):
        assert claims(post, receiver.url)["exp"] < clock.now() - 1000


def test_report_that_is_not_taken_comes_again_after_60_120_and_240_seconds(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    receiver.answers.extend(status(code) for code in (500, 404, 302, 500))
    send(web, recipients="14045550100", reference="r", reportUrl=receiver.url)
    move_on(sandbox, clock, 1)
    message = web.get("/api/v1/messages").json["messages"][0]["id"]
    for number, pause in enumerate((60, 120, 240), start=1):
        last = await_attempts(sandbox.inbox, message, number)[-1]
        at, again = (datetime.fromisoformat(last[name]) for name in ("at", "next_attempt_at"))
        assert (again - at).total_seconds() == pause
        clock.advance(pause)
    last = await_attempts(sandbox.inbox, message, 4)[-1]
    assert "next_attempt_at" not in last
    assert claims(receiver.posts[-1], receiver.url)["exp"] > clock.now()


def test_scenario_spoils_the_token(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    send(web, recipients="14015550100", reference="r", reportUrl=receiver.url)
    move_on(sandbox, clock, 1)
    for post in receiver.await_posts(2):
        with pytest.raises(AssertionError):
            claims(post, receiver.url)


def text(web: FlaskClient, body: str, **changes: Any) -> Any:
    """The handset writes."""
    message = {"account": KEY, "provider": "messagebird", "from": f"+{TO}", "to": "+31610000001"}
    answer = web.post("/api/v1/inbound", json=message | {"body": body} | changes)
    assert answer.status_code == 201, answer.text
    return answer.json


def test_handsets_message_is_told_as_a_form_and_listed(
    web: FlaskClient, receiver: Receiver
) -> None:
    send(web)
    settings(web, inbound_url=f"{receiver.url}/in?env=test")
    text(web, "Grüß dich & →")
    (post,) = receiver.await_posts(1)
    assert (post.method, post.path) == ("POST", "/in?env=test")
    found = claims(post, receiver.url)
    assert found["payload_hash"] == hashlib.sha256(post.body.encode()).hexdigest()
    told = post.form
    assert told == {
        "id": told["id"],
        "recipient": "31610000001",
        "originator": TO,
        "body": "Grüß dich & →",
        "payload": "Grüß dich & →",
        "createdDatetime": "2027-01-15T08:00:00+00:00",
    }
    shown = fetch(web, told["id"])
    assert (shown["direction"], shown["originator"], shown["body"]) == ("mo", TO, told["body"])
    assert shown["datacoding"] == "unicode"
    assert item(web, told["id"])["recipient"] == 31610000001


def test_handset_may_write_to_a_name_and_by_get(web: FlaskClient, receiver: Receiver) -> None:
    send(web)
    settings(web, inbound_url=f"{receiver.url}/in", webhook_method="GET")
    text(web, "Hello", to="Notes")
    (post,) = receiver.await_posts(1)
    assert (post.method, query(post)["recipient"], post.body) == ("GET", "Notes", "")
    claims(post, receiver.url)
    (shown,) = get(web, "/messages", direction="mo")["items"]
    assert shown["recipients"]["items"][0]["recipient"] == "Notes"


def test_account_that_has_shown_no_key_is_told_unsigned(
    web: FlaskClient, receiver: Receiver
) -> None:
    settings(web, inbound_url=f"{receiver.url}/in")
    text(web, "Hello")
    (post,) = receiver.await_posts(1)
    assert HEADER not in post.headers


def test_stop_and_start_of_a_handset_are_heeded(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    send(web)
    text(web, " stop ", to=NOTES)
    declined, other = send(web)["id"], send(web, originator="31610000001")["id"]
    move_on(sandbox, clock, 10)
    shown = item(web, declined)
    assert (shown["status"], shown["statusReason"]) == ("delivery_failed", "opted out")
    assert item(web, other)["status"] == "delivered"
    text(web, "UNSTOP", to=NOTES)
    again = send(web)["id"]
    move_on(sandbox, clock, 10)
    assert item(web, again)["status"] == "delivered"


def test_verification_with_a_reference_is_reported_as_its_message(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    made = start(web, reference="login", reportUrl=f"{receiver.url}/verify")
    move_on(sandbox, clock, 1)
    posts = receiver.await_posts(2)
    assert {query(post)["reference"] for post in posts} == {"login"}
    assert made["messages"]["href"].endswith(query(posts[0])["id"])

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from flask.testing import FlaskClient
from sandbox.control_calls import problem
from sandbox.receiver import Receiver, receiving, status
from sandbox.twilio_calls import ACCOUNT, FROM, TO, TOKEN, basic, create
from servers import until

from sms_sandbox.app import Sandbox, create_app, open_sandbox
from sms_sandbox.callback import Outcome
from sms_sandbox.client import SandboxClient
from sms_sandbox.clock import FrozenClock
from sms_sandbox.facades.twilio.signature import sign
from sms_sandbox.inbox import callbacks
from sms_sandbox.settings import Settings
from sms_sandbox.storage import webhooks
from sms_sandbox.webhooks import PER_ORIGIN


def deliver(sandbox: Sandbox, clock: FrozenClock, *seconds: float) -> None:
    for step in seconds:
        clock.advance(step)
        sandbox.inbox.advance_due()


def fail(web: FlaskClient) -> None:
    """Move the newest message to its end, so that it owes one callback and no more."""
    body = {"status": "failed", "error_code": 30034}
    web.post(f"/api/v1/messages/{newest_id(web)}/status", json=body)


def newest_id(web: FlaskClient) -> str:
    found: str = web.get("/api/v1/messages").json["messages"][0]["id"]
    return found


def _waiting(sandbox: Sandbox) -> int:
    with sandbox.database.read() as connection:
        return webhooks.count(connection)


class Log:
    """The attempts of the newest message, awaited through the event stream."""

    def __init__(self, web: FlaskClient, sandbox: Sandbox) -> None:
        self._web = web
        self._stream = sandbox.inbox.subscribe(None, None)

    def await_attempts(self, number: int) -> list[dict[str, Any]]:
        seen = 0
        for _ in range(600):
            if seen >= number:
                break
            seen += sum(event.kind == "webhook" for event in self._stream.take(0.1))
        path = f"/api/v1/messages/{newest_id(self._web)}/webhooks"
        found: list[dict[str, Any]] = self._web.get(path).json["webhooks"]
        return found


@pytest.fixture
def log(web: FlaskClient, sandbox: Sandbox) -> Log:
    return Log(web, sandbox)


def test_every_status_after_the_first_is_called_back_signed(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    url = f"{receiver.url}/status?tenant=42"
    shown = create(web, StatusCallback=url)
    deliver(sandbox, clock, 0.3)
    receiver.await_posts(1)
    deliver(sandbox, clock, 1)
    sent, delivered = receiver.await_posts(2)
    assert sent.form == {
        "SmsSid": shown["sid"],
        "SmsStatus": "sent",
        "MessageStatus": "sent",
        "To": TO,
        "MessageSid": shown["sid"],
        "AccountSid": ACCOUNT,
        "From": FROM,
        "ApiVersion": "2010-04-01",
    }
    assert delivered.form["MessageStatus"] == "delivered"
    assert delivered.form["RawDlrDoneDate"] == "2701150800"
    for post in (sent, delivered):
        assert post.path == "/status?tenant=42"
        parameters = parse_qsl(post.body, keep_blank_values=True)
        assert post.headers["X-Twilio-Signature"] == sign(TOKEN, url, parameters)
        assert post.headers["User-Agent"] == "TwilioProxy/1.1"


def test_a_messaging_service_calls_back_queued_too(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    service = "MG" + "c" * 32
    create(web, From=None, MessagingServiceSid=service, StatusCallback=receiver.url)
    for number, step in enumerate((0.1, 0.2, 1), start=1):
        deliver(sandbox, clock, step)
        posts = receiver.await_posts(number)
    assert [post.form["MessageStatus"] for post in posts] == ["queued", "sent", "delivered"]
    assert posts[0].form["MessagingServiceSid"] == service


def test_a_failure_by_hand_is_called_back_with_its_code(
    web: FlaskClient, receiver: Receiver
) -> None:
    create(web, StatusCallback=receiver.url)
    fail(web)
    (post,) = receiver.await_posts(1)
    assert (post.form["MessageStatus"], post.form["ErrorCode"]) == ("failed", "30034")


def test_an_attempt_is_logged_with_request_and_answer(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver, log: Log
) -> None:
    receiver.answers.append(status(200, b"thank you"))
    create(web, StatusCallback=receiver.url)
    deliver(sandbox, clock, 0.3)
    (attempt,) = log.await_attempts(1)
    assert attempt["message_id"] == newest_id(web)
    assert (attempt["kind"], attempt["url"]) == ("status", receiver.url)
    assert attempt["request"]["method"] == "POST"
    assert attempt["request"]["body"] == receiver.posts[0].body
    assert "X-Twilio-Signature" in attempt["request"]["headers"]
    assert attempt["response"] == {"status": 200, "body": "thank you"}
    assert attempt["attempt"] == 1
    assert attempt["milliseconds"] >= 0
    assert attempt["at"] == "2027-01-15T08:00:00.300Z"
    assert "error" not in attempt
    assert "next_attempt_at" not in attempt


def test_a_dead_receiver_is_tried_once_more_in_sandbox_time(
    web: FlaskClient, clock: FrozenClock, log: Log
) -> None:
    create(web, StatusCallback="http://127.0.0.1:9/status")
    fail(web)
    (first,) = log.await_attempts(1)
    assert first["error"] == "Nothing listens there: connection refused."
    assert first["next_attempt_at"] == "2027-01-15T08:00:01.000Z"
    clock.advance(1)
    first, second = log.await_attempts(1)
    assert second["attempt"] == 2
    assert "next_attempt_at" not in second
    token = "I-Twilio-Idempotency-Token"
    assert first["request"]["headers"][token] == second["request"]["headers"][token]


def test_a_refusal_is_not_tried_again(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver, log: Log
) -> None:
    receiver.answers.append(status(500, b"boom"))
    create(web, StatusCallback=receiver.url)
    deliver(sandbox, clock, 0.3)
    (attempt,) = log.await_attempts(1)
    assert attempt["response"] == {"status": 500, "body": "boom"}
    assert "next_attempt_at" not in attempt


def test_the_fragment_asks_for_more_retries_and_is_neither_sent_nor_signed(
    web: FlaskClient, clock: FrozenClock, receiver: Receiver, log: Log
) -> None:
    receiver.answers.extend([status(500), status(503)])
    create(web, StatusCallback=f"{receiver.url}/s#rc=2&rp=all")
    fail(web)
    log.await_attempts(1)
    clock.advance(1)
    log.await_attempts(1)
    clock.advance(2)
    posts = receiver.await_posts(3)
    assert [post.path for post in posts] == ["/s"] * 3
    url = f"{receiver.url}/s"
    parameters = parse_qsl(posts[0].body, keep_blank_values=True)
    assert posts[2].headers["X-Twilio-Signature"] == sign(TOKEN, url, parameters)


def test_an_attempt_is_sent_again_by_hand(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver, log: Log
) -> None:
    create(web, StatusCallback=receiver.url)
    deliver(sandbox, clock, 0.3)
    (first,) = log.await_attempts(1)
    answer = web.post(f"/api/v1/webhooks/{first['id']}/resend", json={})
    assert answer.status_code == 202
    assert (answer.json["attempt"], answer.json["message_id"]) == (2, first["message_id"])
    _, second = log.await_attempts(1)
    assert second["id"] == answer.json["id"]
    assert second["request"] == first["request"]
    assert len(receiver.posts) == 2
    problem(web.post("/api/v1/webhooks/whk_0/resend", json={}), 404, "unknown_webhook")


def test_a_message_without_callback_has_no_webhooks(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock
) -> None:
    create(web)
    deliver(sandbox, clock, 1)
    assert web.get(f"/api/v1/messages/{newest_id(web)}/webhooks").json == {"webhooks": []}
    problem(web.get("/api/v1/messages/msg_0/webhooks"), 404, "unknown_message")


def test_an_account_known_by_an_api_key_only_calls_back_unsigned(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    form = {"To": TO, "From": FROM, "Body": "x", "StatusCallback": receiver.url}
    path = f"/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    web.post(path, data=form, headers=basic("SK" + "e" * 32, "key secret"))
    deliver(sandbox, clock, 0.3)
    (post,) = receiver.await_posts(1)
    assert "X-Twilio-Signature" not in post.headers


def test_an_account_signs_with_the_secret_that_its_further_name_has_shown(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    web.put("/api/v1/accounts/shop/aliases", json={"aliases": [ACCOUNT]})
    create(web, StatusCallback=receiver.url)
    deliver(sandbox, clock, 0.3)
    (post,) = receiver.await_posts(1)
    assert web.get("/api/v1/messages").json["messages"][0]["account"] == "shop"
    parameters = parse_qsl(post.body, keep_blank_values=True)
    assert post.headers["X-Twilio-Signature"] == sign(TOKEN, receiver.url, parameters)


def test_a_slow_receiver_holds_up_no_send_and_nobody_else(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, receiver: Receiver
) -> None:
    def wait(handler: Any) -> None:
        receiver.released.wait(20)

    receiver.answers.extend([wait] * 50)
    for _ in range(PER_ORIGIN + 3):
        create(web, StatusCallback=receiver.url)
    deliver(sandbox, clock, 0.3)
    receiver.await_posts(PER_ORIGIN)
    with receiving() as other:
        create(web, StatusCallback=other.url)
        deliver(sandbox, clock, 0.3)
        other.await_posts(1)
    assert len(receiver.posts) == PER_ORIGIN
    receiver.released.set()


def test_a_full_queue_is_written_into_the_log(
    web: FlaskClient,
    sandbox: Sandbox,
    clock: FrozenClock,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(callbacks, "MAX_WAITING", 0)
    create(web, StatusCallback="http://127.0.0.1:9/")
    deliver(sandbox, clock, 0.3)
    (attempt,) = log.await_attempts(1)
    assert attempt["error"] == "Not posted: 0 callbacks were waiting already."
    problem(web.post(f"/api/v1/webhooks/{attempt['id']}/resend", json={}), 503, "busy")


def test_the_log_keeps_the_newest_attempts_of_a_message(
    web: FlaskClient, receiver: Receiver, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callbacks, "MAX_ATTEMPTS", 2)
    create(web, StatusCallback=receiver.url)
    fail(web)
    (attempt,) = log.await_attempts(1)
    for number in (2, 3):
        web.post(f"/api/v1/webhooks/{attempt['id']}/resend", json={})
        *_, attempt = log.await_attempts(1)
        assert attempt["attempt"] == number
    path = f"/api/v1/messages/{newest_id(web)}/webhooks"
    assert [one["attempt"] for one in web.get(path).json["webhooks"]] == [2, 3]


def test_an_outcome_counts_once(web: FlaskClient, sandbox: Sandbox) -> None:
    sandbox.webhooks.stop()
    create(web, StatusCallback="http://127.0.0.1:9/")
    fail(web)
    waiting, _ = sandbox.inbox.next_callback((), 1)
    assert waiting is not None
    for _ in range(2):
        sandbox.inbox.settle_callback(waiting, Outcome(milliseconds=1, status=204))
    assert len(sandbox.inbox.attempts(newest_id(web))) == 1


def test_the_fragment_asks_for_no_more_than_twilio_gives(
    web: FlaskClient, sandbox: Sandbox
) -> None:
    sandbox.webhooks.stop()
    create(web, StatusCallback="http://127.0.0.1:9/#rc=99&rp=all&ct=99999&rt=99999&tt=99999")
    fail(web)
    with sandbox.database.read() as connection:
        (waiting,) = webhooks.heads(connection)
    asked = waiting.callback
    assert (asked.retries, asked.connect_timeout, asked.total_timeout) == (5, 10, 15)


def test_deleting_a_message_ends_its_callbacks(
    web: FlaskClient, sandbox: Sandbox, clock: FrozenClock, log: Log
) -> None:
    create(web, StatusCallback="http://127.0.0.1:9/")
    deliver(sandbox, clock, 0.3)
    log.await_attempts(1)
    assert _waiting(sandbox) == 1
    web.delete(f"/api/v1/messages/{newest_id(web)}")
    assert _waiting(sandbox) == 0


def test_a_restart_keeps_the_queue(tmp_path: Path, clock: FrozenClock, receiver: Receiver) -> None:
    settings = Settings(db=str(tmp_path / "sandbox.sqlite"))
    first = open_sandbox(settings, clock)
    create(create_app(first).test_client(), StatusCallback=f"{receiver.url}/late")
    first.webhooks.stop()
    first.timeline.stop()
    clock.advance(0.3)
    first.inbox.advance_due()
    first.close()
    assert receiver.posts == []
    second = open_sandbox(settings, clock)
    try:
        (post,) = receiver.await_posts(1)
        assert (post.path, post.form["MessageStatus"]) == ("/late", "sent")
    finally:
        second.close()


def test_webhooks_are_events_of_the_stream(
    server: Any, client: SandboxClient, receiver: Receiver
) -> None:
    web = create_app(server.sandbox).test_client()
    kinds = []

    def read() -> dict[str, Any]:
        for kind, data in client.events(None):
            kinds.append(kind)
            if kind == "webhook":
                return data
        raise AssertionError(kinds)

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        until(lambda: server.sandbox.inbox.watchers == 1)  # it opens with its first event
        create(web, StatusCallback=receiver.url)
        assert reading.result(20)["response"]["status"] == 204
    assert kinds[0] == "message"


def test_an_older_database_gains_the_new_tables(
    tmp_path: Path, clock: FrozenClock, make_sandbox: Callable[..., Sandbox]
) -> None:
    import sqlite3

    from sms_sandbox.storage import schema

    file = tmp_path / "old.sqlite"
    with sqlite3.connect(file) as connection:
        connection.executescript(
            f"{schema._MESSAGES} INSERT INTO sequence VALUES (7); PRAGMA user_version = 1;"
        )
    connection.close()
    sandbox = make_sandbox(db=str(file))
    web = create_app(sandbox).test_client()
    assert create(web)["status"] == "queued"

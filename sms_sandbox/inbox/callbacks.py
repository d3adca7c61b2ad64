"""Callbacks to the application: planned with the move that they tell of, settled, sent again."""

from sqlite3 import Connection

from sms_sandbox.callback import Attempt, Callback, Outcome, Waiting
from sms_sandbox.errors import Busy, UnknownWebhook
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.live import Event
from sms_sandbox.message import Message
from sms_sandbox.storage import credentials, messages, submissions, webhooks

MAX_WAITING = 10_000
"""How many callbacks may wait; one more is written into the log as not posted."""
MAX_ATTEMPTS = 100
"""How many attempts the log keeps of one message."""


def plan(parts: Parts, connection: Connection, message: Message) -> Event | None:
    """Queue the callback that tells of a message's new status, if its vendor owes one.

    Works inside the move's transaction, so neither can be without the other. Returns the event
    of a callback that found the queue full.
    """
    render = parts.renderers.get(message.provider)
    submission = submissions.of_message(connection, message.seq) if render else None
    if render is None or submission is None:
        return None
    key = credentials.signing_key(connection, message.provider, message.account)
    callback = render(message, submission, key)
    if callback is None:
        return None
    if webhooks.count(connection) >= MAX_WAITING:
        error = f"Not posted: {MAX_WAITING:,} callbacks were waiting already."
        outcome = Outcome(milliseconds=0, error=error)
        return _log(parts, connection, message, _new(parts, message, callback), outcome)
    webhooks.add(connection, _new(parts, message, callback))
    return None


def settle(parts: Parts, waiting: Waiting, outcome: Outcome) -> None:
    """Write down what an attempt came to, and queue the next one if the vendor tries again."""
    with parts.lock:
        with parts.database.write() as connection:
            message = messages.by_place(connection, waiting.message_seq)
            if not webhooks.remove(connection, waiting.id) or message is None:
                return
            event = _log(parts, connection, message, waiting, outcome)
        parts.live.publish(event)
        parts.counters["webhook_attempts"] += 1
        parts.counters["failed_webhook_attempts"] += outcome.error is not None


def attempts(parts: Parts, message: Message) -> list[Attempt]:
    """Every attempt of one message's callbacks, oldest first."""
    with parts.database.read() as connection:
        return webhooks.attempts(connection, message.seq, message.id)


def resend(parts: Parts, attempt_id: str) -> tuple[Attempt, Waiting]:
    """Queue the request of an earlier attempt once more. Raises ``UnknownWebhook``, ``Busy``."""
    with parts.database.write() as connection:
        found = webhooks.find(connection, attempt_id)
        if found is None:
            raise UnknownWebhook(
                "There is no webhook attempt with this id.",
                hint="GET /api/v1/messages/{id}/webhooks lists a message's attempts.",
            )
        if webhooks.count(connection) >= MAX_WAITING:
            raise Busy(
                f"{MAX_WAITING:,} callbacks are waiting already.",
                hint="Try again once some have been posted.",
                retry_after=5,
            )
        seq, attempt = found
        waiting = Waiting(
            id=webhooks.new_id(),
            message_seq=seq,
            attempt=attempt.attempt + 1,
            due_at=parts.clock.now(),
            callback=attempt.callback,
        )
        webhooks.add(connection, waiting)
    return attempt, waiting


def _new(parts: Parts, message: Message, callback: Callback) -> Waiting:
    return Waiting(
        id=webhooks.new_id(),
        message_seq=message.seq,
        attempt=1,
        due_at=parts.clock.now(),
        callback=callback,
    )


def _log(
    parts: Parts, connection: Connection, message: Message, waiting: Waiting, outcome: Outcome
) -> Event:
    now = parts.clock.now()
    pause = waiting.callback.retry_after(outcome.failure, waiting.attempt)
    attempt = Attempt(
        id=waiting.id,
        message_id=message.id,
        callback=waiting.callback,
        outcome=outcome,
        attempt=waiting.attempt,
        at=now,
        next_attempt_at=None if pause is None else now + pause,
    )
    webhooks.log(connection, message.seq, attempt, MAX_ATTEMPTS)
    if attempt.next_attempt_at is not None:
        again = Waiting(
            id=webhooks.new_id(),
            message_seq=message.seq,
            attempt=waiting.attempt + 1,
            due_at=attempt.next_attempt_at,
            callback=waiting.callback,
        )
        webhooks.add(connection, again)
    place = messages.next_place(connection)
    return Event(place, "webhook", message.account, attempt.as_json())

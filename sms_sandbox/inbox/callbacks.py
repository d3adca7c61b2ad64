"""Callbacks to the application: planned with the move that they tell of, settled, sent again."""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import replace
from sqlite3 import Connection

from sms_sandbox.callback import Attempt, Callback, Mutation, Outcome, Waiting
from sms_sandbox.errors import Busy, InvalidRequest, UnknownWebhook
from sms_sandbox.inbox import mutations
from sms_sandbox.inbox.hooks import Scene
from sms_sandbox.inbox.mutations import Post
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.live import Event
from sms_sandbox.message import Message, Submission
from sms_sandbox.storage import credentials, messages, records, submissions, webhooks

Then = Callable[[Connection, Message], str | None]
"""What follows from an attempt, in its transaction; returns a note for the log."""

MAX_WAITING = 10_000
"""How many callbacks may wait; one more is written into the log as not posted."""
MAX_ATTEMPTS = 100
"""How many attempts the log keeps of one message."""
MAX_LOGGED = 50_000
"""How many attempts the log keeps in all."""


def scene(parts: Parts, connection: Connection, message: Message, now: float) -> Scene:
    """What a message's vendor may know. What signs is the key that was set for the account, else
    the secret that it has shown."""
    account = message.account
    settings = parts.accounts.settings(account)
    names = (account, *parts.accounts.aliases(account))
    shown = (credentials.signing_key(connection, message.provider, one) for one in names)
    return Scene(
        now=now,
        signing_key=settings.signing_key or next((key for key in shown if key), None),
        settings=settings,
        ids=lambda size: parts.ids.hex(account, size, "scene"),
        tokens=lambda size: parts.ids.hex(account, size, "token"),
        recall=lambda kind, name: records.get(connection, message.provider, account, kind, name),
        real=parts.clock.real(),
    )


def queue(
    parts: Parts,
    connection: Connection,
    message: Message,
    callback: Callback,
    at: float | None = None,
) -> Event | None:
    """Put a callback of a message into the queue, due at ``at`` (default: now), or what a fault
    makes of it. Returns the event of one that is not posted, because a fault drops it or the
    queue is full; the log says which."""
    moment = parts.clock.now(message.account) if at is None else at
    mutation, pause = mutations.find(parts, connection, message)
    if mutation == "drop":
        outcome = Outcome(milliseconds=0, error="Not posted: a fault rule dropped it.")
        dropped = _new(parts, message, Post(replace(callback, mutation=mutation), moment))
        return _log(parts, connection, message, dropped, outcome)
    again = _Again(parts, connection, message)
    posts = mutations.apply(again, message, Post(callback, moment), mutation, pause)
    event: Event | None = None
    held = webhooks.release(connection, message.seq)
    for post in posts:
        event = _add(parts, connection, message, post) or event
    for waiting in held:
        webhooks.add(connection, replace(waiting, due_at=moment))
    return event


def next_due(
    parts: Parts, under_way: Collection[Waiting], per_origin: int
) -> tuple[Waiting | None, float | None]:
    """A callback that is due while those are ``under_way``, or the real seconds until one is
    (``None``: none will be by itself).

    A message's callbacks go one after the other, and so do all of an account with its own clock:
    there they happen in the order of that time.
    """
    with parts.database.read() as connection:
        waiting = _first_of_each_clock(connection, under_way, per_origin)
    ready: list[Waiting] = []
    pauses: list[float] = []
    for one in waiting:
        seconds = parts.clock.seconds_until(one.due_at, one.clock)
        if seconds == 0:
            ready.append(one)
        elif seconds is not None:
            pauses.append(seconds)
    if not ready:
        return None, min(pauses, default=None)
    load = Counter(one.clock for one in under_way)
    return min(ready, key=lambda one: (load[one.clock], one.place)), None


def settle(parts: Parts, waiting: Waiting, outcome: Outcome, then: Then = lambda *_: None) -> None:
    """Write down what an attempt came to, queue the next one if the vendor tries again, and do
    what follows in the same transaction."""
    with parts.lock:
        with parts.database.write() as connection:
            message = messages.by_place(connection, waiting.message_seq)
            if not webhooks.remove(connection, waiting) or message is None:
                return
            place = messages.next_place(connection)
            noted = outcome.noted(then(connection, message) or "")
            event = _log(parts, connection, message, waiting, noted, place=place)
        parts.live.publish(event)
        parts.counters["webhook_attempts"] += 1
        parts.counters["failed_webhook_attempts"] += outcome.error is not None


def attempts(parts: Parts, message: Message) -> list[Attempt]:
    """Every attempt of one message's callbacks, oldest first."""
    with parts.database.read() as connection:
        return webhooks.attempts(connection, message.seq, message.id)


def resend(parts: Parts, attempt_id: str, mutation: Mutation | None) -> tuple[Attempt, Waiting]:
    """Queue the request of an earlier attempt once more, as it was or with a ``mutation``.
    Raises ``UnknownWebhook``, ``Busy``, ``InvalidRequest`` where there is nothing to mutate."""
    with parts.lock, parts.database.write() as connection:
        found = webhooks.find(connection, attempt_id)
        message = None if found is None else messages.by_place(connection, found[0])
        if found is None or message is None:
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
        attempt = found[1]
        posts = _resent(parts, connection, message, attempt, mutation)
        queued = [_new(parts, message, post, attempt.attempt + 1) for post in posts]
        for waiting in queued:
            webhooks.add(connection, waiting)
    return attempt, queued[0]


class _Again:
    """Renders a message's callback as it would have been at another status."""

    def __init__(self, parts: Parts, connection: Connection, message: Message) -> None:
        self._parts, self._connection, self._message = parts, connection, message

    def failing_code(self) -> str | int:
        """The vendor's code for a failure of unknown cause."""
        return self._parts.vendors[self._message.provider].failings.get("unknown", "unknown")

    def earlier(self) -> list[Message]:
        """The message as it was before, the newest first."""
        entries = messages.timeline(self._connection, self._message.seq)[-2::-1]
        return [
            replace(self._message, status=e.status, error_code=e.error_code, updated_at=e.at)
            for e in entries
        ]

    def render(self, other: Message) -> Callback | None:
        """The callback of the message in another state, signed."""
        submission = _submission(self._parts, self._connection, other)
        if submission is None:
            return None
        known = scene(self._parts, self._connection, other, other.updated_at)
        # What tells of another moment is as old, or as young, by every clock.
        shift = other.updated_at - self._message.updated_at
        known = replace(known, real=self._parts.clock.real() + shift)
        return self._parts.vendors[other.provider].render(other, submission, known)


def _submission(parts: Parts, connection: Connection, message: Message) -> Submission | None:
    if message.provider not in parts.vendors:
        return None
    found = submissions.of_message(connection, message.seq)
    usual = parts.accounts.settings(message.account).status_url
    if found is None or found.callback_url is not None or usual is None:
        return found
    return replace(found, callback_url=usual)


def _resent(
    parts: Parts,
    connection: Connection,
    message: Message,
    attempt: Attempt,
    mutation: Mutation | None,
) -> list[Post]:
    callback = replace(attempt.callback, mutation=None)
    now = parts.clock.now(message.account)
    if mutation == "reorder":
        before = [
            one.callback
            for one in webhooks.attempts(connection, message.seq, message.id)
            if one.at <= attempt.at and one.callback.body != callback.body
        ]
        if not before:
            raise InvalidRequest(
                "No other callback of this message came before this one.",
                hint="Mutate the attempt of a later status.",
                pointer="/mutate",
            )
        return [Post(callback, now), Post(replace(before[-1], mutation=mutation), now)]
    if mutation == "stale" and callback.kind != "status":
        raise InvalidRequest(
            f"A callback of kind {callback.kind} has no earlier state.",
            hint="Mutate an attempt of kind status.",
            pointer="/mutate",
        )
    again = _Again(parts, connection, message)
    return mutations.apply(again, message, Post(callback, now), mutation, None)


def _first_of_each_clock(
    connection: Connection, under_way: Collection[Waiting], per_origin: int
) -> list[Waiting]:
    busy = [one.message_seq for one in under_way]
    occupied = {one.clock for one in under_way if one.clock}
    load = Counter(one.callback.origin for one in under_way)
    first: dict[str, Waiting] = {}
    for head in webhooks.heads(connection):
        origin = head.callback.origin
        if head.clock in occupied or (not head.clock and load[origin] >= per_origin):
            continue
        free = head
        if head.message_seq in busy:
            found = webhooks.first(connection, head.clock, origin, busy)
            if found is None:
                continue
            free = found
        best = first.get(head.clock)
        if best is None or (free.due_at, free.place) < (best.due_at, best.place):
            first[head.clock] = free
    return [one for one in first.values() if load[one.callback.origin] < per_origin]


def _add(parts: Parts, connection: Connection, message: Message, post: Post) -> Event | None:
    waiting = _new(parts, message, post)
    if webhooks.count(connection) < MAX_WAITING:
        webhooks.add(connection, waiting, held=post.held)
        return None
    error = f"Not posted: {MAX_WAITING:,} callbacks were waiting already."
    return _log(parts, connection, message, waiting, Outcome(milliseconds=0, error=error))


def _new(parts: Parts, message: Message, post: Post, attempt: int = 1) -> Waiting:
    return Waiting(
        id=_new_id(parts, message),
        message_seq=message.seq,
        attempt=attempt,
        due_at=post.due_at,
        callback=post.callback,
        clock=parts.clock.name(message.account),
    )


def _new_id(parts: Parts, message: Message) -> str:
    return "whk_" + parts.ids.hex(message.account, 12, "webhook")


def _log(
    parts: Parts,
    connection: Connection,
    message: Message,
    waiting: Waiting,
    outcome: Outcome,
    *,
    place: int | None = None,
) -> Event:
    at = parts.clock.stamp(waiting.due_at, message.account)
    pause = waiting.callback.retry_after(outcome.failure, waiting.attempt)
    attempt = Attempt(
        id=waiting.id,
        message_id=message.id,
        callback=waiting.callback,
        outcome=outcome,
        attempt=waiting.attempt,
        at=at,
        next_attempt_at=None if pause is None else at + pause,
    )
    webhooks.log(connection, message.seq, attempt, keep=MAX_ATTEMPTS, keep_all=MAX_LOGGED)
    if attempt.next_attempt_at is not None:
        post = Post(waiting.callback, attempt.next_attempt_at)
        webhooks.add(connection, _new(parts, message, post, waiting.attempt + 1))
    cursor = messages.next_place(connection) if place is None else place
    return Event(cursor, "webhook", message.account, attempt.as_json())

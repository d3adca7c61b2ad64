"""A message moves on or goes away: store, then live, then whoever waits for it."""

from sms_sandbox.errors import StatusConflict, UnknownMessage
from sms_sandbox.inbox import callbacks
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.live import Event
from sms_sandbox.message import Message, Status, can_move, is_final
from sms_sandbox.storage import Filter, due, messages

# Few enough that a new message never waits long behind a wave of old ones.
_BATCH = 64


def move(parts: Parts, message_id: str, status: Status, error_code: str | int | None) -> Message:
    """Move one message by hand; what was planned for it and is now behind it is dropped."""
    with parts.lock:
        with parts.database.write() as connection:
            message = messages.by_id(connection, message_id)
            if message is None:
                raise unknown()
            if not can_move(message.status, status):
                raise StatusConflict(
                    f"A message that is {message.status} cannot become {status}.",
                    hint="A status moves forward only: accepted, queued, sent, then delivered, "
                    "undelivered or failed; an inbound message stays received.",
                )
            now = parts.clock.now()
            moved = messages.set_status(connection, message, status, now, error_code)
            if is_final(status):
                due.cancel(connection, message.seq)
            cursor = messages.next_place(connection)
            unposted = callbacks.plan(parts, connection, moved)
        _tell(parts, [(cursor, moved, unposted)])
    _nudge(parts, [moved])
    return moved


def advance_due(parts: Parts) -> float | None:
    """Make the planned moves whose time has come, a batch at a time."""
    while True:
        with parts.lock:
            with parts.database.write() as connection:
                planned = due.take(connection, parts.clock.now(), _BATCH)
                moved: list[tuple[int, Message, Event | None]] = []
                for seq, at, status in planned:
                    message = messages.by_place(connection, seq)
                    if message is not None and can_move(message.status, status):
                        place = messages.next_place(connection)
                        now_is = messages.set_status(connection, message, status, at, None)
                        moved.append((place, now_is, callbacks.plan(parts, connection, now_is)))
                upcoming = due.next_time(connection)
            _tell(parts, moved)
        _nudge(parts, [message for _, message, _ in moved])
        if len(planned) < _BATCH:
            return upcoming


def delete_one(parts: Parts, message_id: str) -> None:
    """Delete one message."""
    with parts.lock:
        with parts.database.write() as connection:
            message = messages.by_id(connection, message_id)
            if message is None:
                raise unknown()
            messages.delete_places(connection, [message.seq])
            cursor = messages.next_place(connection)
        _tell_removed(parts, cursor, [message.seq], message.account)


def clear(parts: Parts, wanted: Filter) -> int:
    """Delete the messages that a filter means; returns how many."""
    with parts.lock:
        with parts.database.write() as connection:
            places = messages.delete(connection, wanted, searches_text=parts.database.searches_text)
            cursor = messages.next_place(connection)
        if places:
            _tell_removed(parts, cursor, places, wanted.account)
    return len(places)


def unknown() -> UnknownMessage:
    """The refusal for an id that names no message."""
    return UnknownMessage(
        "There is no message with this id.",
        hint="It may have been deleted or pruned; GET /api/v1/messages lists what is kept.",
    )


def _nudge(parts: Parts, moved: list[Message]) -> None:
    if any(message.provider in parts.renderers for message in moved):
        for queued in parts.queued:
            queued()


def _tell(parts: Parts, moved: list[tuple[int, Message, Event | None]]) -> None:
    for cursor, message, unposted in moved:
        parts.live.publish(Event(cursor, "status", message.account, message.as_json()))
        if unposted is not None:
            parts.live.publish(unposted)
        parts.counters[f"moved_to_{message.status}"] += 1
        parts.waiters.offer(message)


def _tell_removed(parts: Parts, cursor: int, places: list[int], account: str | None) -> None:
    parts.waiters.forget(places)
    data = {"removed": len(places), "reason": "deleted"}
    parts.live.publish(Event(cursor, "prune", account, data))

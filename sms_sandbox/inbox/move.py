"""A message moves on or goes away: store, then live, then whoever waits for it."""

from dataclasses import replace
from sqlite3 import Connection

from sms_sandbox.errors import StatusConflict, UnknownMessage
from sms_sandbox.inbox import arrivals, react
from sms_sandbox.inbox.parts import Parts, give_way
from sms_sandbox.live import Event
from sms_sandbox.message import Message, Status, can_move, is_final
from sms_sandbox.storage import Filter, due, messages

# Few enough that a new message never waits long behind a wave of old ones.
_BATCH = 64
_CLEARED = 1000


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
            now = parts.clock.now(message.account)
            moved = messages.set_status(connection, message, status, now, error_code)
            if is_final(status):
                due.cancel(connection, message.seq)
            cursor = messages.next_place(connection)
            effect = react.moved(parts, connection, moved)
        _tell(parts, [(cursor, effect)])
    _nudge(parts, [effect])
    _tell_handsets(parts, [moved])
    return effect.message


def advance_due(parts: Parts) -> float | None:
    """Make the planned moves whose time has come, a batch of one clock at a time."""
    with parts.advancing:
        while True:
            clock, wake_in = _advance(parts)
            if clock is None:
                return wake_in


def _advance(parts: Parts) -> tuple[str | None, float | None]:
    """Make one batch; returns the next clock that has reached something, or the seconds until
    one does."""
    with parts.lock:
        with parts.database.write() as connection:
            clock, wake_in = _next_clock(parts, connection)
            taken = [] if clock is None else _take(parts, connection, clock)
            made = [_make(parts, connection, one) for one in _rounds(taken)]
            if taken:
                clock, wake_in = _next_clock(parts, connection)
        for moved, woken in made:
            _tell(parts, moved)
            for effect in woken:
                react.tell(parts, effect)
    for moved, woken in made:
        _nudge(parts, [*(effect for _, effect in moved), *woken])
        _tell_handsets(parts, [effect.message for _, effect in moved])
    return clock, wake_in


def _take(parts: Parts, connection: Connection, clock: str) -> list[tuple[int, due.Planned]]:
    return due.take(connection, clock, parts.clock.now(clock), _BATCH)


def _rounds(taken: list[tuple[int, due.Planned]]) -> list[dict[int, due.Planned]]:
    """The moves in their order, cut so that none has two of one message."""
    rounds: list[dict[int, due.Planned]] = []
    for seq, one in taken:
        if not rounds or seq in rounds[-1]:
            rounds.append({})
        rounds[-1][seq] = one
    return rounds


def _make(
    parts: Parts, connection: Connection, planned: dict[int, due.Planned]
) -> tuple[list[tuple[int, react.Effect]], list[react.Effect]]:
    """Make one move of each message: what has moved, with its place, and what was woken."""
    moves: list[messages.Move] = []
    wakes: list[Message] = []
    for message in messages.by_places(connection, list(planned)):
        one = planned[message.seq]
        if one.status == "wake":
            wakes.append(message)
        elif can_move(message.status, one.status):
            end: tuple[Status, str | int | None] | None = one.status, one.error_code
            if one.status == "delivered":
                end = arrivals.arrive(parts, connection, message, one)
            if end is not None:
                moves.append((message, end[0], one.at, end[1]))
    places = messages.next_places(connection, len(moves))
    now_are = messages.set_statuses(connection, moves)
    moved = [react.moved(parts, connection, message) for message in now_are]
    woken = [react.woken(parts, connection, one, planned[one.seq].at) for one in wakes]
    return list(zip(places, moved, strict=True)), woken


def _next_clock(parts: Parts, connection: Connection) -> tuple[str | None, float | None]:
    """A clock that has reached something planned, or ``None`` and the real seconds until one
    does."""
    wake_in: float | None = None
    for clock, at in due.heads(connection):
        seconds = parts.clock.seconds_until(at, clock)
        if seconds == 0:
            return clock, 0
        if seconds is not None and (wake_in is None or seconds < wake_in):
            wake_in = seconds
    return None, wake_in


def delete_one(parts: Parts, message_id: str) -> None:
    """Delete one message."""
    with parts.lock:
        with parts.database.write() as connection:
            message = messages.by_id(connection, message_id)
            if message is None:
                raise unknown()
            messages.delete_places(connection, [message.seq])
            cursor = messages.next_place(connection)
        parts.waiters.forget([message.seq])
        _tell_removed(parts, cursor, 1, message.account)


def clear(parts: Parts, wanted: Filter) -> int:
    """Delete the messages that a filter means, all of them at once or a batch at a time, so that
    new ones wait for one batch at most; returns how many."""
    if wanted.is_open():
        return _clear_all(parts)
    with parts.database.read() as connection:
        wanted = replace(wanted, before=messages.last_place(connection) + 1)
    removed = 0
    while True:
        with parts.lock:
            with parts.database.write() as connection:
                places = messages.delete(connection, wanted, _CLEARED)
                cursor = messages.next_place(connection)
            removed += len(places)
            parts.waiters.forget(places)
            if len(places) < _CLEARED:
                _tell_removed(parts, cursor, removed, wanted.account)
                return removed
        give_way()


def _clear_all(parts: Parts) -> int:
    with parts.lock:
        with parts.database.write() as connection:
            removed = messages.delete_all(connection)
            cursor = messages.next_place(connection)
        parts.waiters.forget_all()
        _tell_removed(parts, cursor, removed, None)
    return removed


def unknown() -> UnknownMessage:
    """The refusal for an id that names no message."""
    return UnknownMessage(
        "There is no message with this id.",
        hint="It may have been deleted or pruned; GET /api/v1/messages lists what is kept.",
    )


def _nudge(parts: Parts, effects: list[react.Effect]) -> None:
    for effect in effects:
        if effect.plans or effect.drafts:
            react.nudge(parts, effect)
    if any(effect.message.provider in parts.vendors for effect in effects):
        for queued in parts.queued:
            queued()


def _tell(parts: Parts, moved: list[tuple[int, react.Effect]]) -> None:
    for cursor, effect in moved:
        message = effect.message
        parts.live.publish(Event(cursor, "status", message.account, message))
        parts.counters[f"moved_to_{message.status}"] += 1
        parts.waiters.offer(message)
    # What they caused got its places after theirs.
    for _, effect in moved:
        for event in effect.events:
            parts.live.publish(event)


def _tell_handsets(parts: Parts, moved: list[Message]) -> None:
    """Let handsets answer what has reached them; outside the lock, for an answer is a message."""
    for message in moved:
        if message.status == "delivered":
            for delivered in parts.delivered:
                delivered(message)


def _tell_removed(parts: Parts, cursor: int, removed: int, account: str | None) -> None:
    if removed:
        data = {"removed": removed, "reason": "deleted"}
        parts.live.publish(Event(cursor, "prune", account, data))

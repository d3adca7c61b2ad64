"""Waiting for messages: checked and subscribed under one lock, woken by events, bounded in time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sms_sandbox.errors import Busy, UnwantedMessage, WaitTimeout
from sms_sandbox.inbox.parts import Parts, give_way
from sms_sandbox.inbox.waiters import Waiter, Wish
from sms_sandbox.message import Message
from sms_sandbox.storage import Filter, messages

# How soon a wait notices that its asker has hung up. Arrivals wake it at once.
_LOOK_FOR_HANGUP = 0.5
_NEAR_MISSES = 5
_LOOK_BACK = 200
_LOOK_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a wait brought; ``cursor`` is the place to go on from, ``waited`` is in seconds."""

    messages: tuple[Message, ...]
    cursor: int
    waited: float


def wait(parts: Parts, wish: Wish, timeout: float, gone: Callable[[], bool]) -> Outcome:
    """Wait until ``wish`` is fulfilled, the time is over, or the asker has ``gone``."""
    started = time.monotonic()
    waiter = Waiter(wish)
    try:
        _look_back(parts, waiter)
        hung_up = _sleep(waiter, started + timeout, gone)
    finally:
        with parts.lock:
            parts.waiters.remove(waiter)
    waited = time.monotonic() - started
    if hung_up:
        _give_back(parts, waiter)
    return _conclude(parts, waiter, waited)


def _look_back(parts: Parts, waiter: Waiter) -> None:
    """Offer what is already there, a batch at a time, so that new messages need not wait for a
    long search; from the first batch on the waiter sees what comes and goes."""
    place: int | None = None
    with parts.lock:
        place = _look_at_batch(parts, waiter, place)
        if place is None and parts.waiters.settle(waiter):
            return
        parts.waiters.add(waiter)
    while place is not None and not waiter.closed:
        give_way()
        with parts.lock:
            place = _look_at_batch(parts, waiter, place)
            if place is None:
                parts.waiters.settle(waiter)


def _look_at_batch(parts: Parts, waiter: Waiter, place: int | None) -> int | None:
    """Where the next batch begins; ``None``: nothing more has to be looked at."""
    wish = waiter.wish
    wanted = wish.filter()
    if place is not None and wish.newest_first:
        wanted = replace(wanted, before=place)
    elif place is not None:
        wanted = replace(wanted, after=place)
    with parts.database.read() as connection:
        batch = list(
            messages.select(connection, wanted, limit=_LOOK_AT_ONCE, newest_first=wish.newest_first)
        )
    waiter.look_at(batch, last=len(batch) < _LOOK_AT_ONCE)
    return None if waiter.looked_back else batch[-1].seq


def _sleep(waiter: Waiter, deadline: float, gone: Callable[[], bool]) -> bool:
    """Sleep until done, over or hung up; whether the asker hung up."""
    while True:
        left = deadline - time.monotonic()
        if waiter.done.wait(max(0.0, min(left, _LOOK_FOR_HANGUP))) or left <= 0:
            return False
        if gone():
            return True


def _give_back(parts: Parts, waiter: Waiter) -> None:
    # The claim may have come between the last look and the removal: nobody will read it.
    if waiter.claimed and waiter.result is not None:
        with parts.lock, parts.database.write() as connection:
            messages.release(connection, waiter.result)


def _conclude(parts: Parts, waiter: Waiter, waited: float) -> Outcome:
    with parts.database.read() as connection:
        cursor = messages.last_place(connection)
    if waiter.closed:
        raise Busy("The sandbox is stopping.", retry_after=1)
    if waiter.wish.absent:
        parts.counters["waits_absent"] += 1
        if waiter.result is None:
            return Outcome((), cursor, waited)
        raise _unwanted(waiter.result[0], waited)
    if waiter.result is None:
        parts.counters["waits_timed_out"] += 1
        raise _timed_out(parts, waiter.wish, waited)
    parts.counters["waits_answered"] += 1
    return Outcome(waiter.result, cursor, waited)


def _unwanted(message: Message, waited: float) -> UnwantedMessage:
    return UnwantedMessage(
        "A message arrived in a window that had to stay quiet.",
        hint="Look at the message below; claim earlier ones, or give a cursor as after.",
        members={"message": message.as_json(), "waited_ms": round(waited * 1000)},
    )


def _timed_out(parts: Parts, wish: Wish, waited: float) -> WaitTimeout:
    with parts.database.read() as connection:
        recent = list(messages.select(connection, Filter(), limit=_LOOK_BACK))
    ranked = sorted(((wish.refuses(message), message) for message in recent), key=_distance)
    misses = ranked[:_NEAR_MISSES]
    found = sum(1 for reasons, _ in ranked if not reasons)
    return WaitTimeout(
        f"Waited {waited:.1f} s; {found} of {wish.count} messages matched.",
        hint=_hint(wish, ranked),
        members={
            "waited_ms": round(waited * 1000),
            "arrived": [
                {"message": message.as_json(), "differs": list(reasons)}
                for reasons, message in misses
            ],
        },
    )


def _distance(miss: tuple[tuple[str, ...], Message]) -> tuple[int, int]:
    reasons, message = miss
    return len(reasons), -message.seq


def _hint(wish: Wish, ranked: list[tuple[tuple[str, ...], Message]]) -> str:
    if not ranked:
        return "No message has arrived at all: does the application send to this sandbox?"
    reasons, message = ranked[0]
    if not reasons:
        return f"Some arrived, but fewer than {wish.count}."
    alike = sum(1 for other, _ in ranked if other == reasons)
    noun = "1 message" if alike == 1 else f"{alike} messages"
    return f"{noun} to {message.recipient} differed in: " + "; ".join(
        _difference(wish, reason, message) for reason in reasons
    )


def _difference(wish: Wish, reason: str, message: Message) -> str:
    asked: dict[str, tuple[Any, Any]] = {
        "to": (message.recipient, wish.match.recipient),
        "from": (message.sender, wish.match.sender),
        "account": (message.account, wish.match.account),
        "provider": (message.provider, wish.match.provider),
        "direction": (message.direction, wish.match.direction),
        "status": (message.status, wish.match.status),
        "until_status": (message.status, wish.until_status),
    }
    if reason in asked:
        has, wanted = asked[reason]
        return f"{reason} (it has {has}, you asked {wanted})"
    told = {
        "claimed": "already claimed by an earlier wait",
        "unsent": "scheduled for later, or canceled",
        "after": "arrived at or before your cursor",
        "since": "arrived before your time",
        "has_code": "holds no code" if wish.match.has_code else "holds a code",
    }
    return told.get(reason, reason)

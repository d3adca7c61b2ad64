"""Storing what comes in: the messages that come at the same time share one transaction, then each
is told of in its order."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sms_sandbox.errors import StorageUnavailable
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.inbox.plan import Way
from sms_sandbox.inbox.together import Together
from sms_sandbox.live import Event, EventKind
from sms_sandbox.message import Draft, Message, TimelineEntry
from sms_sandbox.segments import Segmentation
from sms_sandbox.storage import due, messages, submissions

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A message that has been looked at and let in; ``now`` is its account's time."""

    draft: Draft
    cut: Segmentation
    code: str | None
    way: Way
    now: float
    id: str


Intake = Together[Arrival, Message]


def open_intake(parts: Parts, added: Callable[[str, int], None]) -> Intake:
    """The way in. ``added`` is called with each account and how many of its messages were
    stored."""

    def take(arrivals: Sequence[Arrival]) -> list[Message]:
        with parts.lock:
            stored = _store(parts, arrivals)
            for message in stored:
                _tell(parts, message)
            for account, number in Counter(message.account for message in stored).items():
                _count(account, number, added)
        return stored

    return Together(take)


def _store(parts: Parts, arrivals: Sequence[Arrival]) -> list[Message]:
    with parts.database.write() as connection:
        places = messages.next_places(connection, len(arrivals))
        stored = [_message(*pair) for pair in zip(places, arrivals, strict=True)]
        pairs = list(zip(stored, arrivals, strict=True))
        messages.insert(connection, [(message, one.draft.raw) for message, one in pairs])
        messages.add_moves(
            connection,
            [
                (message.seq, TimelineEntry(status, one.now))
                for message, one in pairs
                for status in one.way.lived
            ],
        )
        due.schedule_all(
            connection,
            [
                (message.seq, move, parts.clock.name(message.account))
                for message, one in pairs
                for move in one.way.moves
            ],
        )
        for message, one in pairs:
            if one.draft.submission is not None:
                submissions.insert(connection, message, one.draft.submission)
    return stored


def _message(place: int, arrival: Arrival) -> Message:
    draft = arrival.draft
    return Message(
        seq=place,
        id=arrival.id,
        account=draft.account,
        provider=draft.provider,
        direction=draft.direction,
        sender=draft.sender,
        recipient=draft.recipient,
        body=draft.body,
        status=arrival.way.lived[-1],
        error_code=None,
        segments=arrival.cut.count,
        encoding=arrival.cut.encoding,
        code=arrival.code,
        created_at=arrival.now,
        updated_at=arrival.now,
    )


def _tell(parts: Parts, message: Message) -> None:
    kind: EventKind = "message" if message.direction == "outbound" else "inbound"
    parts.live.publish(Event(message.seq, kind, message.account, message))
    parts.counters[f"{message.direction}_messages"] += 1
    parts.waiters.offer(message)


def _count(account: str, number: int, added: Callable[[str, int], None]) -> None:
    try:
        added(account, number)
    except StorageUnavailable as error:
        # The message is stored; the next one tries again to make room.
        _log.warning("Old messages were not removed: %s", error.detail)

"""What a message does not say of itself, in words: that it is a call, or when it is due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sms_sandbox.inbox import Inbox
from sms_sandbox.inbox.match import Match
from sms_sandbox.message import Message
from sms_sandbox.web.engine import span


class Notes(NamedTuple):
    """The words for each message that has any, by its id."""

    calls: dict[str, str]
    due: dict[str, str]


def notes(inbox: Inbox, messages: Iterable[Message]) -> Notes:
    """The notes on some messages."""
    known = {one.id: one for one in messages}
    ids: Sequence[str] = list(known)
    calls = {
        one.message_id: _of_call(known[one.message_id], hears=one.hears)
        for one in inbox.calls(Match(), ids)
    }
    due = {
        one.message_id: _due(one.due_at, inbox.clock(known[one.message_id].account)[1])
        for one in inbox.scheduled(Match(), ids)
    }
    return Notes(calls, due)


def _of_call(message: Message, *, hears: bool) -> str:
    if hears:
        return "Call · waits for keys"
    if message.body:
        return "Call"
    waits = message.status in ("accepted", "queued")
    return "Call · not answered yet" if waits else "Call · nothing spoken"


def _due(moment: float, now: float) -> str:
    stamp = datetime.fromtimestamp(moment, UTC).strftime("%d %b %Y %H:%M:%S UTC")
    return f"Due {stamp} · in {span(max(0.0, moment - now))}"

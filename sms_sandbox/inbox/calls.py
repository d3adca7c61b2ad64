"""Which messages are calls, and which of them wait for keys; their vendors know."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sms_sandbox.inbox import named
from sms_sandbox.inbox.match import Match
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.storage import submissions


@dataclass(frozen=True, slots=True)
class Call:
    """A message that is a call; ``hears``: it waits for keys."""

    message_id: str
    hears: bool

    def as_json(self) -> dict[str, Any]:
        """The object that the control API shows."""
        return {"message_id": self.message_id, "hears": self.hears}


def find(parts: Parts, match: Match, ids: Iterable[str] | None) -> list[Call]:
    """The calls among the messages with these ids, or among the newest that match."""
    found: list[Call] = []
    match = replace(match, direction="outbound")
    with parts.database.read() as connection:
        for message in list(named.select(connection, match, ids)):
            vendor = parts.vendors.get(message.provider)
            submission = submissions.of_message(connection, message.seq) if vendor else None
            if vendor is None or submission is None:
                continue
            hears = vendor.hears(message, submission)
            if hears is not None:
                found.append(Call(message.id, hears))
    return found

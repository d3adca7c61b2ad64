"""Which messages wait for the moment that they were scheduled for, and when that is."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sms_sandbox.inbox import named
from sms_sandbox.inbox.match import Match
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.message import rfc3339
from sms_sandbox.storage import due


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A message that waits; it is due at ``due_at``, seconds since 1970 by its account's clock."""

    message_id: str
    due_at: float

    def as_json(self) -> dict[str, Any]:
        """The object that the control API shows."""
        return {"message_id": self.message_id, "due_at": rfc3339(self.due_at)}


def find(parts: Parts, match: Match, ids: Iterable[str] | None) -> list[Scheduled]:
    """The scheduled ones of the messages with these ids, or the newest that match."""
    found: list[Scheduled] = []
    with parts.database.read() as connection:
        for message in list(named.select(connection, replace(match, status="scheduled"), ids)):
            moment = due.next_move(connection, message.seq)
            if moment is not None:
                found.append(Scheduled(message.id, moment))
    return found

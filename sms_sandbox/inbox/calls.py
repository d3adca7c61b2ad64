"""Which messages are calls, and which of them wait for keys; their vendors know."""

from dataclasses import dataclass
from typing import Any

from sms_sandbox.inbox.parts import Parts
from sms_sandbox.storage import Filter, messages, submissions

WATCHED = 200
"""Among how many of the newest messages calls are looked for."""


@dataclass(frozen=True, slots=True)
class Call:
    """A message that is a call; ``hears``: it waits for keys."""

    message_id: str
    hears: bool

    def as_json(self) -> dict[str, Any]:
        """The object that the control API shows."""
        return {"message_id": self.message_id, "hears": self.hears}


def find(parts: Parts, wanted: Filter) -> list[Call]:
    """The calls among the newest messages that a filter means, newest first."""
    found: list[Call] = []
    with parts.database.read() as connection:
        for message in messages.select(connection, wanted, limit=WATCHED):
            vendor = parts.vendors.get(message.provider)
            submission = submissions.of_message(connection, message.seq) if vendor else None
            if vendor is None or submission is None:
                continue
            hears = vendor.hears(message, submission)
            if hears is not None:
                found.append(Call(message.id, hears))
    return found

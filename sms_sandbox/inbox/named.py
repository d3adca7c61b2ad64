"""Messages that are meant by their ids, or else the newest that match."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace

from sms_sandbox.inbox.match import Match
from sms_sandbox.message import Message
from sms_sandbox.storage import messages

NEWEST = 200
"""Among how many of the newest messages is looked where no ids are given; so many ids may be."""


def select(
    connection: sqlite3.Connection, match: Match, ids: Iterable[str] | None
) -> Iterator[Message]:
    """Of the messages with these ids the ones that match, in the order of the ids; with ``None``
    the newest that match, newest first."""
    if ids is None:
        wanted = replace(match.filter(), status=match.status, direction=match.direction)
        yield from messages.select(connection, wanted, limit=NEWEST)
        return
    for one in ids:
        message = messages.by_id(connection, one)
        if message is not None and not match.differences(message):
            yield message

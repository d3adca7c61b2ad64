"""The moves that a message still has before it, kept with it so that a restart loses none.

Each obeys one clock: that of its account, if it has one of its own, else the sandbox's (``""``).
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sms_sandbox.message import Status
from sms_sandbox.storage import bulk

Due = Status | Literal["wake"]
"""Where a message moves; ``wake``: its vendor wants to be asked."""

# One look for each clock with something planned: its cost does not grow with what is planned.
_HEADS = """
WITH RECURSIVE clocks (name) AS (
    SELECT min(clock) FROM due
    UNION ALL
    SELECT (SELECT min(clock) FROM due WHERE clock > name) FROM clocks WHERE name IS NOT NULL
)
SELECT name, (SELECT min(at) FROM due WHERE clock = name) FROM clocks WHERE name IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Planned:
    """A move to come, or one whose time has come; ``at`` is in seconds since 1970. A delivery
    that has to wait does so ``until`` then, if that is said."""

    at: float
    status: Due
    error_code: str | int | None = None
    until: float | None = None


def schedule(
    connection: sqlite3.Connection, seq: int, moves: Iterable[Planned], clock: str
) -> None:
    """Plan moves of one message by the clock that its account obeys (``Clocks.name``)."""
    schedule_all(connection, [(seq, one, clock) for one in moves])


def schedule_all(connection: sqlite3.Connection, moves: Iterable[tuple[int, Planned, str]]) -> None:
    """Plan moves of many messages, each with its message's place and its clock."""
    bulk.insert(
        connection,
        "due (message_seq, at, status, error_code, until, clock)",
        [
            (seq, one.at, one.status, _dump(one.error_code), one.until, clock)
            for seq, one, clock in moves
        ],
    )


def set_wake(connection: sqlite3.Connection, seq: int, at: float | None, clock: str) -> None:
    """Plan to wake the message's vendor at this moment and no other; ``None``: not at all."""
    connection.execute("DELETE FROM due WHERE message_seq = ? AND status = 'wake'", (seq,))
    if at is not None:
        schedule(connection, seq, [Planned(at, "wake")], clock)


def take(
    connection: sqlite3.Connection, clock: str, now: float, limit: int
) -> list[tuple[int, Planned]]:
    """Remove and return at most ``limit`` moves that one clock has reached, the earliest first,
    each with the place of its message."""
    rows = bulk.fetch(
        connection,
        ("rowid", "message_seq", "at", "status", "error_code", "until"),
        "FROM due WHERE clock = ? AND at <= ? ORDER BY at, rowid LIMIT ?",
        (clock, now, limit),
        real=("at", "until"),
    )
    bulk.delete(connection, "due", [row[0] for row in rows])
    return [(seq, Planned(at, to, _load(code), until)) for _, seq, at, to, code, until in rows]


def cancel(connection: sqlite3.Connection, seq: int) -> None:
    """Forget what was planned for one message."""
    connection.execute("DELETE FROM due WHERE message_seq = ?", (seq,))


def heads(connection: sqlite3.Connection) -> list[tuple[str, float]]:
    """Each clock with something planned, and when its earliest move is due."""
    return [(row[0], row[1]) for row in connection.execute(_HEADS)]


def first_moment(connection: sqlite3.Connection, clock: str) -> float | None:
    """When the earliest move of one clock is due, or ``None`` if nothing is planned."""
    row = connection.execute("SELECT min(at) FROM due WHERE clock = ?", (clock,)).fetchone()
    return None if row[0] is None else float(row[0])


def next_move(connection: sqlite3.Connection, seq: int) -> float | None:
    """When the next move of one message is due, or ``None`` if it has none before it."""
    row = connection.execute(
        "SELECT min(at) FROM due WHERE message_seq = ? AND status != 'wake'", (seq,)
    ).fetchone()
    return None if row[0] is None else float(row[0])


def adopt(connection: sqlite3.Connection, account: str) -> None:
    """Let what the sandbox's clock holds of one account obey the account's own from now on."""
    for table in ("due", "callbacks"):
        connection.execute(
            f"UPDATE {table} SET clock = ? WHERE clock = ''"  # noqa: S608
            " AND (SELECT account FROM messages WHERE seq = message_seq) = ?",
            (account, account),
        )


def _dump(error_code: str | int | None) -> str | None:
    return None if error_code is None else json.dumps(error_code)


def _load(stored: str | None) -> str | int | None:
    if stored is None:
        return None
    value: str | int = json.loads(stored)
    return value

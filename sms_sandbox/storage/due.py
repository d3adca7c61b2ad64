"""The moves that a message still has before it, kept with it so that a restart loses none."""

import sqlite3
from collections.abc import Iterable

from sms_sandbox.message import Status


def schedule(
    connection: sqlite3.Connection, seq: int, moves: Iterable[tuple[float, Status]]
) -> None:
    """Plan moves of one message (seconds since 1970)."""
    connection.executemany(
        "INSERT INTO due VALUES (?, ?, ?)", [(seq, at, status) for at, status in moves]
    )


def take(connection: sqlite3.Connection, now: float, limit: int) -> list[tuple[int, float, Status]]:
    """Remove and return at most ``limit`` moves whose time has come, the earliest first."""
    rows = connection.execute(
        "SELECT rowid, message_seq, at, status FROM due WHERE at <= ? ORDER BY at, rowid LIMIT ?",
        (now, limit),
    ).fetchall()
    connection.executemany("DELETE FROM due WHERE rowid = ?", [(row["rowid"],) for row in rows])
    return [(row["message_seq"], row["at"], row["status"]) for row in rows]


def cancel(connection: sqlite3.Connection, seq: int) -> None:
    """Forget what was planned for one message."""
    connection.execute("DELETE FROM due WHERE message_seq = ?", (seq,))


def next_time(connection: sqlite3.Connection) -> float | None:
    """When the earliest planned move is due, or ``None`` if nothing is planned."""
    row = connection.execute("SELECT min(at) FROM due").fetchone()
    return None if row[0] is None else float(row[0])

"""The queue of callbacks and the log of their attempts, inside the caller's transaction."""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import asdict, replace

from sms_sandbox.callback import Attempt, Callback, Outcome, Waiting

# One look for each receiver and clock: its cost does not grow with what waits for them.
_HEADS = """
WITH RECURSIVE heads (place) AS (
    SELECT (SELECT rowid FROM callbacks ORDER BY clock, origin, due_at, rowid LIMIT 1)
    UNION ALL
    SELECT coalesce(
        (
            SELECT rowid FROM callbacks WHERE clock = last.clock AND origin > last.origin
            ORDER BY origin, due_at, rowid LIMIT 1
        ),
        (
            SELECT rowid FROM callbacks WHERE clock > last.clock
            ORDER BY clock, origin, due_at, rowid LIMIT 1
        )
    )
    FROM heads JOIN callbacks AS last ON last.rowid = place
)
SELECT callbacks.rowid AS place, callbacks.* FROM heads JOIN callbacks ON callbacks.rowid = place
"""


def add(connection: sqlite3.Connection, waiting: Waiting, *, held: bool = False) -> None:
    """Put a callback into the queue, behind what is due at the same moment; ``held``: it lets
    the next one of its message pass."""
    callback = waiting.callback
    connection.execute(
        "INSERT INTO callbacks (id, message_seq, attempt, due_at, origin, request, clock, held)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            waiting.id,
            waiting.message_seq,
            waiting.attempt,
            waiting.due_at,
            callback.origin,
            json.dumps(asdict(callback)),
            waiting.clock,
            held,
        ),
    )


def release(connection: sqlite3.Connection, seq: int) -> list[Waiting]:
    """Take a message's held callbacks out of the queue."""
    rows = connection.execute(
        "SELECT rowid AS place, * FROM callbacks WHERE message_seq = ? AND held ORDER BY rowid",
        (seq,),
    ).fetchall()
    for row in rows:
        connection.execute("DELETE FROM callbacks WHERE rowid = ?", (row["place"],))
    return [_waiting(row) for row in rows]


def count(connection: sqlite3.Connection) -> int:
    """How many callbacks wait."""
    return int(connection.execute("SELECT count(*) FROM callbacks").fetchone()[0])


def heads(connection: sqlite3.Connection) -> list[Waiting]:
    """Of each clock and receiver the callback that is due first."""
    return [_waiting(row) for row in connection.execute(_HEADS)]


def first(
    connection: sqlite3.Connection, clock: str, origin: str, busy: Collection[int]
) -> Waiting | None:
    """The callback of one clock to one receiver that is due first, leaving out messages that
    must wait."""
    row = connection.execute(
        "SELECT rowid AS place, * FROM callbacks WHERE clock = ? AND origin = ?"  # noqa: S608
        f" AND message_seq NOT IN ({_marks(busy)}) ORDER BY due_at, rowid LIMIT 1",
        (clock, origin, *busy),
    ).fetchone()
    return None if row is None else _waiting(row)


def remove(connection: sqlite3.Connection, waiting: Waiting) -> bool:
    """Take a callback out of the queue; whether it was still there."""
    # A seeded sandbox gives the same ids anew after a reset: the place tells them apart.
    cursor = connection.execute(
        "DELETE FROM callbacks WHERE id = ? AND message_seq = ?", (waiting.id, waiting.message_seq)
    )
    return cursor.rowcount > 0


def log(
    connection: sqlite3.Connection, seq: int, attempt: Attempt, *, keep: int, keep_all: int
) -> None:
    """Write an attempt down; of one message only the newest ``keep`` stay, of all about the
    newest ``keep_all``."""
    outcome = attempt.outcome
    connection.execute(
        "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            attempt.id,
            seq,
            attempt.attempt,
            attempt.at,
            outcome.milliseconds,
            outcome.status,
            outcome.answer,
            outcome.error,
            attempt.next_attempt_at,
            json.dumps(asdict(attempt.callback)),
        ),
    )
    connection.execute(
        "DELETE FROM attempts WHERE message_seq = ? AND rowid NOT IN"
        " (SELECT rowid FROM attempts WHERE message_seq = ? ORDER BY rowid DESC LIMIT ?)",
        (seq, seq, keep),
    )
    connection.execute(
        "DELETE FROM attempts WHERE rowid <= (SELECT max(rowid) FROM attempts) - ?", (keep_all,)
    )


def attempts(connection: sqlite3.Connection, seq: int, message_id: str) -> list[Attempt]:
    """Every attempt of one message's callbacks, oldest first."""
    rows = connection.execute("SELECT * FROM attempts WHERE message_seq = ? ORDER BY rowid", (seq,))
    return [_attempt(row, message_id) for row in rows]


def add_note(connection: sqlite3.Connection, attempt_id: str, note: str) -> None:
    """Say one more thing beside an attempt in the log."""
    connection.execute(
        "UPDATE attempts SET error = trim(coalesce(error, '') || ' ' || ?) WHERE id = ?",
        (note, attempt_id),
    )


def find(connection: sqlite3.Connection, attempt_id: str) -> tuple[int, Attempt] | None:
    """One attempt, with the place of its message."""
    row = connection.execute(
        "SELECT attempts.*, messages.id AS message_id FROM attempts"
        " JOIN messages ON seq = message_seq WHERE attempts.id = ?",
        (attempt_id,),
    ).fetchone()
    return None if row is None else (row["message_seq"], _attempt(row, row["message_id"]))


def _attempt(row: sqlite3.Row, message_id: str) -> Attempt:
    return Attempt(
        id=row["id"],
        message_id=message_id,
        callback=_callback(row["request"]),
        outcome=Outcome(
            milliseconds=row["milliseconds"],
            status=row["status"],
            answer=row["answer"],
            error=row["error"],
        ),
        attempt=row["attempt"],
        at=row["at"],
        next_attempt_at=row["next_attempt_at"],
    )


def _waiting(row: sqlite3.Row) -> Waiting:
    return Waiting(
        id=row["id"],
        message_seq=row["message_seq"],
        attempt=row["attempt"],
        due_at=row["due_at"],
        callback=_callback(row["request"]),
        clock=row["clock"],
        place=row["place"],
    )


def _callback(stored: str) -> Callback:
    callback = Callback(**json.loads(stored))
    return replace(callback, retry_on=tuple(callback.retry_on))


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))

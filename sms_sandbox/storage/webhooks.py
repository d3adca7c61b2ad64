"""The queue of callbacks and the log of their attempts, inside the caller's transaction."""

import json
import secrets
import sqlite3
from collections.abc import Collection
from dataclasses import asdict, replace

from sms_sandbox.callback import Attempt, Callback, Outcome, Waiting


def new_id() -> str:
    """An id for an attempt that is still to come."""
    return "whk_" + secrets.token_hex(12)


def add(connection: sqlite3.Connection, waiting: Waiting) -> None:
    """Put a callback into the queue."""
    callback = waiting.callback
    connection.execute(
        "INSERT INTO callbacks VALUES (?, ?, ?, ?, ?, ?)",
        (
            waiting.id,
            waiting.message_seq,
            waiting.attempt,
            waiting.due_at,
            callback.origin,
            json.dumps(asdict(callback)),
        ),
    )


def count(connection: sqlite3.Connection) -> int:
    """How many callbacks wait."""
    return int(connection.execute("SELECT count(*) FROM callbacks").fetchone()[0])


def first(
    connection: sqlite3.Connection, *, busy: Collection[int], full: Collection[str]
) -> Waiting | None:
    """The callback that is due first, leaving out messages and origins that must wait."""
    row = connection.execute(
        "SELECT * FROM callbacks"  # noqa: S608
        f" WHERE message_seq NOT IN ({_marks(busy)}) AND origin NOT IN ({_marks(full)})"
        " ORDER BY due_at, rowid LIMIT 1",
        (*busy, *full),
    ).fetchone()
    if row is None:
        return None
    return Waiting(
        id=row["id"],
        message_seq=row["message_seq"],
        attempt=row["attempt"],
        due_at=row["due_at"],
        callback=_callback(row["request"]),
    )


def remove(connection: sqlite3.Connection, waiting_id: str) -> bool:
    """Take a callback out of the queue; whether it was still there."""
    cursor = connection.execute("DELETE FROM callbacks WHERE id = ?", (waiting_id,))
    return cursor.rowcount > 0


def log(connection: sqlite3.Connection, seq: int, attempt: Attempt, keep: int) -> None:
    """Write an attempt down; of one message only the newest ``keep`` stay."""
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


def attempts(connection: sqlite3.Connection, seq: int, message_id: str) -> list[Attempt]:
    """Every attempt of one message's callbacks, oldest first."""
    rows = connection.execute("SELECT * FROM attempts WHERE message_seq = ? ORDER BY rowid", (seq,))
    return [_attempt(row, message_id) for row in rows]


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


def _callback(stored: str) -> Callback:
    callback = Callback(**json.loads(stored))
    return replace(callback, retry_on=tuple(callback.retry_on))


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))

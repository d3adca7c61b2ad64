"""Messages and their timelines in SQL; every function works inside the caller's transaction."""

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace

from sms_sandbox.message import Draft, Message, Status, TimelineEntry
from sms_sandbox.numbers import comparison_key
from sms_sandbox.storage.filters import Filter

_COLUMNS = (
    "seq, id, account, provider, direction, sender, recipient, body, status, error_code, "
    "segments, encoding, code, claimed, created_at, updated_at"
)
_OF_A_MESSAGE = ("moves", "due", "submissions", "callbacks", "attempts")


def next_place(connection: sqlite3.Connection) -> int:
    """The next number of the one sequence that orders messages and changes."""
    row = connection.execute("UPDATE sequence SET value = value + 1 RETURNING value").fetchone()
    return int(row[0])


def last_place(connection: sqlite3.Connection) -> int:
    """The newest number given out."""
    return int(connection.execute("SELECT value FROM sequence").fetchone()[0])


def insert(connection: sqlite3.Connection, message: Message, draft: Draft) -> None:
    """Store a new message with the request that it came from."""
    connection.execute(
        "INSERT INTO messages (seq, id, account, provider, direction, sender, sender_key,"
        " recipient, recipient_key, body, status, error_code, segments, encoding, code, raw,"
        " created_at, updated_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            message.seq,
            message.id,
            message.account,
            message.provider,
            message.direction,
            message.sender,
            comparison_key(message.sender),
            message.recipient,
            comparison_key(message.recipient),
            message.body,
            message.status,
            _dump(message.error_code),
            message.segments,
            message.encoding,
            message.code,
            draft.raw,
            message.created_at,
            message.updated_at,
        ),
    )


def add_move(connection: sqlite3.Connection, seq: int, entry: TimelineEntry) -> None:
    """Add one line to a message's timeline."""
    connection.execute(
        "INSERT INTO moves VALUES (?, ?, ?, ?)",
        (seq, entry.status, entry.at, _dump(entry.error_code)),
    )


def set_status(
    connection: sqlite3.Connection,
    message: Message,
    status: Status,
    at: float,
    error_code: str | int | None,
) -> Message:
    """Move a message and write its timeline; the caller has checked that it may move."""
    connection.execute(
        "UPDATE messages SET status = ?, error_code = ?, updated_at = ? WHERE seq = ?",
        (status, _dump(error_code), at, message.seq),
    )
    add_move(connection, message.seq, TimelineEntry(status, at, error_code))
    return replace(message, status=status, error_code=error_code, updated_at=at)


def claim(connection: sqlite3.Connection, messages: Iterable[Message]) -> None:
    """Mark messages as given to someone."""
    _mark(connection, messages, claimed=True)


def release(connection: sqlite3.Connection, messages: Iterable[Message]) -> None:
    """Take the mark away: whoever claimed them never got the answer."""
    _mark(connection, messages, claimed=False)


def _mark(connection: sqlite3.Connection, messages: Iterable[Message], *, claimed: bool) -> None:
    connection.executemany(
        "UPDATE messages SET claimed = ? WHERE seq = ?",
        [(claimed, message.seq) for message in messages],
    )


def by_id(connection: sqlite3.Connection, message_id: str) -> Message | None:
    """The message with this id."""
    return _one(connection, "id = ?", message_id)


def by_place(connection: sqlite3.Connection, seq: int) -> Message | None:
    """The message at this place of the sequence."""
    return _one(connection, "seq = ?", seq)


def raw(connection: sqlite3.Connection, message_id: str) -> str | None:
    """The request that a message came from, as text."""
    row = connection.execute("SELECT raw FROM messages WHERE id = ?", (message_id,)).fetchone()
    return None if row is None else str(row[0])


def timeline(connection: sqlite3.Connection, seq: int) -> list[TimelineEntry]:
    """Every status that a message has had, in order."""
    rows = connection.execute(
        "SELECT status, at, error_code FROM moves WHERE message_seq = ? ORDER BY rowid", (seq,)
    )
    return [TimelineEntry(row["status"], row["at"], _load(row["error_code"])) for row in rows]


def select(
    connection: sqlite3.Connection,
    wanted: Filter,
    *,
    searches_text: bool,
    limit: int = -1,
    newest_first: bool = True,
) -> Iterator[Message]:
    """The messages that a filter means, read as they are taken; ``limit`` -1 means all."""
    where, values = wanted.where(searches_text=searches_text)
    order = "DESC" if newest_first else "ASC"
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM messages WHERE {where} ORDER BY seq {order} LIMIT ?",  # noqa: S608
        [*values, limit],
    )
    return map(_message, rows)


def count(connection: sqlite3.Connection, wanted: Filter, *, searches_text: bool) -> int:
    """How many messages a filter means."""
    where, values = wanted.where(searches_text=searches_text)
    query = f"SELECT count(*) FROM messages WHERE {where}"  # noqa: S608
    return int(connection.execute(query, values).fetchone()[0])


def delete(connection: sqlite3.Connection, wanted: Filter, *, searches_text: bool) -> list[int]:
    """Delete the messages that a filter means, with their timelines; returns their places."""
    where, values = wanted.where(searches_text=searches_text)
    rows = connection.execute(f"SELECT seq FROM messages WHERE {where}", values)  # noqa: S608
    places = [int(row[0]) for row in rows]
    delete_places(connection, places)
    return places


def delete_places(connection: sqlite3.Connection, places: Iterable[int]) -> None:
    """Delete messages with their timelines, callbacks, and what is still due for them."""
    keys = [(place,) for place in places]
    for table in _OF_A_MESSAGE:
        connection.executemany(f"DELETE FROM {table} WHERE message_seq = ?", keys)  # noqa: S608
    connection.executemany("DELETE FROM messages WHERE seq = ?", keys)


def oldest(connection: sqlite3.Connection, number: int, account: str | None) -> list[int]:
    """The places of the ``number`` oldest messages, of one account or of all."""
    where, values = Filter(account=account).where(searches_text=False)
    rows = connection.execute(
        f"SELECT seq FROM messages WHERE {where} ORDER BY seq LIMIT ?",  # noqa: S608
        [*values, number],
    )
    return [int(row[0]) for row in rows]


def accounts(connection: sqlite3.Connection) -> list[tuple[str, int, float]]:
    """Every account that has messages: its name, how many, and when the newest came."""
    rows = connection.execute(
        "SELECT account, count(*), max(created_at) FROM messages GROUP BY account ORDER BY account"
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _one(connection: sqlite3.Connection, where: str, value: object) -> Message | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM messages WHERE {where}",  # noqa: S608
        (value,),
    ).fetchone()
    return None if row is None else _message(row)


def _message(row: sqlite3.Row) -> Message:
    values = dict(row)
    values["error_code"] = _load(values["error_code"])
    values["claimed"] = bool(values["claimed"])
    return Message(**values)


def _dump(error_code: str | int | None) -> str | None:
    # A vendor's code may be 30003 or "TTL": the caller gets back what it gave.
    return None if error_code is None else json.dumps(error_code)


def _load(stored: str | None) -> str | int | None:
    if stored is None:
        return None
    value: str | int = json.loads(stored)
    return value

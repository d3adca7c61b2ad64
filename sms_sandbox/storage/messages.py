"""Messages and their timelines in SQL; every function works inside the caller's transaction."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any

from sms_sandbox.message import Message, Status, TimelineEntry
from sms_sandbox.numbers import comparison_key
from sms_sandbox.segments import Segmentation
from sms_sandbox.storage import bulk, counts, search, text
from sms_sandbox.storage.filters import Filter

_COLUMNS = (
    "seq, id, account, provider, direction, sender, recipient, body, status, error_code, "
    "segments, encoding, code, claimed, created_at, updated_at"
)
_STORED = (
    "seq, id, account, provider, direction, sender, sender_key, recipient, recipient_key, body, "
    "status, error_code, segments, encoding, code, created_at, updated_at, raw, size"
)
OF_A_MESSAGE = ("moves", "due", "submissions", "callbacks", "attempts")
"""The tables of what belongs to a message, by its ``message_seq``."""


def next_place(connection: sqlite3.Connection) -> int:
    """The next number of the one sequence that orders messages and changes."""
    return next_places(connection, 1)[0]


def next_places(connection: sqlite3.Connection, number: int) -> range:
    """The next ``number`` numbers of the sequence."""
    row = connection.execute(
        "UPDATE sequence SET value = value + ? RETURNING value", (number,)
    ).fetchone()
    return range(row[0] - number + 1, row[0] + 1)


def last_place(connection: sqlite3.Connection) -> int:
    """The newest number given out."""
    return int(connection.execute("SELECT value FROM sequence").fetchone()[0])


def insert(connection: sqlite3.Connection, new: Sequence[tuple[Message, str]]) -> None:
    """Store new messages, in order of their places, each with the request that it came from."""
    sizes = [_size(message, raw) for message, raw in new]
    bulk.insert(
        connection,
        f"messages ({_STORED})",
        [(*_values(message), raw, size) for (message, raw), size in zip(new, sizes, strict=True)],
    )
    added: dict[str, tuple[int, int]] = {}
    for (message, _), size in zip(new, sizes, strict=True):
        number, weight = added.get(message.account, (0, 0))
        added[message.account] = number + 1, weight + size
    counts.change(connection, added)
    text.follow(connection, new[-1][0].seq)


def _values(message: Message) -> tuple[object, ...]:
    return (
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
        message.created_at,
        message.updated_at,
    )


def _size(message: Message, raw: str) -> int:
    # Half a surrogate pair may stand in a request that was taken as it came.
    return len(message.body.encode(errors="replace")) + len(raw.encode(errors="replace"))


def _text(message: Message) -> text.Text:
    return message.seq, message.body, message.recipient, message.sender, message.code


def add_move(connection: sqlite3.Connection, seq: int, entry: TimelineEntry) -> None:
    """Add one line to a message's timeline."""
    add_moves(connection, [(seq, entry)])


def add_moves(connection: sqlite3.Connection, moves: Iterable[tuple[int, TimelineEntry]]) -> None:
    """Add lines to the timelines of the messages at these places."""
    bulk.insert(
        connection,
        "moves (message_seq, status, at, error_code)",
        [(seq, entry.status, entry.at, _dump(entry.error_code)) for seq, entry in moves],
    )


Move = tuple[Message, Status, float, str | int | None]
"""A message, where it moves, when (seconds since 1970), and the vendor's reason."""


def set_status(
    connection: sqlite3.Connection,
    message: Message,
    status: Status,
    at: float,
    error_code: str | int | None,
) -> Message:
    """Move a message and write its timeline; the caller has checked that it may move."""
    return set_statuses(connection, [(message, status, at, error_code)])[0]


def set_statuses(connection: sqlite3.Connection, moves: Sequence[Move]) -> list[Message]:
    """Make one move of each of several messages."""
    bulk.update(
        connection,
        "UPDATE messages SET status = column2, error_code = column3, updated_at = column4"
        " FROM {rows} WHERE seq = column1",
        [(message.seq, status, _dump(code), at) for message, status, at, code in moves],
    )
    add_moves(
        connection,
        [(message.seq, TimelineEntry(status, at, code)) for message, status, at, code in moves],
    )
    return [message.moved(status, at, code) for message, status, at, code in moves]


def set_body(
    connection: sqlite3.Connection, message: Message, body: str, code: str | None, cut: Segmentation
) -> Message:
    """Give a message another text, in the search as well."""
    new = replace(message, body=body, code=code, segments=cut.count, encoding=cut.encoding)
    connection.execute(
        "UPDATE messages SET body = ?, code = ?, segments = ?, encoding = ? WHERE seq = ?",
        (body, code, cut.count, cut.encoding, message.seq),
    )
    text.replace(connection, _text(message), _text(new))
    return new


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


def by_places(connection: sqlite3.Connection, places: Sequence[int]) -> list[Message]:
    """The messages at these places that are still there, in this order."""
    rows = bulk.fetch(
        connection,
        _COLUMNS.split(", "),
        "FROM messages WHERE seq IN (SELECT value FROM json_each(?))",
        (json.dumps(places),),
        real=("created_at", "updated_at"),
    )
    found = {row[0]: _message(row) for row in rows}
    return [found[place] for place in places if place in found]


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
    connection: sqlite3.Connection, wanted: Filter, *, limit: int = -1, newest_first: bool = True
) -> Iterator[Message]:
    """The messages that a filter means, read as they are taken; ``limit`` -1 means all."""
    rows = search.rows(connection, _COLUMNS, wanted, limit=limit, newest_first=newest_first)
    return map(_message, rows)


def page(connection: sqlite3.Connection, wanted: Filter, limit: int) -> tuple[list[Message], int]:
    """The newest ``limit`` of the messages that a filter means, and how many it means wherever a
    page begins, as ``count`` says."""
    # A search finds its matches once for both.
    once = wanted.text is not None and wanted.before is None
    read = max(limit, search.COUNTED_TEXT) if once else limit
    rows = list(search.rows(connection, _COLUMNS, wanted, limit=read))
    if wanted.before is None and len(rows) < limit:
        total = len(rows)
    elif once:
        total = min(len(rows), search.COUNTED_TEXT)
    else:
        total = search.count(connection, replace(wanted, before=None))
    return [_message(row) for row in rows[:limit]], total


def count(connection: sqlite3.Connection, wanted: Filter) -> int:
    """How many messages a filter means: all without one or for one account, else at most
    ``search.COUNTED``."""
    return search.count(connection, wanted)


def delete(connection: sqlite3.Connection, wanted: Filter, limit: int) -> list[int]:
    """Delete at most ``limit`` of the messages that a filter means, with everything of theirs;
    returns their places."""
    rows = search.rows(connection, "seq", wanted, limit=limit, complete=True)
    places = [int(row[0]) for row in rows]
    delete_places(connection, places)
    return places


def delete_places(connection: sqlite3.Connection, places: Iterable[int]) -> None:
    """Delete messages with their timelines, callbacks, and what is still due for them."""
    listed = json.dumps(list(places))
    given = "(SELECT value FROM json_each(?))"
    rows = connection.execute(
        f"SELECT account, count(*), sum(size) FROM messages WHERE seq IN {given}"  # noqa: S608
        " GROUP BY account",
        (listed,),
    ).fetchall()
    gone = {row[0]: (-row[1], -row[2]) for row in rows}
    for table in OF_A_MESSAGE:
        connection.execute(f"DELETE FROM {table} WHERE message_seq IN {given}", (listed,))  # noqa: S608
    connection.execute(f"DELETE FROM messages WHERE seq IN {given}", (listed,))  # noqa: S608
    counts.change(connection, gone)
    text.drop_passed(connection)


def delete_all(connection: sqlite3.Connection) -> int:
    """Delete every message with everything of theirs; returns how many there were."""
    number = counts.of(connection, None)
    # Without a condition SQLite empties a table at once and not row by row.
    for table in (*OF_A_MESSAGE, "messages"):
        connection.execute(f"DELETE FROM {table}")  # noqa: S608
    counts.clear(connection)
    text.drop_all(connection)
    return number


def oldest(connection: sqlite3.Connection, number: int, account: str | None) -> list[int]:
    """The places of the ``number`` oldest messages, of one account or of all."""
    wanted = Filter(account=account)
    rows = search.rows(connection, "seq", wanted, limit=number, newest_first=False)
    return [int(row[0]) for row in rows]


def heaviest(
    connection: sqlite3.Connection, excess: int, limit: int, account: str | None
) -> list[int]:
    """The places of the oldest messages, of one account or of all, that together hold ``excess``
    bytes, at most ``limit`` of them."""
    if excess <= 0:
        return []
    wanted = Filter(account=account)
    places: list[int] = []
    for row in list(search.rows(connection, "seq, size", wanted, limit=limit, newest_first=False)):
        if excess <= 0:
            break
        places.append(row["seq"])
        excess -= row["size"]
    return places


def created_before(
    connection: sqlite3.Connection, moment: float, limit: int, account: str
) -> list[int]:
    """The places of an account's oldest messages up to the first that is not older than
    ``moment``, at most ``limit`` of them."""
    wanted = Filter(account=account)
    rows = search.rows(connection, "seq, created_at", wanted, limit=limit, newest_first=False)
    old = takewhile(lambda row: row["created_at"] < moment, list(rows))
    return [int(row["seq"]) for row in old]


def oldest_moment(connection: sqlite3.Connection, account: str) -> float | None:
    """When the oldest message of an account came."""
    wanted = Filter(account=account)
    rows = search.rows(connection, "created_at", wanted, limit=1, newest_first=False)
    return next((float(row[0]) for row in rows), None)


def _one(connection: sqlite3.Connection, where: str, value: object) -> Message | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM messages WHERE {where}",  # noqa: S608
        (value,),
    ).fetchone()
    return None if row is None else _message(row)


def _message(row: Iterable[Any]) -> Message:
    (
        seq,
        message_id,
        account,
        provider,
        direction,
        sender,
        recipient,
        body,
        status,
        error_code,
        segments,
        encoding,
        code,
        claimed,
        created_at,
        updated_at,
    ) = row
    # By name and not by a mapping: a wave of moves reads very many.
    return Message(
        seq=seq,
        id=message_id,
        account=account,
        provider=provider,
        direction=direction,
        sender=sender,
        recipient=recipient,
        body=body,
        status=status,
        error_code=_load(error_code),
        segments=segments,
        encoding=encoding,
        code=code,
        claimed=bool(claimed),
        created_at=created_at,
        updated_at=updated_at,
    )


def _dump(error_code: str | int | None) -> str | None:
    # A vendor's code may be 30003 or "TTL": the caller gets back what it gave.
    return None if error_code is None else json.dumps(error_code)


def _load(stored: str | None) -> str | int | None:
    if stored is None:
        return None
    value: str | int = json.loads(stored)
    return value

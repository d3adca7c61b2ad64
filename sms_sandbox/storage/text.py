"""The text index: trigrams, so that part of a number or of a code is found too.

It tells which messages hold three characters in a row and not where, which keeps it small; whoever
asks compares the messages. It is cut into shards by arrival. A search looks at the newest first and
stops when it has enough; what is deleted stays in its shard until no message of the shard is left,
and goes with it. The newest messages of all are not indexed yet: whoever searches compares them.
Only the connection that writes changes shards.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from sms_sandbox.storage import bulk

SHARD = 50_000
"""How many messages a shard holds before the next one begins."""
BEHIND = 500
"""How many places the index may be behind the newest message: to index one message alone costs as
much as to store it, to index one of hundreds a tenth of that."""

# In so few pages at a time, beside what arrives, the parts of a full shard become one.
_PAGES = 128
# Each statement leaves a part of the index behind that has to be joined to the others.
_AT_ONCE = 5_000

Text = tuple[int, str, str, str, str | None]
"""A message's place, text, recipient, sender and code."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A part of the index: its number, the places of its first and of its last message, and how
    many it was given."""

    number: int
    first: int
    last: int
    messages: int

    @property
    def table(self) -> str:
        """The name of its table."""
        return f"text_{self.number}"


def is_available(connection: sqlite3.Connection) -> bool:
    """Whether this SQLite can keep the index; without it a search reads the messages."""
    try:
        with closing(connection.execute(_definition("temp.text_probe"))):
            connection.execute("DROP TABLE temp.text_probe")
    except sqlite3.OperationalError:
        return False
    return True


def shards(connection: sqlite3.Connection) -> list[Shard]:
    """The shards, the newest first; none without an index."""
    rows = connection.execute(
        "SELECT number, first, last, messages FROM text_shards ORDER BY number DESC"
    )
    return [Shard(*row) for row in rows]


def catch_up(connection: sqlite3.Connection) -> None:
    """Index what is not indexed yet; the first shard is there from now on."""
    last = _last_place(connection)
    if last is None:
        _begin_shard(connection, 1, 0)
    rows = connection.execute(
        "SELECT seq, body, recipient, sender, code FROM messages WHERE seq > ? ORDER BY seq",
        (last or 0,),
    )
    while batch := rows.fetchmany(SHARD):
        _add(connection, [tuple(row) for row in batch])


def give_up(connection: sqlite3.Connection) -> None:
    """This SQLite cannot read the index: forget it, so that nobody asks."""
    connection.execute("DELETE FROM text_shards")


def follow(connection: sqlite3.Connection, newest: int) -> None:
    """Messages have come, the last of them at the place ``newest``: once the index is
    ``BEHIND`` places behind, let it catch up."""
    last = _last_place(connection)
    if last is not None and newest - last >= BEHIND:
        catch_up(connection)


def _last_place(connection: sqlite3.Connection) -> int | None:
    row = connection.execute("SELECT last FROM text_shards ORDER BY number DESC LIMIT 1").fetchone()
    return None if row is None else int(row[0])


def _add(connection: sqlite3.Connection, batch: Sequence[Text]) -> None:
    newest = connection.execute(
        "SELECT number, messages FROM text_shards ORDER BY number DESC LIMIT 2"
    ).fetchall()
    number, held = newest[0]
    if held >= SHARD:
        number += 1
        _begin_shard(connection, number, batch[0][0])
    elif held < SHARD // 2 and len(newest) > 1:
        _join_parts(connection, newest[1][0])
    bulk.insert(
        connection,
        f"text_{number} (rowid, in_body, in_recipient, in_sender, in_code)",
        batch,
        at_once=_AT_ONCE,
    )
    connection.execute(
        "UPDATE text_shards SET messages = messages + ?, last = ? WHERE number = ?",
        (len(batch), batch[-1][0], number),
    )


def replace(connection: sqlite3.Connection, old: Text, new: Text) -> None:
    """Give one message other words, if it is indexed."""
    row = connection.execute(
        "SELECT max(number) FROM text_shards WHERE first <= ? AND ? <= (SELECT max(last) FROM"
        " text_shards)",
        (old[0], old[0]),
    ).fetchone()
    if row[0] is None:
        return
    table = f"text_{row[0]}"
    columns = "rowid, in_body, in_recipient, in_sender, in_code"
    connection.execute(
        f"INSERT INTO {table} ({table}, {columns}) VALUES ('delete', ?, ?, ?, ?, ?)",  # noqa: S608
        old,
    )
    connection.execute(f"INSERT INTO {table} ({columns}) VALUES (?, ?, ?, ?, ?)", new)  # noqa: S608


def drop_passed(connection: sqlite3.Connection) -> None:
    """Drop the shards whose messages are all gone; the newest stays until it is full."""
    rows = connection.execute(
        "SELECT number FROM text_shards WHERE number < (SELECT max(number) FROM text_shards)"
        " AND NOT EXISTS (SELECT 1 FROM messages WHERE seq BETWEEN first AND last)"
    ).fetchall()
    for row in rows:
        connection.execute(f"DROP TABLE text_{row[0]}")
        connection.execute("DELETE FROM text_shards WHERE number = ?", (row[0],))


def drop_all(connection: sqlite3.Connection) -> None:
    """Begin anew: every message is gone."""
    held = connection.execute("SELECT number, messages FROM text_shards").fetchall()
    # A shard takes milliseconds to make: between two tests a few lost words cost less.
    if len(held) == 1 and held[0][1] < SHARD // 10:
        return
    for row in held:
        connection.execute(f"DROP TABLE text_{row[0]}")
    connection.execute("DELETE FROM text_shards")
    if held:
        _begin_shard(connection, 1, 0)


def _join_parts(connection: sqlite3.Connection, number: int) -> None:
    """Every transaction left a part of the index: a step on the way to one part, which is read
    several times as fast; no step if it is reached."""
    connection.execute(
        f"INSERT INTO text_{number} (text_{number}, rank) VALUES ('merge', ?)",  # noqa: S608
        (-_PAGES,),
    )


def _begin_shard(connection: sqlite3.Connection, number: int, first: int) -> None:
    connection.execute(f"DROP TABLE IF EXISTS text_{number}")
    connection.execute(_definition(f"text_{number}"))
    connection.execute("INSERT INTO text_shards VALUES (?, ?, ?, 0)", (number, first, first))


def _definition(table: str) -> str:
    return (
        f"CREATE VIRTUAL TABLE {table} USING fts5(in_body, in_recipient, in_sender, in_code,"
        " content='', columnsize=0, detail=none, tokenize='trigram')"
    )

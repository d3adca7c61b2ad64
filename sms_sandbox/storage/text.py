"""The text index: trigrams, so that part of a number or of a code is found too.

It is cut into shards by arrival. A search looks at the newest first and stops when it has enough;
what is deleted stays in its shard until no message of the shard is left, and goes with it. Only
the connection that writes changes shards.
"""

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

from sms_sandbox.storage import bulk

SHARD = 50_000
"""How many messages a shard holds before the next one begins."""

_TRIGRAM = 3
_WORD = re.compile(r'"([^"]*)"|(\S+)')
_NUMBER_WORD = re.compile(r"\+?[0-9][0-9().\-]*")
_MAX_WORDS = 20
# Numbers of one country begin alike; these many characters of one are rare, wherever they stand.
_RARE = 6
# Each statement leaves a part of the index behind that has to be joined to the others.
_AT_ONCE = 5_000

Text = tuple[int, str, str, str, str | None]
"""A message's place, text, recipient, sender and code."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a search asks for: ``query`` for the index, and the words that have to be looked for
    in each message that it names."""

    query: str
    checks: tuple[str, ...]


def words(text: str, *, indexed: bool) -> Words:
    """What ``text`` asks for; without an index every word is looked for in the messages."""
    found = split_words(text)
    long = [word for word in found if indexed and len(word) >= _TRIGRAM]
    parts = [_rare_part(word) for word in long]
    query = " AND ".join('"' + part.replace('"', '""') + '"' for part in parts)
    return Words(query, tuple(word for word in found if word not in parts))


def split_words(text: str) -> list[str]:
    """The words and "quoted phrases" that a message must hold; numbers lose their punctuation."""
    found = [phrase or word for phrase, word in _WORD.findall(text)]
    return [_plain_number(word) for word in found if word][:_MAX_WORDS]


def register(connection: sqlite3.Connection) -> None:
    """Teach ``connection`` the function ``holds(word, text, ...)``: whether one of the texts
    holds the word, upper and lower case alike."""
    connection.create_function("holds", -1, _holds, deterministic=True)


def is_available(connection: sqlite3.Connection) -> bool:
    """Whether this SQLite can keep the index; without it a search reads the messages."""
    try:
        with closing(connection.execute(_definition("temp.text_probe"))):
            connection.execute("DROP TABLE temp.text_probe")
    except sqlite3.OperationalError:
        return False
    return True


def shards(connection: sqlite3.Connection) -> list[tuple[int, int]]:
    """The number and the first place of each shard, the newest first; empty without an index."""
    rows = connection.execute("SELECT number, first FROM text_shards ORDER BY number DESC")
    return [(row[0], row[1]) for row in rows]


def catch_up(connection: sqlite3.Connection) -> None:
    """Index what was stored without an index; the first shard is there from now on."""
    last = connection.execute("SELECT max(last) FROM text_shards").fetchone()[0]
    if last is None:
        _begin_shard(connection, 1, 0)
    rows = connection.execute(
        "SELECT seq, body, recipient, sender, code FROM messages WHERE seq > ? ORDER BY seq",
        (last or 0,),
    )
    while batch := rows.fetchmany(SHARD):
        add(connection, [tuple(row) for row in batch])


def give_up(connection: sqlite3.Connection) -> None:
    """This SQLite cannot read the index: forget it, so that nobody asks."""
    connection.execute("DELETE FROM text_shards")


def add(connection: sqlite3.Connection, texts: Iterable[Text]) -> None:
    """Index new messages, which stand behind all others."""
    batch = list(texts)
    newest = connection.execute(
        "SELECT number, messages FROM text_shards ORDER BY number DESC LIMIT 1"
    ).fetchone()
    if newest is None or not batch:
        return
    number, held = newest
    if held >= SHARD:
        number += 1
        _begin_shard(connection, number, batch[0][0])
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
    """Give one message other words."""
    row = connection.execute(
        "SELECT max(number) FROM text_shards WHERE first <= ?", (old[0],)
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


def _begin_shard(connection: sqlite3.Connection, number: int, first: int) -> None:
    connection.execute(f"DROP TABLE IF EXISTS text_{number}")
    connection.execute(_definition(f"text_{number}"))
    connection.execute("INSERT INTO text_shards VALUES (?, ?, ?, 0)", (number, first, first))


def _definition(table: str) -> str:
    return (
        f"CREATE VIRTUAL TABLE {table} USING fts5(in_body, in_recipient, in_sender, in_code,"
        " content='', columnsize=0, tokenize='trigram')"
    )


def _rare_part(word: str) -> str:
    """The part of a long word to ask the index for: of a number some of its digits, the last
    that are together, since the index has to compare every message that any three begin."""
    if len(word) <= _RARE:
        return word
    windows = [word[at : at + _RARE] for at in range(len(word) - _RARE + 1)]
    rare = max(reversed(windows), key=_digits)
    return rare if _digits(rare) >= _RARE - 1 else word


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _plain_number(word: str) -> str:
    if _NUMBER_WORD.fullmatch(word) and _digits(word) >= 7:
        return re.sub(r"[().\-]", "", word)
    return word


def _holds(word: str, *texts: str | None) -> bool:
    folded = word.casefold()
    return any(folded in text.casefold() for text in texts if text)

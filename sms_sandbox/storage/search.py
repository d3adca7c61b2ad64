"""Reading the messages that a filter means by the narrowest way: an index, or the text index.

No way costs more for a later page than for the first, and none reads all to count them.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from sms_sandbox.storage import counts, terms, text, words
from sms_sandbox.storage.filters import Filter

COUNTED = 5_000
"""How far the messages of a filter are counted; without one, or for one account, all are."""
COUNTED_TEXT = 200
"""How far they are counted where words are searched for."""
SHORT_WORDS = 10_000
"""Among how many of the newest messages a word of one or two characters is looked for."""

_INDEXES = {
    "recipient_key": "messages_by_recipient",
    "sender_key": "messages_by_sender",
    "account": "messages_by_account",
    "status": "messages_by_status",
    "provider": "messages_by_provider",
    "direction": "messages_by_direction",
    "(code IS NULL)": "messages_by_code",
}
# Up to so many rows it is not worth asking which of two indexes is the narrower.
_FEW = 2_000
# How far the indexes are counted to find the narrower one, after _FEW.
_MANY = 20_000
_LAST = (1 << 63) - 1


def rows(
    connection: sqlite3.Connection,
    columns: str,
    wanted: Filter,
    *,
    limit: int,
    newest_first: bool = True,
    complete: bool = False,
) -> Iterator[sqlite3.Row]:
    """The ``columns`` of what a filter means, read as they are taken; ``limit`` -1 means all.

    ``complete``: short words are looked for in every message, however long that takes.
    """
    if limit == 0:
        return iter(())
    found = words.split_words(wanted.text or "")
    shards = text.shards(connection) if found else []
    trigrams = terms.trigrams(found) if shards else []
    column, number = _narrowest(connection, wanted, _FEW)
    if number >= _FEW:
        asked = terms.choose(connection, shards, trigrams) if trigrams else None
        many = _MANY if asked is None else max(_FEW, min(asked.expected, _MANY))
        column, number = _narrowest(connection, wanted, many)
        if asked is not None and number >= many:
            return _from_shards(connection, columns, wanted, found, asked.query, limit=limit)
    if found and not trigrams and not complete:
        wanted = replace(wanted, after=max(wanted.after or 0, _horizon(connection)))
    where, values = _where(wanted, found)
    order = "DESC" if newest_first else "ASC"
    return connection.execute(
        f"SELECT {columns} FROM messages {_index(wanted, column)} WHERE {where}"  # noqa: S608
        f" ORDER BY seq {order} LIMIT ?",
        [*values, limit],
    )


def counted_to(wanted: Filter) -> int | None:
    """How far the messages of a filter are counted; ``None``: all of them are."""
    if wanted == Filter(account=wanted.account):
        return None
    return COUNTED_TEXT if wanted.text else COUNTED


def count(connection: sqlite3.Connection, wanted: Filter) -> int:
    """How many messages a filter means: all without one or for one account, else at most
    ``COUNTED``, or ``COUNTED_TEXT``."""
    limit = counted_to(wanted)
    if limit is None:
        return counts.of(connection, wanted.account)
    return sum(1 for _ in rows(connection, "1", wanted, limit=limit))


def _narrowest(connection: sqlite3.Connection, wanted: Filter, few: int) -> tuple[str | None, int]:
    """The column whose index leads to fewest messages, and how many those are, at most
    ``few``."""
    equal = wanted.equalities()
    if len(equal) == (0 if wanted.text else 1):
        return next(iter(equal), None), few
    best: tuple[str | None, int] = (None, few + 1)
    for column, value in equal.items():
        row = connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM messages INDEXED BY {_INDEXES[column]}"  # noqa: S608
            f" WHERE {column} = ? LIMIT {min(few, best[1])})",
            (value,),
        ).fetchone()
        if row[0] < best[1]:
            best = column, row[0]
    return best


def _index(wanted: Filter, column: str | None) -> str:
    if column is None:
        return "NOT INDEXED"
    if column == "recipient_key" and wanted.claimed is False:
        return "INDEXED BY messages_unclaimed"
    return f"INDEXED BY {_INDEXES[column]}"


def _from_shards(
    connection: sqlite3.Connection,
    columns: str,
    wanted: Filter,
    found: Sequence[str],
    query: str,
    *,
    limit: int,
) -> Iterator[sqlite3.Row]:
    """What is not indexed yet, then shard by shard, the newest first; the index is read in the
    order of arrival."""
    where, values = _where(wanted, found)
    newest = connection.execute(
        f"SELECT {columns} FROM messages NOT INDEXED"  # noqa: S608
        f" WHERE seq > (SELECT max(last) FROM text_shards) AND {where} ORDER BY seq DESC LIMIT ?",
        [*values, limit],
    )
    indexed = (
        row
        for table, lowest, highest in _parts(connection, wanted)
        for row in connection.execute(
            f"SELECT {columns} FROM {table} CROSS JOIN messages ON seq = {table}.rowid"  # noqa: S608
            f" WHERE {table} MATCH ? AND {table}.rowid > ? AND {table}.rowid < ? AND {where}"
            f" ORDER BY {table}.rowid DESC LIMIT ?",
            [query, lowest, highest, *values, limit],
        )
    )
    matches = chain(newest, indexed)
    return matches if limit < 0 else islice(matches, limit)


def _parts(connection: sqlite3.Connection, wanted: Filter) -> Iterator[tuple[str, int, int]]:
    """The tables of the shards that may hold what is wanted, and between which places."""
    lowest, highest = wanted.after or 0, _LAST if wanted.before is None else wanted.before
    for shard in text.shards(connection):
        if shard.first < highest and shard.last > lowest:
            yield shard.table, lowest, highest


def _where(wanted: Filter, found: Sequence[str]) -> tuple[str, list[object]]:
    parts = [(f"{column} = ?", [value]) for column, value in wanted.equalities().items()]
    parts += wanted.others()
    parts += [words.condition(word) for word in found]
    values = [value for _, given in parts for value in given]
    return " AND ".join(condition for condition, _ in parts) or "1", values


def _horizon(connection: sqlite3.Connection) -> int:
    row = connection.execute(
        "SELECT seq FROM messages ORDER BY seq DESC LIMIT 1 OFFSET ?", (SHORT_WORDS,)
    ).fetchone()
    return 0 if row is None else int(row[0])

"""Reading the messages that a filter means by the narrowest way: an index, or the text index.

No way costs more for a later page than for the first, and none reads all to count them.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from sms_sandbox.storage import counts, text
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
_HOLDS = "holds(?, body, recipient, sender, code)"
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
    order = "DESC" if newest_first else "ASC"
    column, number = _narrowest(connection, wanted)
    checks: tuple[str, ...] = ()
    if wanted.text:
        asked = text.words(wanted.text, indexed=bool(text.shards(connection)))
        if asked.query and number >= _FEW:
            found = _from_shards(connection, columns, wanted, asked, limit)
            return found if limit < 0 else islice(found, limit)
        checks = tuple(text.split_words(wanted.text))
        if not asked.query and not complete:
            wanted = replace(wanted, after=max(wanted.after or 0, _horizon(connection)))
    where, values = _where(wanted, checks)
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


def _narrowest(connection: sqlite3.Connection, wanted: Filter) -> tuple[str | None, int]:
    """The column whose index leads to fewest messages, and how many those are, at most
    ``_FEW``."""
    equal = wanted.equalities()
    if len(equal) == (0 if wanted.text else 1):
        return next(iter(equal), None), _FEW
    best: tuple[str | None, int] = (None, _FEW + 1)
    for column, value in equal.items():
        row = connection.execute(
            f"SELECT count(*) FROM (SELECT 1 FROM messages INDEXED BY {_INDEXES[column]}"  # noqa: S608
            f" WHERE {column} = ? LIMIT {_FEW})",
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
    connection: sqlite3.Connection, columns: str, wanted: Filter, asked: text.Words, limit: int
) -> Iterator[sqlite3.Row]:
    """Shard by shard, the newest first; the index is read in the order of arrival."""
    where, values = _where(wanted, asked.checks)
    lowest, highest = wanted.after or 0, wanted.before
    for number, first in text.shards(connection):
        if highest is not None and first >= highest:
            continue
        table = f"text_{number}"
        yield from connection.execute(
            f"SELECT {columns} FROM {table} CROSS JOIN messages ON seq = {table}.rowid"  # noqa: S608
            f" WHERE {table} MATCH ? AND {table}.rowid > ? AND {table}.rowid < ? AND {where}"
            f" ORDER BY {table}.rowid DESC LIMIT ?",
            [asked.query, lowest, _LAST if highest is None else highest, *values, limit],
        )
        if first <= lowest:
            return


def _where(wanted: Filter, checks: tuple[str, ...]) -> tuple[str, list[object]]:
    parts = [(f"{column} = ?", [value]) for column, value in wanted.equalities().items()]
    parts += wanted.others()
    parts += [(_HOLDS, [word]) for word in checks]
    values = [value for _, given in parts for value in given]
    return " AND ".join(condition for condition, _ in parts) or "1", values


def _horizon(connection: sqlite3.Connection) -> int:
    row = connection.execute(
        "SELECT seq FROM messages ORDER BY seq DESC LIMIT 1 OFFSET ?", (SHORT_WORDS,)
    ).fetchone()
    return 0 if row is None else int(row[0])

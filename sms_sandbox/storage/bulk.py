"""Many rows in one step of one statement.

Each step gives Python's lock away and has to win it back from whoever else runs: with a step a row,
a transaction that others wait for would mostly wait for others.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

Row = Sequence[object]

_AT_ONCE = 64


def fetch(
    connection: sqlite3.Connection,
    columns: Sequence[str],
    source: str,
    values: Row,
    *,
    real: Sequence[str] = (),
) -> list[list[Any]]:
    """All rows of ``SELECT columns source``, in its order; ``real`` names the columns that hold
    fractions."""
    shown = [
        # JSON would round them.
        f"iif({column} IS NULL, NULL, printf('%!.17g', {column}))" if column in real else column
        for column in columns
    ]
    row = connection.execute(
        f"SELECT json_group_array(json_array({', '.join(shown)}))"  # noqa: S608
        f" FROM (SELECT {', '.join(columns)} {source})",
        values,
    ).fetchone()
    found: list[list[Any]] = json.loads(row[0])
    for place in map(columns.index, real):
        for one in found:
            if one[place] is not None:
                one[place] = float(one[place])
    return found


def insert(
    connection: sqlite3.Connection,
    target: str,
    rows: Sequence[Row],
    *,
    then: str = "",
    at_once: int = _AT_ONCE,
) -> None:
    """Insert ``rows`` into ``target`` (a table with its columns), ``at_once`` in a statement;
    ``then`` may say what a conflict does."""
    for part, marks in _parts(rows, at_once):
        connection.execute(
            f"INSERT INTO {target} VALUES {marks} {then}",  # noqa: S608
            list(chain.from_iterable(part)),
        )


def update(connection: sqlite3.Connection, statement: str, rows: Sequence[Row]) -> None:
    """Run an ``UPDATE`` for all ``rows`` at once; ``{rows}`` in it stands for them, a table with
    the columns ``column1``, ``column2`` ..."""
    for part, marks in _parts(rows, _AT_ONCE):
        connection.execute(
            statement.replace("{rows}", f"(VALUES {marks})"), list(chain.from_iterable(part))
        )


def delete(connection: sqlite3.Connection, table: str, rowids: Sequence[int]) -> None:
    """Delete the rows with these numbers."""
    for at in range(0, len(rowids), _AT_ONCE):
        part = rowids[at : at + _AT_ONCE]
        marks = ", ".join("?" * len(part))
        connection.execute(f"DELETE FROM {table} WHERE rowid IN ({marks})", part)  # noqa: S608


def _parts(rows: Sequence[Row], at_once: int) -> Iterator[tuple[Sequence[Row], str]]:
    for at in range(0, len(rows), at_once):
        part = rows[at : at + at_once]
        one = f"({', '.join('?' * len(part[0]))})"
        yield part, ", ".join([one] * len(part))

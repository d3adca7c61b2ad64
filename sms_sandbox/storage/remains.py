"""Few of many messages stay: they are set aside, the tables emptied at once, and they put back.

A row that is deleted is looked for in a dozen indexes; a table that is emptied is not read at all.
"""

import sqlite3

from sms_sandbox.storage import counts, text
from sms_sandbox.storage.messages import OF_A_MESSAGE

FEW = 5_000
"""So many messages are set aside at most: whoever else writes waits meanwhile."""
MANY = 20_000
"""So many have to go, or row by row is as good."""


def is_worth_it(connection: sqlite3.Connection, excess: int) -> bool:
    """Whether few messages would be left of many if ``excess`` of all went."""
    return excess >= MANY and counts.of(connection, None) - excess <= FEW


def leave(connection: sqlite3.Connection, excess: int, account: str | None) -> list[int]:
    """Delete the ``excess`` oldest messages, of one account or of all, with everything of theirs;
    returns the places of the messages that are left."""
    stays, values = _condition(connection, excess, account)
    connection.execute(
        f"CREATE TEMP TABLE left_messages AS SELECT * FROM messages WHERE {stays}",  # noqa: S608
        values,
    )
    for table in OF_A_MESSAGE:
        connection.execute(
            f"CREATE TEMP TABLE left_{table} AS SELECT * FROM {table}"  # noqa: S608
            " WHERE message_seq IN (SELECT seq FROM left_messages) ORDER BY rowid"
        )
    for table in ("messages", *OF_A_MESSAGE):
        # Without a condition SQLite empties a table at once and not row by row.
        connection.execute(f"DELETE FROM {table}")  # noqa: S608
        connection.execute(f"INSERT INTO {table} SELECT * FROM left_{table} ORDER BY rowid")  # noqa: S608
        connection.execute(f"DROP TABLE left_{table}")
    _count(connection)
    text.drop_passed(connection)
    return [row[0] for row in connection.execute("SELECT seq FROM messages")]


def _condition(
    connection: sqlite3.Connection, excess: int, account: str | None
) -> tuple[str, list[object]]:
    """The messages that stay, in a form that needs no look at the others."""
    of_account = "" if account is None else " WHERE account = ?"
    values: list[object] = [] if account is None else [account]
    (last,) = connection.execute(
        f"SELECT seq FROM messages{of_account} ORDER BY seq LIMIT 1 OFFSET ?",  # noqa: S608
        [*values, excess - 1],
    ).fetchone()
    if account is None:
        return "seq > ?", [last]
    others = "SELECT account FROM counts WHERE account NOT IN ('', ?)"
    return f"seq > ? OR account IN ({others})", [last, account]


def _count(connection: sqlite3.Connection) -> None:
    rows = connection.execute(
        "SELECT account, count(*), sum(size) FROM messages GROUP BY account"
    ).fetchall()
    counts.clear(connection)
    counts.change(connection, {row[0]: (row[1], row[2]) for row in rows})

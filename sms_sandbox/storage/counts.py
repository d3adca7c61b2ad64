"""How many messages there are and how much they hold, by account and in all, kept as they come
and go: counting a million rows takes too long for a list."""

import sqlite3
from collections.abc import Mapping

from sms_sandbox.storage import bulk

_ALL = ""


def of(connection: sqlite3.Connection, account: str | None) -> int:
    """The number of messages of one account, or of all."""
    row = connection.execute(
        "SELECT messages FROM counts WHERE account = ?", (_ALL if account is None else account,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def bytes_of(connection: sqlite3.Connection, account: str | None) -> int:
    """The size of the messages of one account, or of all, with their requests."""
    row = connection.execute(
        "SELECT bytes FROM counts WHERE account = ?", (_ALL if account is None else account,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def change(connection: sqlite3.Connection, by: Mapping[str, tuple[int, int]]) -> None:
    """Add to (or with negative figures take from) the numbers and the sizes of accounts, and of
    all."""
    everyone = sum(number for number, _ in by.values()), sum(size for _, size in by.values())
    bulk.insert(
        connection,
        "counts (account, messages, bytes)",
        [(name, *figures) for name, figures in (*by.items(), (_ALL, everyone))],
        then="ON CONFLICT (account) DO UPDATE"
        " SET messages = messages + excluded.messages, bytes = bytes + excluded.bytes",
    )
    if everyone[0] < 0:
        connection.execute("DELETE FROM counts WHERE messages <= 0")


def clear(connection: sqlite3.Connection) -> None:
    """There are none any more."""
    connection.execute("DELETE FROM counts")


def by_account(connection: sqlite3.Connection) -> list[tuple[str, int, float]]:
    """Every account that has messages: its name, how many, and when the newest came."""
    rows = connection.execute(
        "SELECT account, messages, (SELECT created_at FROM messages INDEXED BY messages_by_account"
        " WHERE messages.account = counts.account ORDER BY seq DESC LIMIT 1)"
        " FROM counts WHERE account <> ? ORDER BY account",
        (_ALL,),
    )
    return [(row[0], row[1], row[2]) for row in rows]

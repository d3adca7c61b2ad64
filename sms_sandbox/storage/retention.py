"""How many messages an account keeps, where it differs from the sandbox's own limit."""

import sqlite3

EVERYONE = ""
"""The row that holds the limit over all accounts, once it was changed."""


def limits(connection: sqlite3.Connection) -> dict[str, int]:
    """Every stored limit by account; ``EVERYONE`` for the limit over all."""
    return {row[0]: row[1] for row in connection.execute("SELECT * FROM retention")}


def put(connection: sqlite3.Connection, account: str, messages: int) -> None:
    """Set one limit."""
    connection.execute("INSERT OR REPLACE INTO retention VALUES (?, ?)", (account, messages))


def forget(connection: sqlite3.Connection, account: str | None) -> None:
    """Drop one account's limit, or all of them with ``None``."""
    if account is None:
        connection.execute("DELETE FROM retention")
    else:
        connection.execute("DELETE FROM retention WHERE account = ?", (account,))

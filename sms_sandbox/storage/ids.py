"""How many ids each account was given, so that a seeded sandbox goes on behind them."""

import sqlite3

from sms_sandbox.ids import Ids


def load(connection: sqlite3.Connection, ids: Ids) -> None:
    """Let ``ids`` go on where the file's former life ended."""
    rows = connection.execute("SELECT account, kind, given FROM ids")
    ids.go_on({(row["account"], row["kind"]): row["given"] for row in rows})


def keep(connection: sqlite3.Connection, ids: Ids) -> None:
    """Write down what was given since the last time, with the transaction that stores it."""
    connection.executemany("INSERT OR REPLACE INTO ids VALUES (?, ?, ?)", ids.unkept())


def forget(connection: sqlite3.Connection, account: str | None) -> None:
    """Begin anew for one account, or for all with ``None``."""
    if account is None:
        connection.execute("DELETE FROM ids")
    else:
        connection.execute("DELETE FROM ids WHERE account = ?", (account,))

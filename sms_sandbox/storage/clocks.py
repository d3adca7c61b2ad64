"""The clocks that were moved by hand, inside the caller's transaction."""

import sqlite3

from sms_sandbox.clock import OwnClock


def every(connection: sqlite3.Connection) -> dict[str, OwnClock]:
    """Every clock by the name of its account."""
    rows = connection.execute("SELECT account, moment, ahead FROM clocks")
    return {row["account"]: OwnClock(row["moment"], row["ahead"]) for row in rows}


def put(connection: sqlite3.Connection, name: str, own: OwnClock) -> None:
    """Remember one clock."""
    connection.execute(
        "INSERT OR REPLACE INTO clocks (account, moment, ahead) VALUES (?, ?, ?)",
        (name, own.moment, own.ahead),
    )


def forget(connection: sqlite3.Connection, account: str | None) -> None:
    """Forget one account's clock, or all of them with ``None``."""
    if account is None:
        connection.execute("DELETE FROM clocks")
    else:
        connection.execute("DELETE FROM clocks WHERE account = ?", (account,))


def is_unused(connection: sqlite3.Connection, account: str | None) -> bool:
    """Whether nothing that bears a time is kept of the account, or of any with ``None``."""
    where = "" if account is None else " WHERE account = ?"
    values = () if account is None else (account,)
    return not any(
        connection.execute(f"SELECT 1 FROM {table}{where} LIMIT 1", values).fetchone()  # noqa: S608
        for table in ("messages", "records")
    )

"""What is kept of accounts beside their messages: settings and further names."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

EVERYONE = ""
"""The row whose settings hold for every account that says nothing else."""


def settings(connection: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """Every account's settings as JSON values."""
    rows = connection.execute("SELECT account, settings FROM account_settings")
    return {row["account"]: json.loads(row["settings"]) for row in rows}


def put_settings(connection: sqlite3.Connection, account: str, values: Mapping[str, Any]) -> None:
    """Replace one account's settings."""
    connection.execute(
        "INSERT OR REPLACE INTO account_settings VALUES (?, ?)", (account, json.dumps(dict(values)))
    )


def aliases(connection: sqlite3.Connection) -> dict[str, str]:
    """Every further name, and the account that it means."""
    rows = connection.execute("SELECT alias, account FROM aliases ORDER BY alias")
    return {row["alias"]: row["account"] for row in rows}


def put_aliases(connection: sqlite3.Connection, account: str, names: Iterable[str]) -> None:
    """Replace one account's further names."""
    connection.execute("DELETE FROM aliases WHERE account = ?", (account,))
    connection.executemany("INSERT INTO aliases VALUES (?, ?)", [(one, account) for one in names])


def forget(connection: sqlite3.Connection, account: str | None) -> None:
    """Forget settings, names and records of one account, or of all with ``None``."""
    for table in ("account_settings", "aliases", "records"):
        if account is None:
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
        else:
            connection.execute(f"DELETE FROM {table} WHERE account = ?", (account,))  # noqa: S608

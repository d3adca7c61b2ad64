"""What vendors keep that is no message (services, verifications, tokens ...), by kind.

Every function works inside the caller's transaction. Of one kind an account keeps a bounded
number, and so do all together; the oldest go first.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

KEPT = 10_000
"""How many records of one kind an account keeps."""
KEPT_IN_ALL = 1_000_000
"""How many records all accounts keep together; looked at once in ``_SWEEP`` records."""
_SWEEP = 10_000
_COLUMNS = "place, provider, account, kind, id, parent, key, created_at, updated_at, data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One thing of a vendor's: ``kind`` and ``id`` name it within the account, ``parent`` is what
    it belongs to, ``key`` what it is found by (a number, say), ``data`` JSON values. Times are
    seconds since 1970; ``place`` grows with each record and is 0 until stored."""

    provider: str
    account: str
    kind: str
    id: str
    parent: str = ""
    key: str = field(default="", repr=False)
    created_at: float
    updated_at: float
    data: Mapping[str, Any] = field(default_factory=dict, repr=False)
    place: int = 0


def insert(connection: sqlite3.Connection, record: Record, *, keep: int = KEPT) -> Record:
    """Store a new record and drop the oldest of its kind beyond ``keep``."""
    cursor = connection.execute(
        "INSERT INTO records (provider, account, kind, id, parent, key, created_at, updated_at,"
        " data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            record.provider,
            record.account,
            record.kind,
            record.id,
            record.parent,
            record.key,
            record.created_at,
            record.updated_at,
            json.dumps(dict(record.data)),
        ),
    )
    assert cursor.lastrowid is not None
    connection.execute(
        "DELETE FROM records WHERE place IN (SELECT place FROM records"
        " WHERE provider = ? AND account = ? AND kind = ? ORDER BY place DESC LIMIT -1 OFFSET ?)",
        (record.provider, record.account, record.kind, keep),
    )
    if cursor.lastrowid % _SWEEP == 0:
        _drop_oldest(connection)
    return replace(record, place=cursor.lastrowid)


def get(
    connection: sqlite3.Connection, provider: str, account: str, kind: str, record_id: str
) -> Record | None:
    """The record with this id."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM records"  # noqa: S608
        " WHERE provider = ? AND account = ? AND kind = ? AND id = ?",
        (provider, account, kind, record_id),
    ).fetchone()
    return None if row is None else _record(row)


def put(connection: sqlite3.Connection, record: Record) -> None:
    """Write a stored record's key, data and ``updated_at`` anew."""
    connection.execute(
        "UPDATE records SET key = ?, updated_at = ?, data = ?"
        " WHERE provider = ? AND account = ? AND kind = ? AND id = ?",
        (
            record.key,
            record.updated_at,
            json.dumps(dict(record.data)),
            record.provider,
            record.account,
            record.kind,
            record.id,
        ),
    )


def delete(
    connection: sqlite3.Connection, provider: str, account: str, kind: str, record_id: str
) -> bool:
    """Forget one record; whether it was there."""
    cursor = connection.execute(
        "DELETE FROM records WHERE provider = ? AND account = ? AND kind = ? AND id = ?",
        (provider, account, kind, record_id),
    )
    return cursor.rowcount > 0


def find(
    connection: sqlite3.Connection,
    provider: str,
    account: str,
    kind: str,
    *,
    parent: str | None = None,
    key: str | None = None,
    older_than: int | None = None,
    newer_than: int | None = None,
    limit: int = 50,
) -> list[Record]:
    """Records newest first; with ``newer_than`` (a place, exclusive) the ones that follow it most
    closely, still newest first."""
    asked: list[tuple[str, object | None]] = [
        ("provider = ?", provider),
        ("account = ?", account),
        ("kind = ?", kind),
        ("parent = ?", parent),
        ("key = ?", key),
        ("place < ?", older_than),
        ("place > ?", newer_than),
    ]
    parts = [(condition, value) for condition, value in asked if value is not None]
    where = " AND ".join(condition for condition, _ in parts)
    order = "DESC" if newer_than is None else "ASC"
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM records WHERE {where} ORDER BY place {order} LIMIT ?",  # noqa: S608
        [*(value for _, value in parts), limit],
    ).fetchall()
    found = [_record(row) for row in rows]
    return found if newer_than is None else found[::-1]


def forget(connection: sqlite3.Connection, account: str | None) -> None:
    """Forget every record of one account, or of all with ``None``."""
    if account is None:
        connection.execute("DELETE FROM records")
    else:
        connection.execute("DELETE FROM records WHERE account = ?", (account,))


def _drop_oldest(connection: sqlite3.Connection) -> None:
    connection.execute(
        "DELETE FROM records WHERE place <="
        " (SELECT place FROM records ORDER BY place DESC LIMIT 1 OFFSET ?)",
        (KEPT_IN_ALL,),
    )


def _record(row: sqlite3.Row) -> Record:
    values = dict(row)
    values["data"] = json.loads(values["data"])
    return Record(**values)

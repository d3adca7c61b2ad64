"""The session registry's rows in SQL; what every store does is in `contracts` (RULES 12)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from flask_phoneauth.clock import system
from flask_phoneauth.database.engine import Database
from flask_phoneauth.database.tables import sessions
from flask_phoneauth.records import SessionRecord
from flask_phoneauth.stores.sessions import SqlSessions
from flask_phoneauth.users.accounts import Accounts

NOW = 1_700_000_000.0
DAY = 86400

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgres"])


@pytest.fixture
def rows(database: Database) -> SqlSessions:
    """An empty registry."""
    return SqlSessions(database)


def hashed(token: str) -> bytes:
    """What the registry knows of a token."""
    return hashlib.sha256(token.encode()).digest()


def record(name: str, user: str = "7", **changes: Any) -> SessionRecord:
    """A device that has just signed in."""
    made = SessionRecord(
        id=name,
        user_id=user,
        created_at=NOW,
        authenticated_at=NOW,
        last_seen_at=NOW,
        expires_at=NOW + 30 * DAY,
        idle_seconds=14 * DAY,
        ip="198.51.100.7",
        user_agent="Browser",
    )
    return replace(made, **changes)


def test_a_row_of_an_older_epoch_is_dead_wherever_it_comes_from(
    rows: SqlSessions, database: Database
) -> None:
    rows.remove_all("7")
    with database.write() as connection:  # a login that read the epoch before the end of all
        row = {name: getattr(record("late"), name) for name in SessionRecord.__slots__}
        connection.execute(sessions.insert().values(**row, token_hash=hashed("late"), epoch=0))
    assert rows.find(hashed("late"), now=NOW) is None
    assert rows.of_user("7", now=NOW) == []


def test_what_is_over_is_forgotten_by_and_by(rows: SqlSessions, database: Database) -> None:
    for n in range(5):
        rows.add(record(f"old{n}"), hashed(f"old{n}"))
    later = NOW + 31 * DAY
    rows.add(record("new", created_at=later, expires_at=later + DAY), hashed("new"))
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(sessions)).scalar() == 1


def test_no_token_is_kept(rows: SqlSessions, database: Database) -> None:
    rows.add(record("one"), hashed("a-token-of-256-bits"))
    database.close()
    assert b"a-token" not in open_bytes(database)


def open_bytes(database: Database) -> bytes:
    """The database's file, or the rows of a server."""
    if database.locks_rows:
        with database.read() as connection:
            return repr(connection.execute(select(sessions)).all()).encode()
    with open(str(database.url.database), "rb") as file:  # noqa: PTH123
        return file.read()


def test_an_account_is_read_along_with_its_own_sessions_only(database: Database) -> None:
    accounts = Accounts(database, system)
    made = accounts.create("+447400123456")
    rows = SqlSessions(database, accounts.beside())
    for user_id in (str(made.id), f"{made.id}x", f"{made.id + 1}", "", "x", "9" * 40):
        rows.add(record(f"of {user_id}"[:32], user=user_id), hashed(user_id))
        found = rows.find_with_user(hashed(user_id), now=NOW)
        assert found is not None
        assert found[0].user_id == user_id
        assert found[1] == (made if user_id == str(made.id) else None)
    accounts.set_blocked(str(made.id), True)
    found = rows.find_with_user(hashed(str(made.id)), now=NOW)
    assert found is not None
    assert found[1].is_active is False

"""The session registry's rows (RULES 12)."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from flask_phoneauth.database.engine import Database
from flask_phoneauth.database.tables import sessions
from flask_phoneauth.records import SessionRecord
from flask_phoneauth.stores.sessions import SqlSessions

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


def test_a_session_is_found_by_its_token_alone(rows: SqlSessions) -> None:
    made = record("one")
    rows.add(made, hashed("token"))
    assert rows.find(hashed("token"), now=NOW) == made
    assert rows.find(hashed("other"), now=NOW) is None
    assert rows.find(b"", now=NOW) is None


def test_a_session_ends_with_its_life(rows: SqlSessions) -> None:
    rows.add(record("one", idle_seconds=90 * DAY), hashed("token"))
    assert rows.find(hashed("token"), now=NOW + 30 * DAY - 1) is not None
    assert rows.find(hashed("token"), now=NOW + 30 * DAY) is None
    assert rows.of_user("7", now=NOW + 30 * DAY) == []


def test_a_session_ends_after_its_idle_time_and_use_keeps_it(rows: SqlSessions) -> None:
    rows.add(record("one"), hashed("token"))
    assert rows.find(hashed("token"), now=NOW + 14 * DAY - 1) is not None
    assert rows.find(hashed("token"), now=NOW + 28 * DAY - 2) is not None
    assert rows.find(hashed("token"), now=NOW + 29.9 * DAY) is not None


def test_an_idle_session_stays_ended(rows: SqlSessions) -> None:
    rows.add(record("one"), hashed("token"))
    assert rows.find(hashed("token"), now=NOW + 14 * DAY) is None
    assert rows.of_user("7", now=NOW + 14 * DAY) == []


def test_last_seen_moves_at_most_once_a_minute(rows: SqlSessions) -> None:
    rows.add(record("one"), hashed("token"))
    for after, seen in ((59, 0), (60, 60), (100, 60), (119, 60), (120, 120)):
        rows.find(hashed("token"), now=NOW + after)
        assert rows.of_user("7", now=NOW + after)[0].last_seen_at == NOW + seen


def test_a_users_sessions_are_listed_newest_first(rows: SqlSessions) -> None:
    for turn, name in enumerate(("old", "new", "newest")):
        rows.add(record(name, authenticated_at=NOW + turn), hashed(name))
    rows.add(record("foreign", user="8"), hashed("foreign"))
    assert [r.id for r in rows.of_user("7", now=NOW)] == ["newest", "new", "old"]


def test_a_user_ends_one_of_their_own_sessions_only(rows: SqlSessions) -> None:
    rows.add(record("mine"), hashed("mine"))
    rows.add(record("foreign", user="8"), hashed("foreign"))
    assert rows.remove("7", "foreign") is False
    assert rows.remove("7", "unknown") is False
    assert rows.remove("7", "mine") is True
    assert rows.remove("7", "mine") is False
    assert rows.find(hashed("mine"), now=NOW) is None
    assert rows.find(hashed("foreign"), now=NOW) is not None


def test_ending_the_others_keeps_one(rows: SqlSessions) -> None:
    for name in ("a", "b", "c"):
        rows.add(record(name), hashed(name))
    rows.add(record("foreign", user="8"), hashed("foreign"))
    assert rows.remove_others("7", "b") == 2
    assert [r.id for r in rows.of_user("7", now=NOW)] == ["b"]
    assert rows.find(hashed("foreign"), now=NOW) is not None


def test_ending_all_ends_all_of_one_user(rows: SqlSessions) -> None:
    for name in ("a", "b"):
        rows.add(record(name), hashed(name))
    rows.add(record("foreign", user="8"), hashed("foreign"))
    rows.remove_all("7")
    assert rows.of_user("7", now=NOW) == []
    assert rows.find(hashed("a"), now=NOW) is None
    assert rows.find(hashed("foreign"), now=NOW) is not None
    rows.add(record("later"), hashed("later"))
    assert rows.find(hashed("later"), now=NOW) is not None


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


def test_of_many_threads_that_end_a_session_one_did_it(rows: SqlSessions) -> None:
    rows.add(record("one"), hashed("one"))
    gate, ended = threading.Barrier(8), []

    def end() -> None:
        gate.wait()
        ended.append(rows.remove("7", "one"))

    threads = [threading.Thread(target=end) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == [False] * 7 + [True]

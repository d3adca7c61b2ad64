"""What every session store does, on each of them (RULES 12)."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import servers
from postgres_server import shared_server

from flask_phoneauth.database import migrate
from flask_phoneauth.database.engine import Database
from flask_phoneauth.records import SessionRecord
from flask_phoneauth.stores.base import SessionStore
from flask_phoneauth.stores.memory_sessions import MemorySessions
from flask_phoneauth.stores.redis_server import RedisServer
from flask_phoneauth.stores.redis_sessions import RedisSessions
from flask_phoneauth.stores.sessions import SqlSessions

NOW = 1_700_000_000.0
DAY = 86400


def _sqlite(folder: Path) -> SessionStore:
    database = Database(f"sqlite:///{folder}/sessions.db")
    migrate.upgrade(database)
    return SqlSessions(database)


def _redis(kind: str) -> Callable[[Path], SessionStore]:
    return lambda _: RedisSessions(RedisServer(servers.start_redis(kind)))


BACKENDS: dict[str, Callable[[Path], SessionStore]] = {
    "memory": lambda _: MemorySessions(),
    "sqlite": _sqlite,
    "postgres": lambda _: SqlSessions(Database(shared_server().clean_database())),
    "redis": _redis("single"),
    "redis_cluster": _redis("cluster"),
    "redis_sentinel": _redis("sentinel"),
}


@pytest.fixture(params=sorted(BACKENDS))
def rows(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SessionStore]:
    """An empty registry of each kind."""
    store = BACKENDS[request.param](tmp_path)
    yield store
    store.close()


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


def test_a_session_is_found_by_its_token_alone(rows: SessionStore) -> None:
    made = record("one")
    rows.add(made, hashed("token"))
    assert rows.find(hashed("token"), now=NOW) == made
    assert rows.find(hashed("other"), now=NOW) is None
    assert rows.find(b"", now=NOW) is None


def test_a_session_ends_with_its_life(rows: SessionStore) -> None:
    rows.add(record("one", idle_seconds=90 * DAY), hashed("token"))
    assert rows.find(hashed("token"), now=NOW + 30 * DAY - 1) is not None
    assert rows.find(hashed("token"), now=NOW + 30 * DAY) is None
    assert rows.of_user("7", now=NOW + 30 * DAY) == []


def test_a_session_ends_after_its_idle_time_and_use_keeps_it(rows: SessionStore) -> None:
    rows.add(record("one"), hashed("token"))
    assert rows.find(hashed("token"), now=NOW + 14 * DAY - 1) is not None
    assert rows.find(hashed("token"), now=NOW + 28 * DAY - 2) is not None
    assert rows.find(hashed("token"), now=NOW + 29.9 * DAY) is not None


def test_an_idle_session_stays_ended(rows: SessionStore) -> None:
    rows.add(record("one"), hashed("token"))
    assert rows.find(hashed("token"), now=NOW + 14 * DAY) is None
    assert rows.of_user("7", now=NOW + 14 * DAY) == []


def test_last_seen_moves_at_most_once_a_minute(rows: SessionStore) -> None:
    rows.add(record("one"), hashed("token"))
    for after, seen in ((59, 0), (60, 60), (100, 60), (119, 60), (120, 120)):
        rows.find(hashed("token"), now=NOW + after)
        assert rows.of_user("7", now=NOW + after)[0].last_seen_at == NOW + seen


def test_a_users_sessions_are_listed_newest_first(rows: SessionStore) -> None:
    for turn, name in enumerate(("old", "new", "newest")):
        rows.add(record(name, authenticated_at=NOW + turn), hashed(name))
    rows.add(record("foreign", user="8"), hashed("foreign"))
    assert [r.id for r in rows.of_user("7", now=NOW)] == ["newest", "new", "old"]


def test_a_user_ends_one_of_their_own_sessions_only(rows: SessionStore) -> None:
    rows.add(record("mine"), hashed("mine"))
    rows.add(record("foreign", user="8"), hashed("foreign"))
    assert rows.remove("7", "foreign") is False
    assert rows.remove("7", "unknown") is False
    assert rows.remove("7", "mine") is True
    assert rows.remove("7", "mine") is False
    assert rows.find(hashed("mine"), now=NOW) is None
    assert rows.find(hashed("foreign"), now=NOW) is not None


def test_ending_the_others_keeps_one(rows: SessionStore) -> None:
    for name in ("a", "b", "c"):
        rows.add(record(name), hashed(name))
    rows.add(record("foreign", user="8"), hashed("foreign"))
    assert rows.remove_others("7", "b") == 2
    assert [r.id for r in rows.of_user("7", now=NOW)] == ["b"]
    assert rows.find(hashed("foreign"), now=NOW) is not None


def test_ending_all_ends_all_of_one_user(rows: SessionStore) -> None:
    for name in ("a", "b"):
        rows.add(record(name), hashed(name))
    rows.add(record("foreign", user="8"), hashed("foreign"))
    rows.remove_all("7")
    assert rows.of_user("7", now=NOW) == []
    assert rows.find(hashed("a"), now=NOW) is None
    assert rows.find(hashed("foreign"), now=NOW) is not None
    rows.add(record("later"), hashed("later"))
    assert rows.find(hashed("later"), now=NOW) is not None


def test_of_many_threads_that_end_a_session_one_did_it(rows: SessionStore) -> None:
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


@pytest.mark.parametrize("kind", ["single", "cluster"])
def test_redis_forgets_what_is_over_and_who_has_no_session(kind: str) -> None:
    server = RedisServer(servers.start_redis(kind))
    rows = RedisSessions(server)
    rows.add(record("one"), hashed("one"))
    rows.add(record("two", expires_at=NOW + 60), hashed("two"))
    lives = {key.decode(): server.client().pttl(key) for key in server.client().scan_iter("*")}
    token = next(key for key in lives if key.endswith(hashed("two").hex()))
    assert 0 < lives.pop(token) <= 60_000
    assert sorted(life > 13 * DAY * 1000 for life in lives.values()) == [True, True]
    rows.remove_all("7")
    assert list(server.client().scan_iter("*")) == []
    rows.close()


def test_a_users_list_forgets_tokens_that_redis_has_dropped() -> None:
    server = RedisServer(servers.start_redis("single"))
    rows = RedisSessions(server)
    rows.add(record("one"), hashed("one"))
    server.client().delete(f"phoneauth:{{sessions}}:token:{hashed('one').hex()}")
    assert rows.of_user("7", now=NOW) == []
    rows.add(record("two"), hashed("two"))
    assert server.client().hkeys("phoneauth:{sessions}:user:7") == [b"two"]
    rows.close()


def test_no_token_is_in_redis() -> None:
    server = RedisServer(servers.start_redis("single"))
    rows = RedisSessions(server)
    rows.add(record("one"), hashed("a-token-of-256-bits"))
    keys = list(server.client().scan_iter("*"))
    assert len(keys) == 2, "the session, and the list of its user's"
    for key in keys:
        kept = server.client().hgetall(key) if b":user:" in key else server.client().get(key)
        assert "a-token" not in repr((key, kept))
    rows.close()


def test_the_memory_of_what_is_over_is_given_back() -> None:
    rows = MemorySessions()
    for n in range(5):
        rows.add(record(f"old{n}"), hashed(f"old{n}"))
    later = NOW + 31 * DAY
    rows.add(record("new", created_at=later, expires_at=later + DAY), hashed("new"))
    assert len(rows._by_token) == 1

"""What is Redis' own of the session registry: keys that end, and a list without dead sessions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import servers

from flask_phoneauth.records import SessionRecord
from flask_phoneauth.stores.redis_server import RedisServer
from flask_phoneauth.stores.redis_sessions import RedisSessions

NOW = 1_700_000_000.0
DAY = 86400
FIRST = SessionRecord("one", "ann", NOW, NOW, NOW, NOW + 30 * DAY, 14 * DAY, "", "")
SECOND = replace(FIRST, id="two")


@pytest.fixture
def sessions() -> Iterator[RedisSessions]:
    """An empty registry with one session of a user."""
    store = RedisSessions(RedisServer(servers.start_redis("single")))
    store.add(FIRST, b"first")
    yield store
    store.close()


@pytest.fixture
def client() -> Any:
    """What the tests see of the server."""
    return servers.single().client


def key(client: Any, kind: str) -> bytes:
    """The one key of that kind."""
    (found,) = client.keys(f"*:{kind}:*")
    return bytes(found)


def test_a_session_and_the_list_of_its_user_have_an_end(
    sessions: RedisSessions, client: Any
) -> None:
    assert 14 * DAY - 60 < client.ttl(key(client, "token")) <= 14 * DAY
    assert 30 * DAY - 60 < client.ttl(key(client, "user")) <= 30 * DAY


def test_a_session_that_was_seen_ends_so_much_later(sessions: RedisSessions, client: Any) -> None:
    client.expire(key(client, "token"), 100)
    assert sessions.find(b"first", now=NOW + 20 * DAY) is None  # idle for too long
    assert sessions.find(b"first", now=NOW + 10 * DAY) is not None
    assert 14 * DAY - 60 < client.ttl(key(client, "token")) <= 14 * DAY
    assert sessions.find(b"first", now=NOW + 20 * DAY) is not None
    assert 10 * DAY - 60 < client.ttl(key(client, "token")) <= 10 * DAY


def test_what_redis_has_forgotten_is_neither_listed_nor_kept_in_the_list(
    sessions: RedisSessions, client: Any
) -> None:
    client.delete(key(client, "token"))
    sessions.add(SECOND, b"second")
    assert client.hkeys(key(client, "user")) == [b"two"]
    client.delete(key(client, "token"))
    assert sessions.of_user("ann", now=NOW) == []


def test_an_ended_session_leaves_the_list(sessions: RedisSessions, client: Any) -> None:
    sessions.add(SECOND, b"second")
    assert sessions.remove("ann", "one")
    assert client.hkeys(key(client, "user")) == [b"two"]


def test_a_session_that_ends_while_it_is_seen_stays_ended(
    sessions: RedisSessions, client: Any
) -> None:
    raw = client.get(key(client, "token"))
    sessions.remove_all("ann")
    sessions._touch(b"first", raw, replace(FIRST, last_seen_at=NOW + 120), NOW + 120)
    assert sessions.find(b"first", now=NOW + 120) is None

"""The session registry in Redis: a key for each token, and each user's tokens in a hash.

One command a verb. All keys share one hash tag, so on a Cluster they lie on one of its masters
and a user's sessions still end in one step. Redis forgets what is over by itself.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields, replace
from typing import Any

from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.records import SessionRecord
from flask_phoneauth.stores.base import SEEN_SECONDS, is_living
from flask_phoneauth.stores.redis_forms import PREFIX
from flask_phoneauth.stores.redis_server import RedisServer

_FIELDS = tuple(field.name for field in fields(SessionRecord))
_TAGGED = PREFIX + "{sessions}:"


class RedisSessions:
    """A `SessionStore` on Redis, Valkey, a Cluster of them or a Sentinel's primary."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server

    def add(self, record: SessionRecord, token_hash: bytes) -> None:
        """Write a new session; scripts run one by one, so it needs no epoch."""
        now = record.created_at
        life = record.expires_at - now
        given = {"id": record.id, "made": _dumped(record), "life": _life(record, now), "keep": life}
        keys = (_user_key(record.user_id), _token_key(token_hash))
        self._server.run("session_add", keys, repr(now), json.dumps(given))

    def find(self, token_hash: bytes, *, now: float) -> SessionRecord | None:
        """The living session of that token; `last_seen` moves at most once a minute."""
        raw = self._server.get(_token_key(token_hash))
        if raw is None:
            return None
        record = _loaded(raw)
        if not is_living(record, now):
            return None
        if now - record.last_seen_at >= SEEN_SECONDS:
            self._touch(token_hash, raw, replace(record, last_seen_at=now), now)
        return record

    def _touch(self, token_hash: bytes, raw: bytes, seen: SessionRecord, now: float) -> None:
        given = {"former": raw.decode(), "made": _dumped(seen), "life": _life(seen, now)}
        keys = (_token_key(token_hash),)
        # a session that could be read is good, though Redis takes no writes at the moment
        with suppress(StoreUnavailable):
            self._server.run("session_touch", keys, repr(now), json.dumps(given))

    def find_with_user(
        self, token_hash: bytes, *, now: float
    ) -> tuple[SessionRecord, Any | None] | None:
        """As `find`: users are kept elsewhere."""
        found = self.find(token_hash, now=now)
        return None if found is None else (found, None)

    def of_user(self, user_id: str, *, now: float) -> list[SessionRecord]:
        """A user's living sessions, newest first."""
        raws = self._server.run("session_list", (_user_key(user_id),), repr(now), "{}")
        living = [record for record in map(_loaded, raws) if is_living(record, now)]
        return sorted(living, key=lambda record: (-record.authenticated_at, record.id))

    def remove(self, user_id: str, session_id: str) -> bool:
        """End one session of this user; False where there is none."""
        return bool(self._end(user_id, only=session_id))

    def remove_others(self, user_id: str, keep: str) -> int:
        """End all of a user's sessions but one; how many ended."""
        return self._end(user_id, keep=keep)

    def remove_all(self, user_id: str) -> None:
        """End everything: a script that adds one has run before this one, or runs after it."""
        self._end(user_id)

    def close(self) -> None:
        """Let the connections go."""
        self._server.close()

    def _end(self, user_id: str, **which: str) -> int:
        return int(self._server.run("session_end", (_user_key(user_id),), "0", json.dumps(which)))


def _user_key(user_id: str) -> str:
    return f"{_TAGGED}user:{user_id}"


def _token_key(token_hash: bytes) -> str:
    return f"{_TAGGED}token:{token_hash.hex()}"


def _life(record: SessionRecord, now: float) -> float:
    return min(record.expires_at - now, record.idle_seconds)


def _dumped(record: SessionRecord) -> str:
    return json.dumps({name: getattr(record, name) for name in _FIELDS})


def _loaded(raw: bytes) -> SessionRecord:
    return SessionRecord(**json.loads(raw))

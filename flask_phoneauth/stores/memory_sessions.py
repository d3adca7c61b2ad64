"""The session registry in this process's memory: for tests and for one-process toys."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from flask_phoneauth.records import SessionRecord
from flask_phoneauth.stores.base import SEEN_SECONDS, is_living

SWEEP_SECONDS = 60


class MemorySessions:
    """A `SessionStore` under one lock; what is over is swept out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_token: dict[bytes, SessionRecord] = {}
        self._of_user: dict[str, dict[str, bytes]] = {}
        self._swept_at = 0.0

    def add(self, record: SessionRecord, token_hash: bytes) -> None:
        """Write a new session."""
        with self._lock:
            self._sweep(record.created_at)
            self._by_token[token_hash] = record
            self._of_user.setdefault(record.user_id, {})[record.id] = token_hash

    def find(self, token_hash: bytes, *, now: float) -> SessionRecord | None:
        """The living session of that token; `last_seen` moves at most once a minute."""
        with self._lock:
            record = self._by_token.get(token_hash)
            if record is None or not is_living(record, now):
                return None
            if now - record.last_seen_at >= SEEN_SECONDS:
                self._by_token[token_hash] = replace(record, last_seen_at=now)
            return record

    def find_with_user(
        self, token_hash: bytes, *, now: float
    ) -> tuple[SessionRecord, Any | None] | None:
        """As `find`: users are kept elsewhere."""
        found = self.find(token_hash, now=now)
        return None if found is None else (found, None)

    def of_user(self, user_id: str, *, now: float) -> list[SessionRecord]:
        """A user's living sessions, newest first."""
        with self._lock:
            found = [self._by_token[token] for token in self._of_user.get(user_id, {}).values()]
        living = [record for record in found if is_living(record, now)]
        return sorted(living, key=lambda record: (-record.authenticated_at, record.id))

    def remove(self, user_id: str, session_id: str) -> bool:
        """End one session of this user; False where there is none."""
        with self._lock:
            return self._forget(user_id, session_id)

    def remove_others(self, user_id: str, keep: str) -> int:
        """End all of a user's sessions but one; how many ended."""
        with self._lock:
            others = [name for name in self._of_user.get(user_id, ()) if name != keep]
            return sum(self._forget(user_id, name) for name in others)

    def remove_all(self, user_id: str) -> None:
        """End everything: nothing can be half written here."""
        self.remove_others(user_id, "")

    def close(self) -> None:
        """Nothing is held."""

    def _forget(self, user_id: str, session_id: str) -> bool:
        mine = self._of_user.get(user_id, {})
        token = mine.pop(session_id, None)
        if not mine:
            self._of_user.pop(user_id, None)
        return token is not None and self._by_token.pop(token, None) is not None

    def _sweep(self, now: float) -> None:
        if now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = now
        for record in [r for r in self._by_token.values() if not is_living(r, now)]:
            self._forget(record.user_id, record.id)

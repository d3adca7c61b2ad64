"""Every signed-in device is known to the server: start, find, list, end (RULES 12)."""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from flask_phoneauth.clock import Clock
from flask_phoneauth.records import Client, SessionRecord
from flask_phoneauth.settings import Settings
from flask_phoneauth.stores.base import SessionStore

TOKEN_PREFIX = "phoneauth."  # noqa: S105 - the public part, which tells our ids from a host's
TOKEN_BYTES = 32
MAX_USER_AGENT = 200


class Registry:
    """Sessions by token; only a token's SHA-256 is stored."""

    def __init__(self, store: SessionStore, settings: Settings, clock: Clock) -> None:
        self._store, self._settings, self._clock = store, settings, clock

    @staticmethod
    def owns(login_id: str) -> bool:
        """Whether a Flask-Login id is one of our tokens."""
        return login_id.startswith(TOKEN_PREFIX)

    def start(self, user_id: str, client: Client, *, remember: bool) -> tuple[str, SessionRecord]:
        """A new session and its token, 256 random bits that are not kept."""
        now = self._clock.now()
        token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        settings = self._settings
        life = settings.remember_lifetime if remember else settings.session_lifetime
        record = SessionRecord(
            id=secrets.token_hex(8),
            user_id=user_id,
            created_at=now,
            authenticated_at=now,
            last_seen_at=now,
            expires_at=now + life,
            idle_seconds=life if remember else settings.session_idle,
            ip=client.address,
            user_agent=client.user_agent[:MAX_USER_AGENT],
            place=client.place,
        )
        self._store.add(record, _hashed(token))
        return token, record

    def find(self, token: str) -> tuple[SessionRecord, Any | None] | None:
        """The living session of a token, with its user where one look gives both.

        Raises `StoreUnavailable`.
        """
        return self._store.find_with_user(_hashed(token), now=self._clock.now())

    def of_user(self, user_id: str) -> list[SessionRecord]:
        """A user's living sessions, newest first."""
        return self._store.of_user(user_id, now=self._clock.now())

    def end(self, user_id: str, session_id: str) -> bool:
        """End one of the user's sessions; False where there is none."""
        return self._store.remove(user_id, session_id)

    def end_others(self, user_id: str, keep: str) -> int:
        """End all but one."""
        return self._store.remove_others(user_id, keep)

    def end_all(self, user_id: str) -> None:
        """End them all, and whatever is being written at this moment."""
        self._store.remove_all(user_id)

    def close(self) -> None:
        """Let the store's connections go."""
        self._store.close()

    def is_fresh(self, record: SessionRecord) -> bool:
        """Whether the login is at most `FRESH_FOR` seconds old."""
        return self._clock.now() - record.authenticated_at < self._settings.fresh_for


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()

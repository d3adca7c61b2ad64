"""The session registry's rows in SQL."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, delete, func, insert, select, update

from flask_phoneauth.database.engine import Database
from flask_phoneauth.database.tables import epochs, sessions
from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.records import SessionRecord

SEEN_SECONDS = 60
SWEEP_ROWS = 200
_FIELDS = tuple(SessionRecord.__dataclass_fields__)


class SqlSessions:
    """A `SessionStore`; every method is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, record: SessionRecord, token_hash: bytes) -> None:
        """Write a new session under the user's current epoch; forget some that are over."""
        row = {name: getattr(record, name) for name in _FIELDS}
        with self._database.write() as connection:
            epoch = connection.execute(
                select(epochs.c.epoch).where(epochs.c.user_id == record.user_id)
            ).scalar()
            connection.execute(
                insert(sessions).values(**row, token_hash=token_hash, epoch=epoch or 0)
            )
            # by the index alone: a look for idle ones would read the whole table at every login
            over = sessions.c.expires_at <= record.created_at
            stale = select(sessions.c.id).where(over).limit(SWEEP_ROWS)
            stale = stale.with_for_update(skip_locked=True)  # another login may be at it
            connection.execute(delete(sessions).where(sessions.c.id.in_(stale)))

    def find(self, token_hash: bytes, *, now: float) -> SessionRecord | None:
        """The living session of that token; `last_seen` moves at most once a minute."""
        query = _living(now).where(sessions.c.token_hash == token_hash)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None:
            return None
        if now - row.last_seen_at >= SEEN_SECONDS:
            self._touch(row, now)
        return _record(row)

    def _touch(self, row: Row[Any], now: float) -> None:
        seen = sessions.c.last_seen_at == row.last_seen_at
        change = update(sessions).where(sessions.c.id == row.id, seen).values(last_seen_at=now)
        # a session that could be read is good, though the database takes no writes at the moment
        with suppress(StoreUnavailable), self._database.write() as connection:
            connection.execute(change)

    def of_user(self, user_id: str, *, now: float) -> list[SessionRecord]:
        """A user's living sessions, newest first."""
        query = _living(now).where(sessions.c.user_id == user_id)
        query = query.order_by(sessions.c.authenticated_at.desc(), sessions.c.id)
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query)]

    def remove(self, user_id: str, session_id: str) -> bool:
        """End one session of this user; False where there is none."""
        mine = (sessions.c.user_id == user_id, sessions.c.id == session_id)
        with self._database.write() as connection:
            return bool(connection.execute(delete(sessions).where(*mine)).rowcount)

    def remove_others(self, user_id: str, keep: str) -> int:
        """End all of a user's sessions but one; how many ended."""
        others = (sessions.c.user_id == user_id, sessions.c.id != keep)
        with self._database.write() as connection:
            return int(connection.execute(delete(sessions).where(*others)).rowcount)

    def remove_all(self, user_id: str) -> None:
        """End everything: the rows, and by the epoch whatever is being written."""
        raised = self._database.upsert_increment(epochs, "user_id", "epoch")
        with self._database.write() as connection:
            connection.execute(raised, {"user_id": user_id, "epoch": 1})
            connection.execute(delete(sessions).where(sessions.c.user_id == user_id))


def _over(now: float) -> ColumnElement[bool]:
    idle = sessions.c.last_seen_at + sessions.c.idle_seconds <= now
    return (sessions.c.expires_at <= now) | idle


def _living(now: float) -> Select[Any]:
    current = func.coalesce(epochs.c.epoch, 0)
    return (
        select(*(sessions.c[name] for name in _FIELDS))
        .outerjoin(epochs, epochs.c.user_id == sessions.c.user_id)
        .where(~_over(now), sessions.c.epoch == current)
    )


def _record(row: Row[Any]) -> SessionRecord:
    return SessionRecord(**{name: getattr(row, name) for name in _FIELDS})

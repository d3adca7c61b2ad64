"""The session registry's rows in SQL."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, select, update

from flask_phoneauth.database.beside import Beside
from flask_phoneauth.database.engine import Database
from flask_phoneauth.database.tables import epochs, sessions
from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.records import SessionRecord
from flask_phoneauth.stores.base import SEEN_SECONDS

SWEEP_SECONDS = 30
SWEEP_ROWS = 200
_FIELDS = tuple(SessionRecord.__dataclass_fields__)


def _living() -> Select[Any]:
    now: Any = bindparam("now")
    idle_until = sessions.c.last_seen_at + sessions.c.idle_seconds
    return (
        select(*(sessions.c[name] for name in _FIELDS))
        .outerjoin(epochs, epochs.c.user_id == sessions.c.user_id)
        .where(sessions.c.expires_at > now, idle_until > now)
        .where(sessions.c.epoch == func.coalesce(epochs.c.epoch, 0))
    )


# Built once: SQLAlchemy compiles a statement that it knows but once, and building costs more
# than running it.
_USER = sessions.c.user_id == bindparam("user")
_SESSION = sessions.c.id == bindparam("session")
_EPOCH = select(epochs.c.epoch).where(epochs.c.user_id == bindparam("user")).scalar_subquery()
_ADD = insert(sessions).values(epoch=func.coalesce(_EPOCH, 0))
# by the index alone: a look for idle ones would read the whole table at every login; another
# login may be at it, too
_STALE = (
    select(sessions.c.id)
    .where(sessions.c.expires_at <= bindparam("now"))
    .limit(SWEEP_ROWS)
    .with_for_update(skip_locked=True)
)
_SWEEP = delete(sessions).where(sessions.c.id.in_(_STALE))
_FIND = _living().where(sessions.c.token_hash == bindparam("token_hash"))
_TOUCH = (
    update(sessions)
    .where(_SESSION, sessions.c.last_seen_at == bindparam("seen"))
    .values(last_seen_at=bindparam("now"))
)
_OF_USER = _living().where(_USER).order_by(sessions.c.authenticated_at.desc(), sessions.c.id)
_REMOVE = delete(sessions).where(_USER, _SESSION)
_REMOVE_OTHERS = delete(sessions).where(_USER, sessions.c.id != bindparam("session"))
_REMOVE_ALL = delete(sessions).where(_USER)


def _joined(beside: Beside) -> Select[Any]:
    table = beside.columns[0].table
    query = _FIND.add_columns(*beside.columns)
    return query.outerjoin(table, beside.on(sessions.c.user_id))


class SqlSessions:
    """A `SessionStore`; every method is one short transaction."""

    def __init__(self, database: Database, beside: Beside | None = None) -> None:
        """`beside` tells where in this database the users are."""
        self._database, self._beside = database, beside
        self._find = _FIND if beside is None else _joined(beside)
        self._swept_at = 0.0

    def add(self, record: SessionRecord, token_hash: bytes) -> None:
        """Write a new session under the user's current epoch; forget some that are over."""
        row = {name: getattr(record, name) for name in _FIELDS}
        row |= {"token_hash": token_hash, "user": record.user_id}
        now = record.created_at
        sweeps = now - self._swept_at >= SWEEP_SECONDS
        with self._database.write() as connection:
            connection.execute(_ADD, row)
            swept = connection.execute(_SWEEP, {"now": now}).rowcount if sweeps else 0
        if sweeps:
            self._swept_at = 0.0 if swept >= SWEEP_ROWS else now

    def find(self, token_hash: bytes, *, now: float) -> SessionRecord | None:
        """The living session of that token; `last_seen` moves at most once a minute."""
        found = self.find_with_user(token_hash, now=now)
        return None if found is None else found[0]

    def find_with_user(
        self, token_hash: bytes, *, now: float
    ) -> tuple[SessionRecord, Any | None] | None:
        """As `find`, in one statement with the user where this database keeps users."""
        with self._database.read() as connection:
            row = connection.execute(self._find, {"token_hash": token_hash, "now": now}).first()
        if row is None:
            return None
        record, rest = SessionRecord(*row[: len(_FIELDS)]), row[len(_FIELDS) :]
        if now - record.last_seen_at >= SEEN_SECONDS:
            self._touch(record, now)
        return record, self._beside.read(rest) if self._beside else None

    def _touch(self, record: SessionRecord, now: float) -> None:
        values = {"session": record.id, "seen": record.last_seen_at, "now": now}
        # a session that could be read is good, though the database takes no writes at the moment
        with suppress(StoreUnavailable), self._database.write() as connection:
            connection.execute(_TOUCH, values)

    def of_user(self, user_id: str, *, now: float) -> list[SessionRecord]:
        """A user's living sessions, newest first."""
        with self._database.read() as connection:
            rows = connection.execute(_OF_USER, {"user": user_id, "now": now})
            return [SessionRecord(*row) for row in rows]

    def remove(self, user_id: str, session_id: str) -> bool:
        """End one session of this user; False where there is none."""
        with self._database.write() as connection:
            done = connection.execute(_REMOVE, {"user": user_id, "session": session_id})
        return bool(done.rowcount)

    def remove_others(self, user_id: str, keep: str) -> int:
        """End all of a user's sessions but one; how many ended."""
        with self._database.write() as connection:
            done = connection.execute(_REMOVE_OTHERS, {"user": user_id, "session": keep})
        return int(done.rowcount)

    def remove_all(self, user_id: str) -> None:
        """End everything: the rows, and by the epoch whatever is being written."""
        raised = self._database.upsert_increment(epochs, "user_id", "epoch")
        with self._database.write() as connection:
            connection.execute(raised, {"user_id": user_id, "epoch": 1})
            connection.execute(_REMOVE_ALL, {"user": user_id})

    def close(self) -> None:
        """Let the connections go."""
        self._database.close()

"""Our engine: bounded waits, short transactions, errors in our words (RULES 35)."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from flask_phoneauth.database.tables import REVISION, VERSION_TABLE
from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.settings import SettingError

WAIT_SECONDS = 0.5
MIGRATION_WAIT = 30
"""Seconds that a process waits for another one that makes the tables (SQLite)."""
POOL_SIZE = 8
READING = "BEGIN"
WRITING = "BEGIN IMMEDIATE"
MIGRATING = (
    f"PRAGMA busy_timeout = {MIGRATION_WAIT * 1000}",
    WRITING,
    f"PRAGMA busy_timeout = {int(WAIT_SECONDS * 1000)}",
)
"""How a transaction of SQLite begins; another process that migrates may take its time."""

logger = logging.getLogger("flask_phoneauth")


class Database:
    """One engine; `write()` and `read()` are transactions that raise `StoreUnavailable`."""

    def __init__(self, url: str) -> None:
        """Connects at the first use; a SQLite file is not made here (see `create_file`).

        Raises `SettingError` for an address that is malformed or of another database.
        """
        self.url = _parsed(url)
        self.locks_rows = self.url.get_backend_name() != "sqlite"
        # SQLite has one writer: waiting in our own line is fairer than its sleeping busy loop
        self._line = None if self.locks_rows else threading.Lock()
        self.engine = _engine(self.url)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at its end; an `IntegrityError` is left to the caller."""
        with self._in_line(WAIT_SECONDS), self._transaction(WRITING) as connection:
            yield connection

    @contextmanager
    def _in_line(self, seconds: float) -> Iterator[None]:
        if self._line is None:
            yield
            return
        if not self._line.acquire(timeout=seconds):
            raise StoreUnavailable
        try:
            yield
        finally:
            self._line.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with self._transaction(READING) as connection:
            yield connection

    @contextmanager
    def migration(self) -> Iterator[Connection]:
        """As `write()`, with the time that tables need; one process at a time."""
        with self._in_line(MIGRATION_WAIT), self._transaction(*MIGRATING) as connection:
            if self.locks_rows:
                _postgres().begin_migration(connection)
            yield connection

    @contextmanager
    def _transaction(self, *beginning: str) -> Iterator[Connection]:
        try:
            with self.engine.begin() as connection:
                if not self.locks_rows:
                    # an event of SQLAlchemy for it would cost every statement more than this
                    raw: Any = connection.connection.dbapi_connection
                    for statement in beginning:
                        raw.execute(statement)
                yield connection
        except IntegrityError:
            raise
        except (DBAPIError, PoolTimeout, sqlite3.Error) as error:
            logger.error("The database does not answer: %s", _cause(error))
            raise StoreUnavailable from None

    def upsert(self, table: Table, key: str, columns: tuple[str, ...]) -> Any:
        """`INSERT`, or overwrite `columns` where `key` is there already."""
        statement = self._insert(table)
        return statement.on_conflict_do_update(
            index_elements=[key], set_={name: statement.excluded[name] for name in columns}
        )

    def upsert_increment(self, table: Table, key: str, column: str) -> Any:
        """`INSERT`, or add one to `column` where `key` is there already."""
        return self._insert(table).on_conflict_do_update(
            index_elements=[key], set_={column: table.c[column] + 1}
        )

    def _insert(self, table: Table) -> Any:
        if not self.locks_rows:
            return sqlite.insert(table)
        from sqlalchemy.dialects import postgresql  # large, and seldom needed

        return postgresql.insert(table)

    def close(self) -> None:
        """Let the pooled connections go."""
        self.engine.dispose()

    def is_current(self) -> bool:
        """Whether our tables are there in their newest form; raises `StoreUnavailable`."""
        path = sqlite_path(self.url)
        if path is not None and not path.exists():
            return False
        with self.read() as connection:
            if not inspect(connection).has_table(VERSION_TABLE):
                return False
            query = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - our constant
            return bool(connection.execute(query).scalar() == REVISION)

    def create_file(self) -> None:
        """Make the SQLite file (mode 0600) and its folder where they are missing."""
        path = sqlite_path(self.url)
        if path is not None and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600, exist_ok=True)


_CURE = (
    "PHONEAUTH_DATABASE_URL, PHONEAUTH_STORE_URL and PHONEAUTH_SESSION_STORE_URL must be as "
    "sqlite:////var/lib/app/phoneauth.db or postgresql+psycopg://user@host/name"
)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # its text may hold a password: it is not repeated
        raise SettingError(f"A database address cannot be read: {_CURE}") from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise SettingError(f"{parsed.drivername} is not a database we know: {_CURE}")
    if parsed.get_backend_name() == "sqlite" and sqlite_path(parsed) is None:
        raise SettingError(f"An in-memory SQLite database is not shared, use a file: {_CURE}")
    return parsed if parsed.get_backend_name() == "sqlite" else _by_psycopg(parsed)


def _by_psycopg(url: URL) -> URL:
    if url.drivername not in ("postgresql", "postgresql+psycopg"):
        raise SettingError(f"{url.drivername} is not the driver that we use, psycopg 3: {_CURE}")
    return url.set(drivername="postgresql+psycopg")


def sqlite_path(url: URL) -> Path | None:
    """The file behind a SQLite URL; None for another database."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        open_engine = _postgres().open_engine
        engine: Engine = open_engine(url, pool_size=POOL_SIZE, pool_seconds=WAIT_SECONDS)
        return engine
    path = sqlite_path(url)
    assert path is not None, "refused by `_parsed`"
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(path),
        hide_parameters=True,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_timeout=WAIT_SECONDS,
        poolclass=QueuePool,
    )
    event.listen(engine, "checkout", lambda _raw, record, _proxy: _same_file(path, record))
    return engine


def _postgres() -> ModuleType:
    try:
        from flask_phoneauth.database import postgres
    except ImportError:  # psycopg or the library that it needs
        raise SettingError(
            "PostgreSQL needs psycopg 3: pip install 'Flask-PhoneAuth[postgres]'"
        ) from None
    return postgres


def _connect(path: Path) -> sqlite3.Connection:
    # mode=rw: a file that is gone must be an error, not a fresh and empty database
    raw = sqlite3.connect(
        f"file:{_quoted(path)}?mode=rw",
        uri=True,
        timeout=WAIT_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        # refused while another process migrates; the file keeps the mode that a later one sets
        with suppress(sqlite3.OperationalError):
            raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=NORMAL")
    except sqlite3.Error:
        raw.close()
        raise
    return raw


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def _same_file(path: Path, record: Any) -> None:
    """A pooled connection to a file that was moved away would write where nobody reads."""
    try:
        found = path.stat()
    except OSError:
        raise DisconnectionError("the database file is gone") from None
    identity = (found.st_dev, found.st_ino)
    if record.info.setdefault("file", identity) != identity:
        raise DisconnectionError("the database file was replaced")


def _cause(error: Exception) -> str:
    """The kind of error, with the driver's words only where they cannot hold a value."""
    original = getattr(error, "orig", error)
    if isinstance(error, OperationalError | sqlite3.OperationalError):
        return f"{type(original).__name__}: {str(original).partition(chr(10))[0]}"
    return type(original or error).__name__

"""PostgreSQL by psycopg 3: every wait ends, though the server says nothing (RULES 35)."""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import pq
from psycopg.conninfo import make_conninfo
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DisconnectionError

CONNECT_SECONDS = 0.5
STATEMENT_SECONDS = 1
LOCK_SECONDS = 0.5
TRANSACTION_SECONDS = 1.2
IDLE_SECONDS = 5
MIGRATION_SECONDS = 300

MIGRATION_LOCK = 0x50686F6E65  # "Phone": any number that no other program locks


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that gives up, and is closed, once its `deadline` has passed.

    The server's own time-outs do not help against a server that has stopped.
    """

    deadline: float
    """On the monotonic clock; set anew for every transaction."""

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        """Wait as psycopg does, which looks up ten times a second, but no longer."""
        return super().wait(self._bounded(gen), *args, **kwargs)

    def _bounded(self, gen: Any) -> Generator[Any, Any, Any]:
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() >= self.deadline:
                    self.close()
                    raise psycopg.OperationalError("the server did not answer in time")
                wanted = gen.send(ready)
        except StopIteration as over:
            return over.value


def open_engine(url: URL, *, pool_size: int, pool_seconds: float) -> Engine:
    """An engine of bounded connections; nothing is connected yet.

    No statement is ever repeated. A pooled connection whose server went away is replaced before
    the transaction begins, which costs no round trip.
    """
    engine = create_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=pool_seconds,
    )
    event.listen(engine, "do_connect", _do_connect)
    event.listen(engine, "checkout", _check_out)
    return engine


def begin_migration(connection: Connection) -> None:
    """Wait for other processes that migrate, and take the time that tables need."""
    raw = connection.connection.driver_connection
    assert isinstance(raw, BoundedConnection), "made by `_do_connect`"
    raw.deadline = time.monotonic() + MIGRATION_SECONDS
    for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(text(f"SET LOCAL {name} = {MIGRATION_SECONDS * 1000}"))
    connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))


def _do_connect(_dialect: Any, _record: Any, _args: Any, params: dict[str, Any]) -> Any:
    wanted = {name: value for name, value in params.items() if name != "context"}
    limits = {
        "statement_timeout": STATEMENT_SECONDS,
        "lock_timeout": LOCK_SECONDS,
        "idle_in_transaction_session_timeout": IDLE_SECONDS,
    }
    ours = [f"-c {name}={int(seconds * 1000)}" for name, seconds in limits.items()]
    wanted["options"] = " ".join(filter(None, [wanted.get("options"), *ours]))
    wanted.setdefault("fallback_application_name", "flask_phoneauth")
    return _connect(make_conninfo(**wanted))


def _connect(conninfo: str) -> BoundedConnection:
    """As `psycopg.connect`, whose shortest wait is two seconds."""
    deadline = time.monotonic() + CONNECT_SECONDS
    raw = pq.PGconn.connect_start(conninfo.encode())
    try:
        _shake_hands(raw, deadline)
    except psycopg.Error:
        raw.finish()
        raise
    raw.nonblocking = 1
    connection = BoundedConnection(raw)
    connection.deadline = time.monotonic() + TRANSACTION_SECONDS
    return connection


def _shake_hands(raw: pq.abc.PGconn, deadline: float) -> None:
    while raw.status != pq.ConnStatus.BAD:
        status = raw.connect_poll()
        if status == pq.PollingStatus.OK:
            return
        if status == pq.PollingStatus.FAILED:
            break
        reads = status == pq.PollingStatus.READING
        left = deadline - time.monotonic()
        if left <= 0 or not _ready(raw.socket, reads=reads, seconds=left):
            raise psycopg.OperationalError("no connection in time")
    words = raw.error_message.decode("utf-8", "replace").strip()
    raise psycopg.OperationalError(words or "no connection")


def _ready(socket: int, *, reads: bool, seconds: float) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(socket, selectors.EVENT_READ if reads else selectors.EVENT_WRITE)
        return bool(selector.select(seconds))


def _check_out(raw: BoundedConnection, record: Any, _proxy: Any) -> None:
    """Set the deadline; raises `DisconnectionError`, upon which the pool connects anew."""
    process = os.getpid()
    if record.info.setdefault("process", process) != process:
        _let_go(raw)
        raise DisconnectionError("the connection belongs to the parent process")
    # an idle server says nothing unless it goes away
    if raw.closed or (record.info.get("used") and _ready(raw.fileno(), reads=True, seconds=0)):
        raise DisconnectionError("the server closed the connection")
    record.info["used"] = True
    raw.deadline = time.monotonic() + TRANSACTION_SECONDS


def _let_go(raw: BoundedConnection) -> None:
    """Close the copy of a socket that is the parent's; a plain close would say goodbye on it."""
    with Path(os.devnull).open("rb") as nowhere:
        os.dup2(nowhere.fileno(), raw.fileno(), inheritable=False)
    raw.close()

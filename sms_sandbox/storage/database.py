"""The SQLite file: one writer, a few readers, one path for a lasting file and a throw-away one."""

import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sms_sandbox.errors import SettingsError, StorageUnavailable
from sms_sandbox.settings import MEMORY
from sms_sandbox.storage import text, words
from sms_sandbox.storage.schema import SCHEMA, SCHEMA_VERSION, UPGRADES

_READERS = 4
_BUSY_SECONDS = 1.5
# One for each number of rows that are inserted at once, in each of some tables.
_STATEMENTS = 512


class Database:
    """An open database; ``:memory:`` is a private temporary file that ``close`` removes.

    Raises ``SettingsError`` if the file cannot be opened or is not the sandbox's.
    """

    def __init__(self, name: str) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        if name == MEMORY:
            self._folder = tempfile.TemporaryDirectory(prefix="sms-sandbox-")
            self._path = Path(self._folder.name) / "messages.sqlite"
        else:
            self._path = Path(name)
        self._write_lock = threading.RLock()
        self._readers_lock = threading.Lock()
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self.before_commit: list[Callable[[sqlite3.Connection], None]] = []
        self._writer = self._open_writer(name)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone; rolled back if the block raises."""
        with self._write_lock, _translated():
            self._refuse_if_closed()
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                for last in self.before_commit:
                    last(self._writer)
                self._writer.commit()
            except BaseException:
                self._writer.rollback()
                raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """A consistent view, beside the writer."""
        with _translated():
            connection = self._borrow()
            try:
                connection.execute("BEGIN")
                yield connection
            finally:
                connection.rollback()
                self._give_back(connection)

    def close(self) -> None:
        """Close every connection and remove a throw-away file."""
        with self._write_lock, self._readers_lock:
            if self._closed:
                return
            self._closed = True
            for connection in (*self._idle, self._writer):
                connection.close()
            self._idle.clear()
        if self._folder is not None:
            self._folder.cleanup()

    def _open_writer(self, name: str) -> sqlite3.Connection:
        try:
            # it holds codes: nobody else's to read (the umask would say otherwise)
            os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            connection = self._connect()
            _prepare(connection)
        except (sqlite3.Error, OSError) as error:
            raise SettingsError(
                f"The database {name} cannot be used ({error}): "
                "name a file of the sandbox's own in a folder that can be written, or :memory:."
            ) from None
        return connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=_STATEMENTS,
        )
        connection.row_factory = sqlite3.Row
        words.register(connection)
        connection.execute(f"PRAGMA synchronous = {'OFF' if self._folder else 'NORMAL'}")
        # Some builds overwrite whatever is deleted: deleting all would write the whole file anew.
        connection.execute("PRAGMA secure_delete = FAST")
        return connection

    def _borrow(self) -> sqlite3.Connection:
        with self._readers_lock:
            self._refuse_if_closed()
            if self._idle:
                return self._idle.pop()
        return self._connect()

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._readers_lock:
            if not self._closed and len(self._idle) < _READERS:
                self._idle.append(connection)
                return
        connection.close()

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StorageUnavailable("The sandbox is stopping.", retry_after=1)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise StorageUnavailable(
            f"The database did not answer ({error}).",
            hint="Is the disk full, or does another program hold the file?",
            retry_after=1,
        ) from error


def _prepare(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    with closing(connection.execute("SELECT count(*) FROM sqlite_master")) as cursor:
        foreign = version == 0 and cursor.fetchone()[0] > 0
    if foreign or version > SCHEMA_VERSION:
        raise sqlite3.DatabaseError("it holds another program's or a newer version's tables")
    connection.execute("PRAGMA journal_mode = WAL")
    if version == 0:
        # Cursors begin at the hour of birth, so one of an earlier life is never taken for ours.
        started = int(time.time() * 1000)
        connection.executescript(
            f"BEGIN; {SCHEMA} INSERT INTO sequence VALUES ({started});"  # noqa: S608
            f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )
    for old in range(version or SCHEMA_VERSION, SCHEMA_VERSION):
        connection.executescript(f"BEGIN; {UPGRADES[old]} PRAGMA user_version = {old + 1}; COMMIT;")
    _open_text_index(connection)
    connection.execute("PRAGMA wal_autocheckpoint = 4000")


def _open_text_index(connection: sqlite3.Connection) -> None:
    available = text.is_available(connection)
    connection.execute("BEGIN IMMEDIATE")
    if available:
        text.catch_up(connection)
    else:
        text.give_up(connection)
    connection.execute("COMMIT")

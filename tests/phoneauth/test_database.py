"""Our engine and migrations: bounded waits, our own words, no wrong file (RULES 35)."""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from in_time import in_time
from phoneauth.house import HandClock
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from flask_phoneauth.database import migrate
from flask_phoneauth.database.engine import WAIT_SECONDS, Database
from flask_phoneauth.database.tables import REVISION, VERSION_TABLE, metadata
from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.settings import SettingError
from flask_phoneauth.stores import open_store
from flask_phoneauth.stores.memory import MemoryStore
from flask_phoneauth.stores.sqlalchemy import SqlStore
from flask_phoneauth.users.accounts import Accounts

pytestmark = pytest.mark.usefixtures("alembic_itself")
SECRET = "+447400123456"


@pytest.fixture
def path(database: Database) -> Path:
    """The database's file."""
    return Path(str(database.url.database))


@pytest.fixture
def accounts(database: Database, hand_clock: HandClock) -> Accounts:
    """Something that reads and writes."""
    return Accounts(database, hand_clock)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another program holds the write lock."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def refused_in_time(call: Callable[[], Any]) -> None:
    """It is refused in our words, and soon."""
    with in_time(), pytest.raises(StoreUnavailable) as caught:
        call()
    assert caught.value.status == 503
    assert caught.value.retry_after == 1


def test_a_locked_database_is_told_in_time_and_works_again_afterwards(
    accounts: Accounts, path: Path
) -> None:
    with locked(path):
        refused_in_time(lambda: accounts.create(SECRET))
        assert accounts.by_phone(SECRET) is None  # reading goes on
    assert accounts.create(SECRET).phone == SECRET


def test_a_line_of_writers_is_told_in_time_as_well(accounts: Accounts, path: Path) -> None:
    with accounts._database.write():
        refused_in_time(lambda: accounts.create(SECRET))
    assert accounts.create(SECRET).phone == SECRET


def test_a_writer_is_alone_from_its_first_moment(database: Database, path: Path) -> None:
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    with database.write(), pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("BEGIN IMMEDIATE")
    with database.read():
        other.execute("BEGIN IMMEDIATE")  # readers hold nobody up
    other.close()


@pytest.mark.parametrize("used_before", [True, False])
def test_a_file_that_was_moved_away_is_told_and_found_again(
    accounts: Accounts, path: Path, used_before: bool
) -> None:
    if used_before:
        assert accounts.by_phone(SECRET) is None
    else:
        accounts._database.close()
    away = path.with_suffix(".away")
    path.rename(away)
    refused_in_time(lambda: accounts.by_phone(SECRET))
    refused_in_time(lambda: accounts.create(SECRET))
    assert not path.exists()  # no fresh and empty one was made
    away.rename(path)
    assert accounts.create(SECRET).phone == SECRET


def test_nothing_is_written_to_a_file_that_was_replaced(
    accounts: Accounts, path: Path, tmp_path: Path
) -> None:
    accounts.create(SECRET)
    accounts._database.close()  # all is in the one file
    assert accounts.by_phone(SECRET) is not None  # a pooled connection to it
    other = Database(f"sqlite:///{tmp_path}/other.db")
    migrate.upgrade(other)
    other.close()
    orphan = path.with_suffix(".orphan")
    path.rename(orphan)
    (tmp_path / "other.db").rename(path)
    assert accounts.by_phone(SECRET) is None
    accounts.create("+447400123457")
    accounts._database.close()
    for file, numbers in ((path, ["+447400123457"]), (orphan, [SECRET])):
        with sqlite3.connect(file) as raw:
            assert [row[0] for row in raw.execute("SELECT phone FROM phoneauth_users")] == numbers
        raw.close()


def test_a_file_that_is_no_database_is_told(tmp_path: Path, hand_clock: HandClock) -> None:
    path = tmp_path / "text.db"
    path.write_text("not a database " * 100)
    accounts = Accounts(Database(f"sqlite:///{path}"), hand_clock)
    refused_in_time(lambda: accounts.by_phone(SECRET))
    assert path.read_text() == "not a database " * 100


def test_tables_that_were_never_made_are_told(tmp_path: Path, hand_clock: HandClock) -> None:
    database = Database(f"sqlite:///{tmp_path}/empty.db")
    database.create_file()
    assert database.is_current() is False
    refused_in_time(lambda: Accounts(database, hand_clock).by_phone(SECRET))
    database.close()


def test_errors_and_logs_carry_no_parameters(
    accounts: Accounts, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with locked(path), pytest.raises(StoreUnavailable) as caught:
        accounts.create(SECRET)
    assert "The database does not answer: OperationalError: database is locked" in caplog.text
    assert SECRET[1:] not in caplog.text
    assert SECRET[1:] not in f"{caught.value!r} {caught.value}"
    assert caught.value.__suppress_context__


def test_a_broken_rule_of_the_tables_hides_its_parameters(database: Database) -> None:
    statement = text(
        "INSERT INTO phoneauth_users (phone, created_at) VALUES (:phone, 0), (:phone, 0)"
    )
    with pytest.raises(IntegrityError) as caught, database.write() as connection:
        connection.execute(statement, {"phone": SECRET})
    assert SECRET[1:] not in str(caught.value)


def test_an_error_takes_the_whole_transaction_back(database: Database, accounts: Accounts) -> None:
    statement = text("INSERT INTO phoneauth_users (phone, created_at) VALUES (:phone, 0)")
    with pytest.raises(ZeroDivisionError), database.write() as connection:
        connection.execute(statement, {"phone": SECRET}).rowcount // 0
    assert accounts.by_phone(SECRET) is None


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/deep/er/phoneauth.db")
    migrate.upgrade(database)
    with database.write() as connection:
        connection.execute(text("DELETE FROM phoneauth_users"))
        files = list((tmp_path / "deep/er").iterdir())
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    database.close()


@pytest.mark.parametrize("name", ["per%cent.db", "what?.db", "hash#tag.db", "a b ü.db"])
def test_any_file_name_is_that_file(tmp_path: Path, name: str) -> None:
    database = Database("sqlite:///placeholder")
    database = Database(database.url.set(database=str(tmp_path / name)).render_as_string())
    migrate.upgrade(database)
    database.close()
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "postgresql+psycopg://me:hidden-word@host:port/name",
        "mysql://me:hidden-word@host/name",
        "redis://:hidden-word@host",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_an_address_that_cannot_serve_is_refused_with_the_cure(url: str) -> None:
    with pytest.raises(SettingError, match=r"PHONEAUTH_DATABASE_URL.*must be as sqlite:") as caught:
        Database(url)
    assert "hidden-word" not in str(caught.value)


def test_a_store_is_opened_by_its_address(tmp_path: Path) -> None:
    opened: list[str] = []

    def open_database(url: str) -> Database:
        opened.append(url)
        return Database(url)

    url = f"sqlite:///{tmp_path}/store.db"
    assert isinstance(open_store("memory://", open_database), MemoryStore)
    assert isinstance(open_store(url, open_database), SqlStore)
    assert opened == [url]
    with pytest.raises(SettingError, match=r"PHONEAUTH_STORE_URL = 'etcd://\.\.\.'") as caught:
        open_store("etcd://:hidden-word@host", open_database)
    assert "hidden-word" not in str(caught.value)


# --- migrations -------------------------------------------------------------------------------


def test_the_migrations_make_exactly_our_tables(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, metadata) == []
        names = set(inspect(connection).get_table_names())
    assert names == {*metadata.tables, VERSION_TABLE, "sqlite_sequence"} - {"sqlite_sequence"}


def test_the_revision_that_serving_asks_for_is_the_newest_migration() -> None:
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    assert scripts.get_current_head() == REVISION


def test_upgrading_twice_keeps_everything(database: Database, accounts: Accounts) -> None:
    made = accounts.create(SECRET)
    migrate.upgrade(database)
    assert database.is_current()
    assert accounts.by_phone(SECRET) == made


UPGRADE = """
import sys
from flask_phoneauth.database import migrate
from flask_phoneauth.database.engine import Database
database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
migrate.upgrade(database)
assert database.is_current()
"""


def test_an_upgrade_waits_for_another_one_longer_than_a_request_would(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/new.db")
    database.create_file()
    other = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    upgrading = threading.Thread(target=migrate.upgrade, args=[database])
    upgrading.start()
    upgrading.join(3 * WAIT_SECONDS)
    assert upgrading.is_alive()
    other.execute("ROLLBACK")
    other.close()
    upgrading.join(20)
    assert database.is_current()
    database.close()


def test_four_processes_upgrade_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/phoneauth.db"
    both = [
        subprocess.Popen(
            [sys.executable, "-c", UPGRADE, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ,
        )
        for _ in range(4)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in both:
        process.communicate(timeout=60)
    assert [process.returncode for process in both] == [0] * 4

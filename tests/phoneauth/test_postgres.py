"""PostgreSQL: bounded waits, no repeated statement, migrations in turn (RULES 33, 35)."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from in_time import in_time
from phoneauth.house import ALICE, BOB, HandClock
from postgres_server import PostgresServer, fragile_server, shared_server
from servers import until
from sqlalchemy import text

from flask_phoneauth.database import migrate, postgres
from flask_phoneauth.database.engine import POOL_SIZE, Database
from flask_phoneauth.database.tables import VERSION_TABLE, metadata
from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.settings import SettingError
from flask_phoneauth.users.accounts import Accounts

"""Seconds within which a lost database is told."""


@pytest.fixture
def server() -> PostgresServer:
    """A server that this test may stop."""
    return fragile_server()


@pytest.fixture
def database(server: PostgresServer) -> Iterator[Database]:
    """A fresh database on it."""
    database = Database(server.database())
    yield database
    database.close()


@pytest.fixture
def accounts(database: Database, hand_clock: HandClock) -> Accounts:
    """Something that reads and writes."""
    return Accounts(database, hand_clock)


def name_of(database: Database) -> str:
    """Its name on the server."""
    return str(database.url.database)


def refused_in_time(call: Callable[[], Any]) -> float:
    """It is refused in our words, and soon; the seconds that it took."""
    began = time.monotonic()
    with in_time(), pytest.raises(StoreUnavailable):
        call()
    return time.monotonic() - began


def backend_of(database: Database) -> int:
    """The server's process behind the next connection."""
    with database.read() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def waiting_for_a_lock(server: PostgresServer) -> bool:
    """Whether somebody waits there."""
    with server.connect() as connection:
        found = connection.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()
    connection.close()
    return found is not None and found[0] > 0


# --- addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
def test_an_address_with_or_without_the_driver_means_psycopg(driver: str) -> None:
    url = shared_server().database().replace("postgresql", driver, 1)
    database = Database(url)
    assert database.is_current()
    assert database.engine.dialect.driver == "psycopg"
    database.close()


@pytest.mark.parametrize("driver", ["psycopg2", "asyncpg", "pg8000"])
def test_another_driver_is_refused_with_the_cure(driver: str) -> None:
    with pytest.raises(SettingError, match=r"psycopg 3.*PHONEAUTH_DATABASE_URL") as caught:
        Database(f"postgresql+{driver}://me:hidden-word@host/name")
    assert "hidden-word" not in str(caught.value)


def test_a_missing_driver_is_told_with_the_command_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "flask_phoneauth.database.postgres")
    monkeypatch.delattr("flask_phoneauth.database.postgres")
    with pytest.raises(SettingError, match=r"pip install 'Flask-PhoneAuth\[postgres\]'"):
        Database("postgresql://me@host/name")


def test_the_server_knows_our_limits_and_the_options_of_the_address() -> None:
    database = Database(f"{shared_server().database()}?options=-c%20work_mem%3D5MB")
    names = ("statement_timeout", "lock_timeout", "work_mem", "application_name")
    with database.read() as connection:
        shown = [connection.execute(text(f"SHOW {name}")).scalar() for name in names]
    assert shown == ["1s", "500ms", "5MB", "flask_phoneauth"]
    database.close()


# --- faults -----------------------------------------------------------------------------------


FAULTS = pytest.mark.parametrize("fault", ["stopped", "frozen"])


def begin(server: PostgresServer, fault: str) -> AbstractContextManager[None]:
    """That fault, until the end of the block."""
    return server.stopped() if fault == "stopped" else server.frozen()


@FAULTS
@pytest.mark.parametrize("used_before", [True, False])
def test_a_lost_server_is_told_in_time_and_found_again(
    server: PostgresServer, accounts: Accounts, fault: str, used_before: bool
) -> None:
    if used_before:
        assert accounts.by_phone(ALICE) is None
    with begin(server, fault):
        refused_in_time(lambda: accounts.by_phone(ALICE))
        refused_in_time(lambda: accounts.create(ALICE))
    assert accounts.create(BOB).phone == BOB


def test_a_restart_between_two_requests_is_not_noticed(
    server: PostgresServer, database: Database, accounts: Accounts
) -> None:
    with database.read(), database.read():  # two pooled connections
        before = backend_of(database)
    with server.stopped():
        pass
    assert accounts.create(ALICE).phone == ALICE
    assert backend_of(database) != before


def test_a_restart_in_a_transaction_takes_it_back(
    server: PostgresServer, database: Database, accounts: Accounts
) -> None:
    insert = text("INSERT INTO phoneauth_users (phone, created_at) VALUES (:phone, 0)")

    def write() -> None:
        with database.write() as connection:
            connection.execute(insert, {"phone": ALICE})
            server.stop()
            server.start()
            connection.execute(insert, {"phone": BOB})  # not on a connection of its own

    with pytest.raises(StoreUnavailable):
        write()
    assert accounts.by_phone(ALICE) is None
    assert accounts.by_phone(BOB) is None


def test_a_slow_statement_is_ended_by_the_server(
    database: Database, accounts: Accounts, caplog: pytest.LogCaptureFixture
) -> None:
    def sleep() -> None:
        with database.read() as connection:
            connection.execute(text("SELECT pg_sleep(9)"))

    refused_in_time(sleep)
    assert "QueryCanceled: canceling statement due to statement timeout" in caplog.text
    assert accounts.create(ALICE).phone == ALICE


def test_many_statements_do_not_add_up_to_more_than_a_transaction_may_take(
    database: Database, accounts: Accounts
) -> None:
    def sleep() -> None:
        with database.read() as connection:
            for _ in range(9):
                connection.execute(text("SELECT pg_sleep(0.4)"))

    assert refused_in_time(sleep) >= postgres.TRANSACTION_SECONDS
    assert accounts.create(ALICE).phone == ALICE


def test_a_row_that_another_program_holds_is_told_in_time(
    server: PostgresServer, database: Database, accounts: Accounts
) -> None:
    made = accounts.create(ALICE)
    with server.connect(name_of(database)) as other, other.transaction():
        other.execute("SELECT 1 FROM phoneauth_users FOR UPDATE")
        refused_in_time(lambda: accounts.set_blocked(made.get_id(), True))
        assert accounts.by_phone(ALICE) == made  # reading goes on
    other.close()
    accounts.set_blocked(made.get_id(), True)


@contextmanager
def all_taken(database: Database) -> Iterator[None]:
    """No connection is left in the pool."""
    taken = [database.engine.connect() for _ in range(2 * POOL_SIZE)]
    try:
        yield
    finally:
        for connection in taken:
            connection.close()


def test_a_pool_run_dry_is_told_in_time(database: Database, accounts: Accounts) -> None:
    with all_taken(database):
        refused_in_time(lambda: accounts.create(ALICE))
    assert accounts.create(ALICE).phone == ALICE


def test_a_server_without_room_is_told(server: PostgresServer, database: Database) -> None:
    name = name_of(database)
    with server.connect() as other:
        other.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        refused_in_time(database.is_current)
        other.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true')
    other.close()
    assert database.is_current()


def test_a_worker_that_stops_in_a_transaction_loses_its_rows(database: Database) -> None:
    with database.read() as connection:
        shown = connection.execute(text("SHOW idle_in_transaction_session_timeout")).scalar()
    assert shown == f"{postgres.IDLE_SECONDS}s"


FORK = """
import os, sys
from sqlalchemy import text
from flask_phoneauth.database.engine import Database
database = Database(sys.argv[1])
def backend():
    with database.read() as connection:
        return connection.execute(text("SELECT pg_backend_pid()")).scalar()
before = backend()
child = os.fork()
if child == 0:
    os._exit(0 if backend() != before else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert backend() == before
database.close()
"""


def test_a_forked_worker_leaves_its_parents_connections_alone(database: Database) -> None:
    url = database.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORK, url], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_errors_and_logs_carry_no_parameters(
    server: PostgresServer,
    database: Database,
    accounts: Accounts,
    caplog: pytest.LogCaptureFixture,
) -> None:
    accounts.create(ALICE)
    with server.connect(name_of(database)) as other, other.transaction():
        other.execute("LOCK phoneauth_users")
        refused_in_time(lambda: accounts.create(BOB))
    other.close()
    assert "The database does not answer: LockNotAvailable: canceling statement" in caplog.text
    assert BOB[1:] not in caplog.text


# --- migrations -------------------------------------------------------------------------------


def test_the_migrations_make_exactly_our_tables(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": VERSION_TABLE, "compare_type": True}
        )
        assert compare_metadata(context, metadata) == []


UPGRADE = """
import sys
from flask_phoneauth.database import migrate
from flask_phoneauth.database.engine import Database
database = Database(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
migrate.upgrade(database)
assert database.is_current()
database.close()
"""


def test_three_processes_upgrade_at_once() -> None:
    command = [sys.executable, "-c", UPGRADE, shared_server().empty_database()]
    crowd = [
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
        )
        for _ in range(3)
    ]
    for process in crowd:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in crowd:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in crowd:
        process.communicate(timeout=60)
    assert [process.returncode for process in crowd] == [0, 0, 0]


def test_an_upgrade_waits_for_another_ones_end(server: PostgresServer) -> None:
    url = server.empty_database()
    database = Database(url)
    with server.connect(url.rpartition("/")[2]) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [postgres.MIGRATION_LOCK])
        upgrade = threading.Thread(target=migrate.upgrade, args=[database])
        upgrade.start()
        until(lambda: waiting_for_a_lock(server))
        upgrade.join(postgres.TRANSACTION_SECONDS + 0.2)  # longer than any login may wait
        assert upgrade.is_alive()
        assert waiting_for_a_lock(server)
        assert not database.is_current()
    other.close()  # and its lock with it
    upgrade.join(30)
    assert database.is_current()
    database.close()


def test_a_wrong_password_or_name_is_told_without_it(
    server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    url = server.url("nowhere").replace("phoneauth@", "phoneauth:hidden-word@")
    database = Database(url)
    refused_in_time(database.is_current)
    assert 'database "nowhere" does not exist' in caplog.text
    assert "hidden-word" not in caplog.text
    database.close()

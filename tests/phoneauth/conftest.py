"""Real parts for tests without an application: a database file and a house of flows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from phoneauth.house import HandClock, House

from flask_phoneauth.database import migrate
from flask_phoneauth.database.engine import Database


@pytest.fixture
def hand_clock() -> HandClock:
    """A clock that stands still until it is moved."""
    return HandClock()


@pytest.fixture
def database_kind() -> str:
    """Where the tables are; a test file that runs on both asks for both."""
    return "sqlite"


@pytest.fixture
def database(database_kind: str, tmp_path: Path) -> Iterator[Database]:
    """A fresh database in the newest form."""
    if database_kind == "postgres":
        from postgres_server import shared_server

        database = Database(shared_server().database())
    else:
        database = Database(f"sqlite:///{tmp_path}/phoneauth.db")
        migrate.upgrade(database)
    yield database
    database.close()


@pytest.fixture
def house(database: Database, hand_clock: HandClock) -> House:
    """Flows over a memory store, real accounts and a provider that keeps what it is given."""
    return House(database, hand_clock)

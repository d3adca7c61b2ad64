"""Hundreds of tests open an empty SQLite file, and Alembic needs longer for its tables than most of
these tests for all the rest: its statements are kept from the first time and repeated.

All else of an upgrade is real. Tests of the migrations themselves ask for `alembic_itself`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from flask_phoneauth.database import migrate
from flask_phoneauth.database.tables import VERSION_TABLE

OURS = str(Path(migrate.__file__).parent / "migrations")
"""Where our migrations are: those of a test's own app are run."""

_alembic = command.upgrade
_kept: list[str] = []


def _upgrade(config: Config, revision: str, **options: Any) -> None:
    connection: Connection | None = config.attributes.get("connection")
    ours = config.get_main_option("script_location") == OURS and revision == "head"
    if not ours or connection is None or connection.dialect.name != "sqlite" or _used(connection):
        _alembic(config, revision, **options)
    elif not _kept:
        _alembic(config, revision, **options)
        _kept[:] = _statements(connection)  # two threads may begin at once
    else:
        for statement in _kept:
            connection.exec_driver_sql(statement)


def _used(connection: Connection) -> bool:
    return connection.exec_driver_sql("SELECT 1 FROM sqlite_master LIMIT 1").first() is not None


def _statements(connection: Connection) -> Iterator[str]:
    made = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    yield from connection.exec_driver_sql(f"{made} ORDER BY rowid").scalars()
    version = connection.exec_driver_sql(f"SELECT version_num FROM {VERSION_TABLE}").scalar_one()
    yield f"INSERT INTO {VERSION_TABLE} VALUES ('{version}')"


@pytest.fixture
def alembic_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each migration is run."""
    monkeypatch.setattr(command, "upgrade", _alembic)


def pytest_configure() -> None:
    """From the first test on."""
    command.upgrade = _upgrade

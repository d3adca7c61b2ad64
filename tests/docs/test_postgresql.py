"""The page on PostgreSQL, as a reader would follow it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from postgres_server import shared_server

from flask_phoneauth.database.engine import Database

SECRET = "a secret of the tests, long enough"


def test_an_app_on_postgresql_has_its_tables_and_serves(
    take: Callable[[str, str], str],
    shell: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = shared_server().empty_database()
    notes = take("how-to/postgresql.md", "notes.py")
    (tmp_path / "notes.py").write_text(notes)
    keys = {"SECRET_KEY": SECRET, "DATABASE_URL": url}
    assert "The tables are ready." in shell(take("how-to/postgresql.md", "init_db"), **keys)
    database = Database(url)
    assert database.is_current()
    database.close()
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    made: dict[str, Any] = {"__name__": "notes"}
    exec(notes, made)
    made["app"].testing = True
    asked = made["app"].test_client().post("/auth/login", json={"phone": "+447400123456"})
    assert asked.status_code == 202
    made["app"].extensions["phoneauth"].close()

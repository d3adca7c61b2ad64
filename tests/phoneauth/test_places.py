"""Where a session began, by the app's own resolver: in its row, on the page, for the operator."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from flask import Flask
from web_steps import BROWSER, PHONE, entry, query

from flask_phoneauth import PhoneAuth
from flask_phoneauth.database import migrate
from flask_phoneauth.database.engine import Database
from flask_phoneauth.records import Client
from flask_phoneauth.sessions.registry import Registry
from flask_phoneauth.settings import Settings
from flask_phoneauth.stores.sessions import SqlSessions

SHOWN = {"id", "current", "created_at", "authenticated_at", "last_seen_at", "ip", "user_agent"}


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """An app that knows where addresses are."""
    app = Flask("example", instance_path=str(tmp_path / "instance"))
    app.config.update(TESTING=True, SECRET_KEY="a secret of the tests, long enough")
    PhoneAuth(app, place=lambda address: "Kraków <Poland>")
    return app


def test_a_session_keeps_where_it_began_and_the_page_shows_it(
    app: Flask, phoneauth_code: Callable[[str], str]
) -> None:
    client = app.test_client()
    asked = client.post("/auth/login", json={"phone": PHONE}).get_json()
    done = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    assert done.status_code == 200
    assert query(app, "select place from phoneauth_sessions") == [("Kraków <Poland>",)]
    page = client.get("/auth/sessions", headers=BROWSER).text
    assert "Kraków &lt;Poland&gt;" in page
    (told,) = client.get("/auth/sessions", headers={"Accept": "application/json"}).get_json()[
        "sessions"
    ]
    assert set(told) == SHOWN  # the JSON's keys are fixed
    listed = app.test_cli_runner().invoke(args=["phoneauth", "users", "sessions", PHONE])
    assert "Kraków <Poland>" in listed.stdout
    listed = app.test_cli_runner().invoke(args=["phoneauth", "users", "sessions", PHONE, "--json"])
    assert json.loads(listed.stdout)["place"] == "Kraków <Poland>"


def test_without_a_resolver_the_page_shows_the_address_alone(
    make_app: Callable[..., Flask], phoneauth_login: Callable[..., object]
) -> None:
    client = make_app().test_client()
    phoneauth_login(client)
    assert (
        '<bdi dir="ltr">127.0.0.1</bdi></dd>' in client.get("/auth/sessions", headers=BROWSER).text
    )


def test_sessions_of_the_former_form_live_on_without_a_place(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    database = Database(f"sqlite:///{path}")
    database.create_file()
    with database.migration() as connection:
        config = migrate._config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    with sqlite3.connect(path) as old:
        old.execute(
            "insert into phoneauth_sessions (id, token_hash, user_id, epoch, created_at, "
            "authenticated_at, last_seen_at, expires_at, idle_seconds, ip, user_agent) "
            "values ('a', x'00', '7', 0, 1, 1, 1, 1000, 1000, '192.0.2.1', 'Firefox')"
        )
    assert not database.is_current()
    migrate.upgrade(database)
    store = SqlSessions(database)
    (kept,) = store.of_user("7", now=2.0)
    assert (kept.id, kept.ip, kept.place) == ("a", "192.0.2.1", "")
    database.close()


def test_the_registry_writes_the_place_of_whoever_signs_in(
    database: Database, hand_clock: object
) -> None:
    registry = Registry(SqlSessions(database), Settings(), hand_clock)  # type: ignore[arg-type]
    token, _ = registry.start("7", Client("192.0.2.1", place="Berlin"), remember=False)
    found = registry.find(token)
    assert found is not None
    assert found[0].place == "Berlin"

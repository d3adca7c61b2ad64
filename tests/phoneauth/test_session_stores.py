"""Where sessions may be kept: `SESSION_STORE_URL` in whole apps, with and without SQL."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import servers
from flask import Flask
from web_steps import PHONE, ask, database_of, entry, problem, query

from flask_phoneauth import CallableUsers, PhoneAuth


class User:
    """A user of the application's own, who is in no SQL."""

    blocked_at = None
    is_active = is_authenticated = True
    is_anonymous = False

    def __init__(self, phone: str) -> None:
        self.phone = phone

    def get_id(self) -> str:
        return self.phone


@pytest.fixture
def held() -> dict[str, User]:
    """The application's users."""
    return {}


@pytest.fixture
def users(held: dict[str, User]) -> CallableUsers:
    """The same behind functions."""
    return CallableUsers(
        get=held.get,
        by_phone=held.get,
        create=lambda phone: held.setdefault(phone, User(phone)),
    )


@pytest.fixture
def server() -> Iterator[servers.RedisServer]:
    """A Redis of this test alone."""
    server = servers.plain()
    yield server
    server.end()


@pytest.fixture(params=["memory", "redis"])
def app(request, make_app, users) -> Iterator[Flask]:
    """An app that needs no SQL: its own users, everything else in memory or in Redis."""
    url = "memory://" if request.param == "memory" else servers.start_redis("single")
    app = make_app(users=users, STORE_URL=url, SESSION_STORE_URL=url)
    yield app
    app.extensions["phoneauth"].close()


def signed_in(app: Flask, phoneauth_code: Any) -> Any:
    client = app.test_client()
    asked = ask(client)
    done = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    assert done.status_code == 200, done.text
    return client


def test_an_app_without_sql_signs_in_lists_its_devices_and_signs_out(app, phoneauth_code):
    laptop, phone = signed_in(app, phoneauth_code), signed_in(app, phoneauth_code)
    assert laptop.get("/mine").text == "mine"
    listed = laptop.get("/auth/sessions", headers={"Accept": "application/json"}).get_json()
    assert sorted(one["current"] for one in listed["sessions"]) == [False, True]
    assert laptop.delete("/auth/sessions").status_code == 204
    assert (laptop.get("/mine").status_code, phone.get("/mine").status_code) == (200, 303)
    assert laptop.post("/auth/logout", json={}).status_code == 204
    assert laptop.get("/mine").status_code == 303
    assert not database_of(app).exists()


def test_a_user_who_is_gone_or_blocked_is_out_on_the_next_request(app, held, phoneauth_code):
    client = signed_in(app, phoneauth_code)
    held[PHONE].blocked_at = 1.0
    assert client.get("/mine").status_code == 303
    held[PHONE].blocked_at = None
    assert client.get("/mine").status_code == 200
    del held[PHONE]
    assert client.get("/mine").status_code == 303
    held[PHONE] = User(PHONE)  # whoever is given the id later inherits nothing
    assert client.get("/mine").status_code == 303


def test_a_registry_in_redis_that_does_not_answer_is_a_503_and_the_cookie_stays(
    make_app, server, users, phoneauth_code
):
    app = make_app(users=users, STORE_URL="memory://", SESSION_STORE_URL=server.url)
    client = signed_in(app, phoneauth_code)
    server.silence()
    try:
        lost = client.get("/mine", headers={"Accept": "application/json"})
        problem(lost, 503, "store_unavailable")
        assert "Set-Cookie" not in lost.headers
        open_page = client.get("/")
        assert (open_page.status_code, open_page.text) == (200, "home")
    finally:
        server.wake()
    assert client.get("/mine").status_code == 200
    app.extensions["phoneauth"].close()


def test_a_right_code_stays_good_while_the_registry_is_away(
    make_app, server, users, phoneauth_code
):
    app = make_app(users=users, STORE_URL="memory://", SESSION_STORE_URL=server.url)
    client = app.test_client(use_cookies=False)
    asked = ask(client)
    code = phoneauth_code(PHONE)
    server.silence()
    try:
        problem(client.post("/auth/verify", json=entry(asked, code)), 503, "store_unavailable")
    finally:
        server.wake()
    assert client.post("/auth/verify", json=entry(asked, code)).status_code == 200
    app.extensions["phoneauth"].close()


def test_an_unknown_address_is_refused_by_the_name_of_its_setting(make_app, caplog):
    app = make_app(SESSION_STORE_URL="carrier-pigeon://loft")
    problem(app.test_client().post("/auth/login", json={"phone": PHONE}), 500, "misconfigured")
    assert "PHONEAUTH_SESSION_STORE_URL = 'carrier-pigeon://...' is not a store" in caplog.text


@pytest.mark.parametrize("user_id", ["1x", "01", " 1", "1.0", "", "9" * 40, "x"])
def test_only_the_very_id_of_an_account_is_read_along_with_a_session(
    app_of_our_own, phoneauth_code, user_id
):
    client = signed_in(app_of_our_own, phoneauth_code)
    assert client.get("/mine").status_code == 200
    query(app_of_our_own, "update phoneauth_sessions set user_id = ?", user_id)
    live = app_of_our_own.extensions["phoneauth"].live
    found = live.registry._store.find_with_user(
        token_hash(app_of_our_own), now=live.parts.clock.now()
    )
    assert found[1] is None


@pytest.fixture
def app_of_our_own(make_app) -> Flask:
    """An app with accounts and sessions in one SQLite file."""
    return make_app()


def token_hash(app: Flask) -> bytes:
    [[held]] = query(app, "select token_hash from phoneauth_sessions")
    return bytes(held)


@pytest.mark.parametrize(
    "program",
    [
        "import flask_phoneauth; flask_phoneauth.PhoneAuth",
        """
import flask
from flask_phoneauth import CallableUsers, PhoneAuth

app = flask.Flask("app")
app.testing, app.secret_key = True, "a secret of the tests, long enough"
app.config.update(PHONEAUTH_STORE_URL="memory://", PHONEAUTH_SESSION_STORE_URL="memory://")
PhoneAuth(app, users=CallableUsers(get={}.get, by_phone={}.get, create=str))
asked = app.test_client().post("/auth/login", json={"phone": "+447400123456"})
assert asked.status_code == 202, asked.text
""",
    ],
)
def test_an_app_that_needs_no_sql_loads_none(program):
    told = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", f"{program}\n{told}"], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"sqlalchemy", "alembic", "redis", "psycopg", "twilio"}


def test_init_db_makes_no_database_that_nobody_needs(make_app, users):
    app = make_app(users=users, STORE_URL="memory://", SESSION_STORE_URL="memory://")
    done = app.test_cli_runner().invoke(args=["phoneauth", "init-db"])
    assert done.exit_code == 0, done.output
    assert not database_of(app).exists()


def test_doctor_asks_the_registrys_redis_too(users, server, tmp_path):
    app = Flask("example", instance_path=str(tmp_path / "instance"))
    app.config.update(TESTING=True, SECRET_KEY="a secret of the tests, long enough")
    app.config.update(PHONEAUTH_STORE_URL="memory://", PHONEAUTH_SESSION_STORE_URL=server.url)
    PhoneAuth(app, users=users)
    runner = app.test_cli_runner()
    assert "redis answers" in runner.invoke(args=["phoneauth", "doctor"]).output
    server.stop()
    done = runner.invoke(args=["phoneauth", "doctor"])
    assert done.exit_code == 1
    assert "it does not answer: check PHONEAUTH_SESSION_STORE_URL" in done.output

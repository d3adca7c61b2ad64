"""An app on PostgreSQL whose server is lost and comes back in the middle (RULES 13, 35)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from in_time import in_time
from postgres_server import PostgresServer, fragile_server, hurried, unhurried
from web_steps import BROWSER, OTHER_PHONE, PHONE, ask, entry, post_form, problem, start_form
from web_steps import type_code as type_it

from flask_phoneauth.database.engine import POOL_SIZE


@pytest.fixture
def server() -> PostgresServer:
    """A server that this test may stop."""
    return fragile_server()


@pytest.fixture
def app(make_app: Callable[..., Flask], server: PostgresServer) -> Iterator[Flask]:
    """Everything on PostgreSQL."""
    url = server.database()
    app = make_app(DATABASE_URL=url, STORE_URL=url, SESSION_STORE_URL=url)
    with unhurried():
        yield app
        app.extensions["phoneauth"].close()


@contextmanager
def dry(app: Flask) -> Iterator[None]:
    """No connection is left in the pool."""
    (database,) = {id(room._database): room._database for room in rooms(app)}.values()
    taken = [database.engine.connect() for _ in range(2 * POOL_SIZE)]
    try:
        yield
    finally:
        for connection in taken:
            connection.close()


def rooms(app: Flask) -> list[Any]:
    """What holds the database of an app that has been used."""
    parts = app.extensions["phoneauth"].live.parts
    return [parts.challenges, parts.users]


@pytest.fixture(params=["stopped", "frozen", "dry"])
def fault(request: pytest.FixtureRequest, server: PostgresServer) -> Any:
    """A fault to be entered with an app."""

    @contextmanager
    def struck(app: Flask) -> Iterator[None]:
        broken = dry(app) if request.param == "dry" else getattr(server, request.param)()
        with broken, hurried():
            yield

    return struck


def cookies(client: FlaskClient) -> list[str]:
    """What the browser holds."""
    return sorted(str(cookie) for cookie in client._cookies.values())


def test_a_flow_outlives_a_lost_database(app: Flask, phoneauth_code: Any, fault: Any) -> None:
    client = app.test_client(use_cookies=False)
    asked = ask(client)
    code = phoneauth_code(PHONE)
    with fault(app):
        for path, body in (
            ("/auth/login", {"phone": OTHER_PHONE}),
            ("/auth/verify", entry(asked, code)),
            ("/auth/resend", entry(asked, code)),
        ):
            with in_time():
                problem(client.post(path, json=body), 503, "store_unavailable")
    done = client.post("/auth/verify", json=entry(asked, code))
    assert done.status_code == 200, done.text


def test_a_form_outlives_a_lost_database(app: Flask, phoneauth_code: Any, fault: Any) -> None:
    client = app.test_client()
    page = start_form(client)
    with fault(app):
        with in_time():
            login = client.get("/auth/login", headers=BROWSER)
        assert login.status_code == 200
        with in_time():
            refused = post_form(client, "/auth/login", login.text, phone=OTHER_PHONE)
        assert (refused.status_code, refused.mimetype) == (503, "text/html")
    assert type_it(client, page, phoneauth_code(PHONE)).status_code == 303


def test_while_nobody_knows_who_it_is_a_visitor_is_anonymous_and_keeps_the_cookies(
    app: Flask, phoneauth_login: Any, fault: Any
) -> None:
    client = app.test_client()
    phoneauth_login(client)
    before = cookies(client)
    with fault(app):
        with in_time():
            public = client.get("/", headers=BROWSER)
        assert (public.status_code, public.text) == (200, "home")
        with in_time():
            protected = client.get("/mine", headers=BROWSER)
        assert protected.status_code == 503
        with in_time():
            problem(client.get("/auth/me"), 503, "store_unavailable")
        assert cookies(client) == before
    assert client.get("/mine").text == "mine"


def test_a_restart_between_two_requests_is_not_noticed(
    app: Flask, server: PostgresServer, phoneauth_login: Any
) -> None:
    client = app.test_client()
    phoneauth_login(client)
    with server.stopped():
        pass
    assert client.get("/mine").text == "mine"


def test_an_app_that_starts_without_its_database_serves_once_it_is_there(
    make_app: Callable[..., Flask], server: PostgresServer, phoneauth_code: Any
) -> None:
    app = make_app(DATABASE_URL=server.database())
    client = app.test_client()
    with server.stopped(), in_time():
        problem(client.post("/auth/login", json={"phone": PHONE}), 503, "store_unavailable")
    asked = ask(client)
    assert client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE))).status_code == 200
    app.extensions["phoneauth"].close()


@pytest.mark.parametrize("odd", ["\0", "a\0b", "\ud800", "x" * 5000, "%00"])
def test_odd_characters_are_a_clear_answer_and_no_fault_of_the_server(
    app: Flask, odd: str, phoneauth_code: Any
) -> None:
    client = app.test_client()
    for path, body in (
        ("/auth/login", {"phone": odd}),
        ("/auth/login", {"phone": PHONE, "next": f"/{odd}"}),
        ("/auth/verify", {"challenge_id": odd, "code": "123456"}),
        ("/auth/verify", {"challenge_id": "x", "challenge_secret": odd, "code": odd}),
        ("/auth/resend", {"challenge_id": odd}),
    ):
        assert client.post(path, json=body).status_code < 500
    assert client.get("/auth/challenges/a%00b").status_code < 500
    headers = {"User-Agent": "\x01\x7f odd \xff" * 50}
    asked = client.post("/auth/login", json={"phone": OTHER_PHONE}, headers=headers).get_json()
    done = client.post(
        "/auth/verify", json=entry(asked, phoneauth_code(OTHER_PHONE)), headers=headers
    )
    assert done.status_code == 200, done.text

"""How often a login asks Redis and SQL, counted on the way out (RULES 34)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis
import servers
from flask import Flask
from sqlalchemy import Engine, event
from web_steps import PHONE, ask, entry


@contextmanager
def statements() -> Iterator[list[str]]:
    """The first words of every statement that is sent meanwhile, and TX for each transaction.

    Those of this thread: nobody waits for the one that writes the audit trail.
    """
    seen: list[str] = []
    here = threading.get_ident()

    def sent(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.get_ident() != here:
            return
        verb, _, rest = statement.partition(" ")
        table = next(word for word in rest.split() if word.startswith("phoneauth_"))
        seen.append(f"{verb} {table.partition('.')[0].removeprefix('phoneauth_')}")

    def begun(_connection: Any) -> None:
        if threading.get_ident() == here:
            seen.append("TX")

    event.listen(Engine, "before_cursor_execute", sent)
    event.listen(Engine, "begin", begun)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", sent)
        event.remove(Engine, "begin", begun)


@pytest.fixture
def app(make_app) -> Flask:
    """An app with everything in one SQLite file."""
    return make_app()


def test_a_signed_in_request_reads_session_and_account_in_one_statement(app, phoneauth_login):
    client = app.test_client()
    phoneauth_login(client, PHONE)
    assert client.get("/mine").status_code == 200
    with statements() as seen:
        assert client.get("/mine").status_code == 200
    assert seen == ["TX", "SELECT sessions"]


def test_a_login_on_sql_is_ten_short_transactions_at_most(app, phoneauth_code):
    client = app.test_client(use_cookies=False)
    done = client.post("/auth/verify", json=entry(ask(client), phoneauth_code(PHONE)))
    assert done.status_code == 200  # that of a new user, which also sweeps
    app.extensions["phoneauth"].live.registry._store._swept_at = 2.0**40
    app.extensions["phoneauth"].live.parts.challenges._swept_at = 2.0**40
    with statements() as seen:
        asked = ask(client)
    issue = ["TX", "SELECT budgets", "SELECT challenges", "INSERT challenges", "INSERT budgets"]
    job = [*["TX", "SELECT challenges"], *["TX", "SELECT users"]]
    settle = ["TX", "SELECT challenges", "UPDATE challenges"]
    assert seen == [*issue, *job, *settle]
    with statements() as seen:
        done = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    assert done.status_code == 200, done.text
    judge = ["SELECT challenges", "SELECT budgets", "INSERT budgets", "UPDATE challenges"]
    assert seen == ["TX", *judge, "TX", "SELECT users", "TX", "INSERT sessions"]


@contextmanager
def commands(server: servers.RedisServer) -> Iterator[list[str]]:
    """The commands that reach Redis from outside of its scripts meanwhile."""
    watching = redis.Redis.from_url(server.url)
    seen: list[str] = []
    with watching.monitor() as monitor:
        yield seen
        server.client.echo("the end")
        for one in monitor.listen():
            if "the end" in one["command"]:
                break
            if one["client_type"] != "lua":
                seen.append(one["command"].split()[0].upper())
    watching.close()


def test_a_login_on_redis_asks_as_often_as_the_rules_say(make_app, phoneauth_code):
    server = servers.plain()
    app = make_app(STORE_URL=server.url, SESSION_STORE_URL=server.url)
    client = app.test_client()
    done = client.post("/auth/verify", json=entry(ask(client), phoneauth_code(PHONE)))
    assert done.status_code == 200  # connects, and loads the scripts
    client = app.test_client(use_cookies=False)
    with commands(server) as seen:
        asked = ask(client)
    assert seen == ["EVALSHA"] * 4, "limiter, issue; the job: load, settle"
    client = app.test_client()
    with commands(server) as seen:
        done = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    assert done.status_code == 200, done.text
    assert seen == ["EVALSHA"] * 3, "limiter, try, session"
    with commands(server) as seen:
        assert client.get("/mine").status_code == 200
    assert seen == ["GET"]
    app.extensions["phoneauth"].close()
    server.end()

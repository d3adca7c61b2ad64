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

from sms_sandbox.client import SandboxClient


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


TWO = {
    "PROVIDERS": ["sandbox", "console"],
    "SANDBOX_URL": "http://127.0.0.1:1",  # nobody is there
    "BREAKER_FAILURES": 1,
}


def test_a_job_that_fails_over_is_two_short_transactions_and_one_more_for_a_probe(
    make_app, phoneauth_clock
):
    app = make_app(**TWO)
    ask(app.test_client(), "+447400123450")  # makes the tables; the first provider has failed
    app.extensions["phoneauth"].live.parts.challenges._swept_at = 2.0**40
    load = ["TX", "SELECT challenges", "SELECT budgets"]
    user = ["TX", "SELECT users"]
    settle = ["TX", "SELECT challenges"]
    with statements() as seen:
        ask(app.test_client())
    assert seen[-8:] == [*load, *user, *settle, "UPDATE challenges"]
    phoneauth_clock.advance(31)
    probe = ["TX", "SELECT budgets", "INSERT budgets"]
    with statements() as seen:
        ask(app.test_client(), "+447400123451")
    told = ["SELECT budgets", "INSERT budgets", "UPDATE challenges"]
    assert seen[-13:] == [*load, *probe, *user, *settle, *told]


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


def test_a_job_on_redis_is_two_commands_though_it_fails_over_and_probes(make_app, phoneauth_clock):
    server = servers.plain()
    app = make_app(STORE_URL=server.url, SESSION_STORE_URL=server.url, **TWO)
    ask(app.test_client(), "+447400123450")
    for number in ("+447400123451", "+447400123452"):
        with commands(server) as seen:
            ask(app.test_client(), number)
        assert seen == ["EVALSHA"] * 4, "limiter, issue; the job: load, settle"
        phoneauth_clock.advance(31)
    app.extensions["phoneauth"].close()
    server.end()


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


def test_a_code_that_a_vendor_judges_costs_one_command_more(make_app, sms_server):
    server = servers.plain()
    urls = {"STORE_URL": server.url, "SESSION_STORE_URL": server.url}
    app = make_app(VERIFIER="vonage_verify", SANDBOX_URL=sms_server.url, **urls)
    with SandboxClient(sms_server.url) as inbox:

        def sign_in(phone: str) -> list[str]:
            asked = ask(app.test_client(), phone)
            right = entry(asked, inbox.claim_code(phone, timeout=15)["code"])
            with commands(server) as seen:
                assert app.test_client().post("/auth/verify", json=right).status_code == 200
            return seen

        sign_in("+447400177450")  # connects, and loads the scripts
        assert sign_in("+447400177451") == ["EVALSHA"] * 4, "limiter, hold, judge, session"
    app.extensions["phoneauth"].close()
    server.end()

"""Parts that fail: the database, the provider, the server's process itself."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3
from in_time import in_time
from scripted_server import ScriptedServer, answer
from web_steps import (
    BROWSER,
    PHONE,
    ask,
    database_of,
    entry,
    field_on,
    post_form,
    problem,
    rows,
    start_form,
    type_code,
)

TAKEN = answer(201, {"id": "m-1"})


@contextmanager
def locked(app):
    """Another process holds the database's write lock."""
    lock = sqlite3.connect(database_of(app), isolation_level=None)
    lock.execute("begin immediate")
    try:
        yield
    finally:
        lock.execute("rollback")
        lock.close()


@contextmanager
def gone(app):
    """The database's file is not there."""
    place = database_of(app)
    names = [place.with_name(place.name + ending) for ending in ("", "-wal", "-shm")]
    away = place.parent / "away"
    away.mkdir()
    moved = [name for name in names if name.exists()]
    for name in moved:
        name.rename(away / name.name)
    try:
        yield
    finally:
        for name in moved:
            (away / name.name).rename(name)


FAULTS = pytest.mark.parametrize("fault", [locked, gone])


@FAULTS
def test_a_lost_database_is_a_503_in_time_and_afterwards_the_flow_goes_on(
    app, phoneauth_code, fault
):
    client = app.test_client(use_cookies=False)
    asked = ask(client)
    code = phoneauth_code(PHONE)
    with fault(app):
        for path, body in (
            ("/auth/login", {"phone": "+447400999999"}),
            ("/auth/verify", entry(asked, code)),
            ("/auth/verify", entry(asked, "000000")),
            ("/auth/resend", entry(asked, code)),
        ):
            with in_time():
                problem(client.post(path, json=body), 503, "store_unavailable")
    done = client.post("/auth/verify", json=entry(asked, code))
    assert done.status_code == 200, done.text
    assert rows(app)["users"] == 1


@FAULTS
def test_pages_render_while_the_database_is_lost_and_the_form_works_afterwards(
    app, phoneauth_code, fault
):
    client = app.test_client()
    code_page = start_form(client)
    with fault(app):
        with in_time():
            login_page = client.get("/auth/login", headers=BROWSER)
        assert (login_page.status_code, login_page.mimetype) == (200, "text/html")
        with in_time():
            refused = post_form(client, "/auth/login", login_page.text, phone="+447400999999")
        assert (refused.status_code, refused.mimetype) == (503, "text/html")
        assert int(refused.headers["Retry-After"]) >= 1
        assert "+447400999999" in refused.text
        with in_time():
            tried = type_code(client, code_page, phoneauth_code(PHONE))
        assert (tried.status_code, tried.mimetype) == (503, "text/html")
        assert int(tried.headers["Retry-After"]) >= 1
    assert type_code(client, code_page, phoneauth_code(PHONE)).status_code == 303


@FAULTS
def test_nothing_is_valid_while_the_database_is_lost(app, phoneauth_login, fault):
    signed_in, stranger = app.test_client(), app.test_client()
    phoneauth_login(signed_in)
    with stranger.session_transaction() as held:
        held["_user_id"] = "phoneauth." + "A" * 43
    with fault(app):
        assert stranger.get("/auth/me").status_code in (401, 503)
        assert stranger.get("/mine", headers=BROWSER).status_code in (303, 503)
    assert signed_in.get("/mine").text == "mine"


def test_a_registry_that_is_lost_at_the_last_step_gives_the_code_back(
    make_app, tmp_path, phoneauth_code
):
    app = make_app(SESSION_STORE_URL=f"sqlite:///{tmp_path}/sessions.sqlite3")
    client = app.test_client(use_cookies=False)
    asked = ask(client)
    right = entry(asked, phoneauth_code(PHONE))
    lock = sqlite3.connect(tmp_path / "sessions.sqlite3", isolation_level=None)
    lock.execute("begin immediate")
    problem(client.post("/auth/verify", json=right), 503, "store_unavailable")
    lock.execute("rollback")
    lock.close()
    assert client.post("/auth/verify", json=right).status_code == 200


def test_all_sessions_end_though_the_store_that_knows_the_devices_is_lost(
    make_app, tmp_path, phoneauth_login
):
    app = make_app(STORE_URL=f"sqlite:///{tmp_path}/challenges.sqlite3")
    here, there = app.test_client(), app.test_client()
    phoneauth_login(here)
    phoneauth_login(there)
    lock = sqlite3.connect(tmp_path / "challenges.sqlite3", isolation_level=None)
    lock.execute("begin immediate")
    told = here.post("/auth/logout", json={"everywhere": True})
    problem(told, 503, "store_unavailable")
    lock.execute("rollback")
    lock.close()
    problem(there.get("/auth/me"), 401, "not_signed_in")


@pytest.fixture
def gateway():
    """A provider that a test can break: the sandbox's wire on a scripted server."""
    with ScriptedServer(TAKEN) as server:
        yield server


def test_a_message_that_could_not_be_sent_is_told_on_the_page_and_by_the_status(make_app, gateway):
    app = make_app(PROVIDERS=["sandbox"], SANDBOX_URL=gateway.url)
    gateway.behaviour = answer(503)
    client = app.test_client()
    page = start_form(client)
    assert 'data-state="failed"' in page
    told = client.get(f"/auth/challenges/{field_on(page, 'challenge_id')}").get_json()
    assert (told["status"], told["delivery"], told["resend_in"]) == ("pending", "failed", 0)


def test_a_provider_that_is_not_there_is_told_too(make_app):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        client = make_app(PROVIDERS=["sandbox"], SANDBOX_URL=url).test_client()
        with in_time():
            page = start_form(client)
    assert 'data-state="failed"' in page


def test_a_failed_resend_costs_no_wait_and_the_older_code_stays_good(
    make_app, gateway, phoneauth_code, phoneauth_clock
):
    phoneauth_clock.freeze()
    app = make_app(PROVIDERS=["sandbox"], SANDBOX_URL=gateway.url)
    client = app.test_client()
    asked = ask(client)
    code = phoneauth_code(PHONE)
    phoneauth_clock.advance(asked["resend_in"])
    gateway.behaviour = answer(503)
    failed = client.post("/auth/resend", json=entry(asked, ""))
    assert failed.status_code == 202
    headers = {"PhoneAuth-Challenge-Secret": asked.get("challenge_secret", "")}
    told = client.get(f"/auth/challenges/{asked['challenge_id']}", headers=headers).get_json()
    assert (told["delivery"], told["resend_in"]) == ("failed", 0)
    gateway.behaviour = TAKEN
    assert client.post("/auth/resend", json=entry(asked, "")).status_code == 202
    assert client.post("/auth/verify", json=entry(asked, code)).status_code == 200


def test_failed_messages_are_limited_by_themselves(make_app, gateway, phoneauth_clock):
    phoneauth_clock.freeze()
    app = make_app(PROVIDERS=["sandbox"], SANDBOX_URL=gateway.url)
    gateway.behaviour = answer(503)
    client = app.test_client()
    asked = ask(client)
    for _ in range(2):
        assert client.post("/auth/resend", json=entry(asked, "")).status_code == 202
    refused = client.post("/auth/resend", json=entry(asked, ""))
    problem(refused, 429, "budget_exhausted")


def test_a_full_queue_is_a_503_that_costs_nothing(make_app, phoneauth_code):
    app = make_app(DISPATCH="thread", DISPATCH_WORKERS=1, DISPATCH_QUEUE=1)
    client = app.test_client()
    assert client.get("/auth/login").status_code == 200
    parts = app.extensions["phoneauth"].live.parts
    parts.dispatch.close()
    problem(client.post("/auth/login", json={"phone": PHONE}), 503, "busy")


HELLO = """
from flask import Flask
from flask_phoneauth import PhoneAuth

app = Flask(__name__, instance_path={instance!r})
{secret}
PhoneAuth(app)


@app.get("/")
def hello():
    return "Hello"
"""
READY = re.compile(r"Running on http://127\.0\.0\.1:(\d+)")
SENT = re.compile(r"@127\.0\.0\.1 #(\d{6})")


class Server:
    """`flask --app hello run --debug` in a process of its own, its output read as it comes."""

    def __init__(self, folder: Path, port: int) -> None:
        command = [sys.executable, "-m", "flask", "--app", "hello", "run", "--debug"]
        environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self._process = subprocess.Popen(
            [*command, "--no-reload", "--port", str(port)],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self._lines.append(line)
                self._changed.notify_all()

    def wait_for(self, pattern: re.Pattern[str]) -> str:
        """The first group of the newest match in what the server printed."""

        def found():
            return pattern.findall("".join(self._lines))

        with self._changed:
            assert self._changed.wait_for(found, 60), "".join(self._lines)
            return found()[-1]

    def kill(self) -> None:
        """End it as a crash does."""
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(30)
        self._reader.join(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def running(folder, port=0):
    server = Server(folder, port)
    try:
        yield server, f"http://127.0.0.1:{server.wait_for(READY)}"
    finally:
        server.kill()


def post(url, **body):
    done = urllib3.request("POST", url, json=body, timeout=30, retries=False)
    return done.status, done.json()


@pytest.mark.parametrize("secret", ["", "app.secret_key = 'sixteen and more'"], ids=["lent", "own"])
def test_a_killed_server_knows_the_code_after_its_restart(tmp_path, secret):
    instance = tmp_path / "instance"
    (tmp_path / "hello.py").write_text(HELLO.format(instance=str(instance), secret=secret))
    with running(tmp_path) as (server, url):
        status, asked = post(f"{url}/auth/login", phone=PHONE)
        assert status == 202, asked
        code = server.wait_for(SENT)
    with running(tmp_path) as (_, url):
        status, done = post(f"{url}/auth/verify", **entry(asked, code))
        assert (status, done.get("new_user")) == (200, True), done
    key = instance / "phoneauth.key"
    assert key.exists() is (not secret)
    assert not secret or (instance / "phoneauth.sqlite3").exists()

"""The notes application, in process: sign up, write, be alone with one's notes, sign out."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from example_app import create_app
from example_app.notebook import MOST_NOTES, Notebook, NoteRefused
from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

ADA = "+447400123456"
BEN = "+12015550123"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxClient]:
    with SandboxServer(Settings(port=0)) as server, SandboxClient(server.url) as client:
        yield client


@pytest.fixture
def app(sandbox: SandboxClient, tmp_path: Path) -> Flask:
    return create_app(
        {
            "TESTING": True,
            "DATA_FOLDER": tmp_path / "data",
            "PHONEAUTH_SANDBOX_URL": sandbox.url,
        }
    )


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def token(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def sign_in(client: FlaskClient, sandbox: SandboxClient, phone: str) -> TestResponse:
    """By the form on the welcome page, as a person does."""
    welcome = client.get("/")
    form = {"csrf_token": token(welcome), "phone": phone, "next": "/"}
    code_page = client.post("/auth/login", data=form, follow_redirects=True)
    challenge = re.search(r'name="challenge_id"[^>]*value="([^"]+)"', code_page.text)
    assert challenge, code_page.text
    form = {
        "csrf_token": token(code_page),
        "challenge_id": challenge[1],
        "code": sandbox.claim_code(phone, timeout=30)["code"],
    }
    return client.post("/auth/verify", data=form, follow_redirects=True)


def add(client: FlaskClient, text: str) -> TestResponse:
    form = {"csrf_token": token(client.get("/")), "body": text}
    return client.post("/notes", data=form, follow_redirects=True)


def delete_address(page: TestResponse) -> str:
    found = re.search(r'action="(/notes/[^"]+/delete)"', page.text)
    assert found, page.text
    return found[1]


def kept_text(page: TestResponse) -> str:
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", page.text, re.DOTALL)
    assert found, page.text
    return unescape(found[1])


def problem(page: TestResponse) -> str:
    found = re.search(r'role="alert">([^<]+)<', page.text)
    assert found, page.text
    return unescape(found[1])


def test_a_visitor_signs_up_writes_signs_out_and_comes_back(
    client: FlaskClient, sandbox: SandboxClient
) -> None:
    home = sign_in(client, sandbox, ADA)
    assert "No notes yet" in home.text
    assert "+44 7400 123456" in home.text
    written = add(client, "Buy <b>milk</b>\r\nand bread")
    assert "Buy &lt;b&gt;milk&lt;/b&gt;\nand bread" in written.text
    assert "The note is added." in written.text
    form = {"csrf_token": token(written)}
    goodbye = client.post("/auth/logout", data=form, follow_redirects=True)
    assert "You are signed out." in goodbye.text
    assert "milk" not in goodbye.text
    assert "milk" in sign_in(client, sandbox, ADA).text


def test_a_note_is_deleted_by_its_owner_alone(app: Flask, sandbox: SandboxClient) -> None:
    ada, ben = app.test_client(), app.test_client()
    sign_in(ada, sandbox, ADA)
    address = delete_address(add(ada, "Only mine"))
    home_of_ben = sign_in(ben, sandbox, BEN)
    assert "Only mine" not in home_of_ben.text
    refused = ben.post(address, data={"csrf_token": token(home_of_ben)})
    assert refused.status_code == 404
    home = ada.get("/")
    assert "Only mine" in home.text
    deleted = ada.post(address, data={"csrf_token": token(home)}, follow_redirects=True)
    assert "The note is deleted." in deleted.text
    assert "Only mine" not in deleted.text


def test_a_changed_number_keeps_the_notes_and_tells_the_former_one(
    client: FlaskClient, sandbox: SandboxClient
) -> None:
    new = "+447400123499"
    sign_in(client, sandbox, ADA)
    home = add(client, "Mine, whatever my number")
    assert 'href="/auth/phone?next=/">Change number</a>' in home.text
    number_page = client.get("/auth/phone?next=/")
    form = {"csrf_token": token(number_page), "phone": new, "next": "/"}
    code_page = client.post("/auth/phone", data=form, follow_redirects=True)
    challenge = re.search(r'name="challenge_id"[^>]*value="([^"]+)"', code_page.text)
    assert challenge, code_page.text
    form = {
        "csrf_token": token(code_page),
        "challenge_id": challenge[1],
        "code": sandbox.claim_code(new, timeout=30)["code"],
    }
    done = client.post("/auth/phone/verify", data=form, follow_redirects=True)
    assert "Your number is changed." in done.text
    assert "+44 7400 123499" in done.text
    assert "Mine, whatever my number" in done.text
    wish = {"to": ADA, "body_contains": "another phone number"}
    (notice,) = sandbox.wait(match=wish, timeout=30)
    assert notice["body"].startswith("Your Notes account now has another phone number.")


def test_signing_out_everywhere_ends_the_other_device_too(
    app: Flask, sandbox: SandboxClient
) -> None:
    laptop, phone = app.test_client(), app.test_client()
    sign_in(laptop, sandbox, ADA)
    home = sign_in(phone, sandbox, ADA)
    form = {"csrf_token": token(home), "everywhere": "1"}
    goodbye = phone.post("/auth/logout", data=form, follow_redirects=True)
    assert "You are signed out on all your devices." in goodbye.text
    assert "Your phone number is all it takes" in laptop.get("/").text


@pytest.mark.parametrize("path", ["/notes", "/notes/0123456789abcdef/delete"])
def test_a_stranger_is_sent_to_the_login(client: FlaskClient, path: str) -> None:
    answer = client.post(path, data={"body": "x"})
    assert answer.status_code == 303
    assert answer.location.startswith("/auth/login")


@pytest.mark.parametrize(
    ("text", "kept", "words"),
    [
        ("", "", "empty"),
        (" \r\n ", "", "empty"),
        ("x" * 2001, "x" * 2001, "2,001 characters; 2,000 are the most"),
        ("one\0two", "onetwo", "control characters"),
        ("ring\x07 & \x1b[2J", "ring & [2J", "control characters"),
    ],
)
def test_a_bad_note_is_told_in_words_and_comes_back(
    client: FlaskClient, sandbox: SandboxClient, text: str, kept: str, words: str
) -> None:
    sign_in(client, sandbox, ADA)
    refused = add(client, text)
    assert refused.status_code == 400
    assert words in problem(refused)
    assert kept_text(refused) == kept
    assert "No notes yet" in client.get("/").text


def test_a_note_of_the_greatest_length_in_any_script_is_kept(
    client: FlaskClient, sandbox: SandboxClient
) -> None:
    sign_in(client, sandbox, ADA)
    longest = "\U0001f600" * 2000
    assert longest in add(client, f"  {longest}\r\n").text


def test_a_note_without_a_token_is_not_added_and_comes_back(
    client: FlaskClient, sandbox: SandboxClient
) -> None:
    sign_in(client, sandbox, ADA)
    refused = client.post("/notes", data={"body": "typed"})
    assert refused.status_code == 400
    assert "open for too long" in problem(refused)
    assert kept_text(refused) == "typed"
    add(client, "here")
    address = delete_address(client.get("/"))
    assert client.post(address).status_code == 400
    assert "here" in client.get("/").text


@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_a_body_that_is_no_form_is_refused(
    client: FlaskClient, sandbox: SandboxClient, kind: str
) -> None:
    sign_in(client, sandbox, ADA)
    assert client.post("/notes", data="[1", content_type=kind).status_code == 400


def test_a_body_beyond_the_bound_is_told_in_words(
    client: FlaskClient, sandbox: SandboxClient
) -> None:
    sign_in(client, sandbox, ADA)
    refused = client.post("/notes", data={"body": "x" * 70_000})
    assert refused.status_code == 413
    assert "too large" in refused.text


def test_a_double_click_adds_one_note(client: FlaskClient, sandbox: SandboxClient) -> None:
    sign_in(client, sandbox, ADA)
    add(client, "once")
    assert add(client, "once").text.count(">once<") == 1


def test_two_hundred_notes_are_the_most_also_for_many_at_once(tmp_path: Path) -> None:
    book = Notebook(tmp_path / "notes.sqlite3")
    for number in range(MOST_NOTES - 2):
        book.add("1", f"note {number}")
    refused: list[NoteRefused] = []

    def write(number: int) -> None:
        try:
            book.add("1", f"late {number}")
        except NoteRefused as refusal:
            refused.append(refusal)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(book.of_user("1")) == MOST_NOTES
    assert len(refused) == 4
    assert refused[0].status == 409
    assert refused[0].kept.startswith("late")
    book.add("2", "another user is not concerned")


def test_while_the_notes_are_locked_the_page_says_so_and_keeps_the_text(
    client: FlaskClient, sandbox: SandboxClient, app: Flask
) -> None:
    sign_in(client, sandbox, ADA)
    form = {"csrf_token": token(client.get("/")), "body": "typed"}
    other = sqlite3.connect(Path(app.instance_path, "notes.sqlite3"), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    refused = client.post("/notes", data=form)
    other.execute("ROLLBACK")
    other.close()
    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "5"
    assert "cannot be reached" in problem(refused)
    assert kept_text(refused) == "typed"
    assert "typed" in client.post("/notes", data=form, follow_redirects=True).text


def test_the_pages_of_phone_login_stand_in_the_frame_of_the_app(
    client: FlaskClient, sandbox: SandboxClient
) -> None:
    login = client.get("/auth/login")
    for mark in ('class="logo"', sandbox.url, "phoneauth-card", "notes.css"):
        assert mark in login.text
    assert "You are" not in login.text
    sign_in(client, sandbox, ADA)
    devices = client.get("/auth/sessions")
    assert 'class="logo"' in devices.text
    assert "phoneauth-card-wide" in devices.text
    assert 'aria-current="page"' in devices.text


def test_the_frame_speaks_the_language_of_the_login(client: FlaskClient) -> None:
    page = client.get("/auth/login", headers={"Accept-Language": "de"})
    assert '<html lang="de">' in page.text
    assert '<header class="top" lang="en">' in page.text


@pytest.mark.parametrize("path", ["/", "/auth/login", "/nothing", "/static/notes.css"])
def test_no_page_runs_foreign_or_inline_code(client: FlaskClient, path: str) -> None:
    page = client.get(path)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page.close()


def test_pages_are_not_cached_but_files_may_be(client: FlaskClient) -> None:
    assert client.get("/").headers["Cache-Control"] == "no-store"
    with client.get("/static/notes.css") as file:
        assert "no-store" not in file.headers["Cache-Control"]


def test_an_unknown_address_gets_a_page_with_a_way_on(client: FlaskClient) -> None:
    page = client.get("/nothing")
    assert page.status_code == 404
    assert "Go to Notes" in page.text
    assert "GET" in client.delete("/").headers["Allow"]


def test_what_is_kept_is_for_its_owner_alone(client: FlaskClient, app: Flask) -> None:
    client.get("/")
    folder = Path(app.instance_path)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.*")} == {0o600}


def test_out_of_debug_the_known_codes_of_virtual_numbers_are_off(tmp_path: Path) -> None:
    app = create_app({"DATA_FOLDER": tmp_path, "SECRET_KEY": "abcdefghijklmnopqrst"})
    assert app.config["PHONEAUTH_VIRTUAL_NUMBERS"] is False
    assert create_app({"DATA_FOLDER": tmp_path, "DEBUG": True}).config["PHONEAUTH_VIRTUAL_NUMBERS"]


def test_a_fault_of_the_app_is_told_on_a_page_that_asks_nothing_of_the_faulty_part(
    client: FlaskClient, sandbox: SandboxClient, app: Flask
) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/fault", view_func=lambda: {}["nothing"])
    sign_in(client, sandbox, ADA)
    page = client.get("/fault")
    assert page.status_code == 500
    assert "Go to Notes" in page.text
    assert "KeyError" not in page.text

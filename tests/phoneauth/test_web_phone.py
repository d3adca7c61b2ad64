"""`/auth/phone`: link or change one's number, as a program and by forms."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from web_steps import (
    BROWSER,
    OTHER_PHONE,
    PHONE,
    entry,
    field_on,
    post_form,
    problem,
    query,
    rows,
    token_on,
    wrong,
)

from flask_phoneauth.signals import phone_changed, session_revoked

NEW = "+447400123458"
JSON = {"Accept": "application/json"}


def ask_change(client: FlaskClient, phone: str = NEW, **fields: Any) -> dict[str, Any]:
    """Ask for the code as a program; the 202's body."""
    answer = client.post("/auth/phone", json={"phone": phone, **fields})
    assert answer.status_code == 202, answer.text
    body: dict[str, Any] = answer.get_json()
    return body


def start_page(client: FlaskClient, phone: str = NEW, **fields: Any) -> str:
    """Ask for the code as a browser; the code page."""
    page = client.get("/auth/phone", headers=BROWSER, query_string=fields)
    assert page.status_code == 200, page.text
    fields = {"next": field_on(page.text, "next")} if fields else {}
    asked = post_form(client, "/auth/phone", page.text, phone=phone, **fields)
    assert asked.status_code == 303, asked.text
    assert asked.location.startswith("/auth/phone/verify?")
    return client.get(asked.location, headers=BROWSER).text


def type_change(client: FlaskClient, page: str, code: str) -> Any:
    fields = {"challenge_id": field_on(page, "challenge_id"), "code": code}
    return post_form(client, "/auth/phone/verify", page, **fields)


def phones(app: Flask) -> list[str]:
    return [row[0] for row in query(app, "select phone from phoneauth_users order by id")]


@pytest.fixture
def signed_in(app: Flask, phoneauth_login: Any) -> FlaskClient:
    client = app.test_client()
    phoneauth_login(client)
    return client


def test_a_program_changes_the_number(app, signed_in, phoneauth_code):
    asked = ask_change(signed_in)
    assert asked["masked_phone"].endswith("3458")
    assert "7400123" not in str(asked["masked_phone"])
    assert phones(app) == [PHONE]
    answer = signed_in.post("/auth/phone/verify", json=entry(asked, phoneauth_code(NEW)))
    assert answer.status_code == 200
    assert answer.get_json() == {"user": {"id": "1", "phone": NEW}}
    assert signed_in.get("/auth/me").get_json() == {"user": {"id": "1", "phone": NEW}}
    assert phones(app) == [NEW]


def test_a_browser_changes_the_number_and_lands_where_it_wanted(app, signed_in, phoneauth_code):
    number_page = signed_in.get("/auth/phone", headers=BROWSER).text
    assert "7400123" not in number_page
    page = start_page(signed_in, next="/mine?page=2")
    assert "Confirm this number" in page
    done = type_change(signed_in, page, phoneauth_code(NEW))
    assert (done.status_code, done.location) == (303, "/mine?page=2")
    assert phones(app) == [NEW]


def test_a_next_of_another_site_is_ignored(signed_in, phoneauth_code):
    asked = ask_change(signed_in, next="https://evil.example/")
    headers = {**BROWSER, "Accept": "text/html"}
    page = signed_in.get(
        f"/auth/phone/verify?challenge_id={asked['challenge_id']}", headers=headers
    )
    done = type_change(signed_in, page.text, phoneauth_code(NEW))
    assert (done.status_code, done.location) == (303, "/")


def test_the_former_number_is_told_and_the_new_one_signs_in(
    app, signed_in, phoneauth_code, phoneauth_login
):
    asked = ask_change(signed_in)
    code, former = phoneauth_code(NEW), phoneauth_code(PHONE)
    assert signed_in.post("/auth/phone/verify", json=entry(asked, code)).status_code == 200
    with pytest.raises(AssertionError, match="no code"):
        phoneauth_code(PHONE)  # the notice is the newest message there, and holds none
    assert former
    assert phoneauth_login(app.test_client(), NEW)["user"]["id"] == "1"


def test_other_sessions_end_and_this_one_stays(app, signed_in, phoneauth_login, phoneauth_code):
    other, remembered = app.test_client(), app.test_client()
    phoneauth_login(other)
    phoneauth_login(remembered)
    told = []
    with session_revoked.connected_to(lambda _app, **said: told.append(said["session_id"]), app):
        asked = ask_change(signed_in)
        signed_in.post("/auth/phone/verify", json=entry(asked, phoneauth_code(NEW)))
    assert told == [None]
    assert rows(app)["sessions"] == 1
    problem(other.get("/auth/me"), 401, "not_signed_in")
    assert signed_in.get("/auth/me").status_code == 200


def test_the_signal_tells_the_user_and_masked_numbers(app, signed_in, phoneauth_code):
    told = []
    with phone_changed.connected_to(lambda _app, **said: told.append(said), app):
        asked = ask_change(signed_in)
        signed_in.post("/auth/phone/verify", json=entry(asked, phoneauth_code(NEW)))
    (said,) = told
    assert said["user"].get_id() == "1"
    assert (said["masked_phone"][-4:], said["former_masked_phone"][-4:]) == ("3458", "3456")
    assert "7400123" not in said["masked_phone"] + said["former_masked_phone"]


def test_a_stranger_is_not_signed_in(app):
    client = app.test_client()
    for path in ("/auth/phone", "/auth/phone/verify"):
        body = {"phone": NEW, "challenge_id": "x", "code": "123456"}
        problem(client.post(path, json=body), 401, "not_signed_in")
        problem(client.get(path, headers=JSON), 401, "not_signed_in")
        sent_away = client.get(path, headers=BROWSER)
        assert sent_away.status_code == 303
        assert sent_away.location.startswith("/auth/login?next=/auth/phone")
    assert rows(app)["challenges"] == 0


def test_an_old_login_is_asked_for_a_fresh_one_and_comes_back(
    app, signed_in, phoneauth_clock, phoneauth_login
):
    phoneauth_clock.advance(601)
    problem(signed_in.post("/auth/phone", json={"phone": NEW}), 403, "fresh_login_required")
    problem(signed_in.get("/auth/phone", headers=JSON), 403, "fresh_login_required")
    sent_away = signed_in.get("/auth/phone", headers=BROWSER)
    assert (sent_away.status_code, sent_away.location) == (
        303,
        "/auth/login?next=/auth/phone&again=1",
    )
    login_page = signed_in.get(sent_away.location, headers=BROWSER)
    assert field_on(login_page.text, "next") == "/auth/phone"
    assert rows(app)["challenges"] == 1
    phoneauth_login(signed_in)
    assert signed_in.get("/auth/phone", headers=BROWSER).status_code == 200


def test_a_login_that_grows_old_while_the_code_travels_is_enough(
    signed_in, phoneauth_clock, phoneauth_code
):
    phoneauth_clock.advance(500)
    asked = ask_change(signed_in)
    phoneauth_clock.advance(200)
    answer = signed_in.post("/auth/phone/verify", json=entry(asked, phoneauth_code(NEW)))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("phone", "status", "code"),
    [
        ("not a number", 422, "invalid_phone"),
        ("", 422, "invalid_phone"),
        ("112", 422, "invalid_phone"),
        ("9" * 10_000, 422, "invalid_phone"),
        ("+44\x007400123458", 422, "invalid_phone"),
        (None, 400, "invalid_request"),
        (447400123458, 400, "invalid_request"),
        (PHONE, 400, "invalid_request"),
        ("0044 (0)7400 123456", 400, "invalid_request"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_cannot_be_the_new_number_is_named(app, signed_in, phone, status, code):
    before = rows(app)
    body = problem(signed_in.post("/auth/phone", json={"phone": phone}), status, code)
    assert body["errors"][0]["pointer"] == "/phone"
    assert rows(app) == before
    page = signed_in.get("/auth/phone", headers=BROWSER).text
    answer = post_form(signed_in, "/auth/phone", page, phone="" if phone is None else phone)
    assert answer.status_code in (400, 422)
    assert 'role="alert"' in answer.text
    assert 'action="/auth/phone"' in answer.text
    assert rows(app) == before


@pytest.mark.parametrize(
    ("field", "value"),
    [("channel", "voice"), ("channel", 1), ("next", 7), ("challenge_secret", "short")],
)
def test_a_wrong_optional_field_is_named(app, signed_in, field, value):
    answer = signed_in.post("/auth/phone", json={"phone": NEW, field: value})
    assert problem(answer, 400, "invalid_request")["errors"][0]["pointer"] == f"/{field}"
    assert rows(app)["challenges"] == 1


@pytest.mark.parametrize("path", ["/auth/phone", "/auth/phone/verify"])
def test_other_sites_and_forms_without_their_token_change_nothing(app, signed_in, path):
    before = rows(app)
    fields = {"phone": NEW, "challenge_id": "x", "code": "123456"}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        problem(signed_in.post(path, json=fields, headers=headers), 403, "cross_site")
    for token in ({}, {"csrf_token": "forged"}):
        answer = signed_in.post(path, data={**fields, **token}, headers=BROWSER)
        assert (answer.status_code, answer.mimetype) == (403, "text/html")
    labelled = {"Content-Type": "text/plain"}
    problem(
        signed_in.post(path, data="{}", headers={**labelled, **JSON}), 415, "unsupported_media_type"
    )
    assert rows(app) == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(signed_in, method):
    for path in ("/auth/phone", "/auth/phone/verify"):
        assert signed_in.open(path, method=method, json={}).status_code == 405


def test_wrong_codes_count_down_and_end_the_challenge(app, signed_in, phoneauth_code):
    asked = ask_change(signed_in)
    code = phoneauth_code(NEW)
    for left in (4, 3, 2, 1):
        answer = signed_in.post("/auth/phone/verify", json=entry(asked, wrong(code)))
        assert problem(answer, 400, "invalid_code")["tries_left"] == left
    answer = signed_in.post("/auth/phone/verify", json=entry(asked, wrong(code)))
    problem(answer, 410, "too_many_tries")
    problem(signed_in.post("/auth/phone/verify", json=entry(asked, code)), 410, "too_many_tries")
    assert phones(app) == [PHONE]


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", None, True, 123456, []])
def test_what_is_no_code_costs_no_try(signed_in, phoneauth_code, code):
    asked = ask_change(signed_in)
    answer = signed_in.post("/auth/phone/verify", json={**entry(asked, ""), "code": code})
    assert problem(answer, 400, "invalid_request")["errors"][0]["pointer"] == "/code"
    good = signed_in.post("/auth/phone/verify", json=entry(asked, phoneauth_code(NEW)))
    assert good.status_code == 200


def test_a_wrong_code_by_form_comes_back_on_the_code_page_of_the_change(signed_in, phoneauth_code):
    page = start_page(signed_in)
    again = type_change(signed_in, page, wrong(phoneauth_code(NEW)))
    assert again.status_code == 400
    assert 'action="/auth/phone/verify"' in again.text
    assert 'href="/auth/phone"' in again.text
    assert type_change(signed_in, again.text, phoneauth_code(NEW)).status_code == 303


def test_doors_do_not_take_each_others_codes(app, signed_in, phoneauth_code):
    asked = ask_change(signed_in)
    code = phoneauth_code(NEW)
    body = problem(signed_in.post("/auth/verify", json=entry(asked, code)), 400, "invalid_code")
    assert "tries_left" not in body
    stranger = app.test_client()
    login = stranger.post("/auth/login", json={"phone": OTHER_PHONE}).get_json()
    answer = signed_in.post("/auth/phone/verify", json=entry(login, phoneauth_code(OTHER_PHONE)))
    assert "tries_left" not in problem(answer, 400, "invalid_code")
    assert phones(app) == [PHONE]
    assert signed_in.post("/auth/phone/verify", json=entry(asked, code)).status_code == 200


def test_another_users_code_is_worth_nothing_even_in_the_same_browser(
    app, signed_in, phoneauth_code, phoneauth_login, phoneauth_clock
):
    asked = ask_change(signed_in)
    code = phoneauth_code(NEW)
    phoneauth_clock.advance(61)
    phoneauth_login(signed_in, OTHER_PHONE)  # the browser keeps its binding
    answer = signed_in.post("/auth/phone/verify", json=entry(asked, code))
    assert "tries_left" not in problem(answer, 400, "invalid_code")
    assert phones(app) == [PHONE, OTHER_PHONE]


def test_a_number_of_another_account_is_told_only_after_its_proof(
    app, signed_in, phoneauth_login, phoneauth_code
):
    phoneauth_login(app.test_client(), NEW)
    asked = ask_change(signed_in)
    code = phoneauth_code(NEW)
    answer = signed_in.post("/auth/phone/verify", json=entry(asked, wrong(code)))
    problem(answer, 400, "invalid_code")
    problem(signed_in.post("/auth/phone/verify", json=entry(asked, code)), 409, "number_taken")
    problem(signed_in.post("/auth/phone/verify", json=entry(asked, code)), 410, "used")
    assert phones(app) == [PHONE, NEW]
    assert rows(app)["sessions"] == 2


def test_by_form_a_taken_number_leads_to_typing_another(
    app, signed_in, phoneauth_login, phoneauth_code
):
    phoneauth_login(app.test_client(), NEW)
    page = start_page(signed_in)
    answer = type_change(signed_in, page, phoneauth_code(NEW))
    assert (answer.status_code, answer.mimetype) == (409, "text/html")
    assert "belongs to another account" in answer.text
    assert 'action="/auth/phone"' in answer.text
    assert token_on(answer.text)


def test_a_second_click_is_sent_on(signed_in, phoneauth_code):
    page = start_page(signed_in)
    code = phoneauth_code(NEW)
    assert type_change(signed_in, page, code).status_code == 303
    again = type_change(signed_in, page, code)
    assert (again.status_code, again.location) == (303, "/")
    address = f"/auth/phone/verify?challenge_id={field_on(page, 'challenge_id')}"
    assert signed_in.get(address, headers=BROWSER).status_code == 303


def test_the_code_is_sent_again_and_its_status_told(signed_in, phoneauth_code, phoneauth_clock):
    page = start_page(signed_in)
    first = phoneauth_code(NEW)
    challenge_id = field_on(page, "challenge_id")
    status = signed_in.get(f"/auth/challenges/{challenge_id}").get_json()
    assert (status["status"], status["delivery"]) == ("pending", "sent")
    phoneauth_clock.advance(61)
    again = post_form(signed_in, "/auth/resend", page, challenge_id=challenge_id)
    assert again.status_code == 303
    page = signed_in.get(again.location, headers=BROWSER).text
    assert 'action="/auth/phone/verify"' in page
    assert phoneauth_code(NEW) == first
    assert type_change(signed_in, page, first).status_code == 303


def test_without_a_challenge_the_code_page_leads_to_the_number(signed_in):
    answer = signed_in.get("/auth/phone/verify", headers=BROWSER)
    assert (answer.status_code, answer.location) == (303, "/auth/phone")
    unknown = signed_in.get("/auth/phone/verify?challenge_id=" + "a" * 16 + "." + "A" * 22)
    assert unknown.status_code == 404


def test_a_user_without_a_number_links_one(app, signed_in, phoneauth_code):
    query(app, "update phoneauth_users set phone = null, phone_verified_at = null")
    assert "no number yet" in signed_in.get("/auth/phone", headers=BROWSER).text
    told = []
    with phone_changed.connected_to(lambda _app, **said: told.append(said), app):
        page = start_page(signed_in)
        assert type_change(signed_in, page, phoneauth_code(NEW)).status_code == 303
    assert phones(app) == [NEW]
    assert told[0]["former_masked_phone"] == ""


def test_sessions_that_could_not_be_ended_are_ended_by_the_same_code(
    make_app, tmp_path, phoneauth_login, phoneauth_code
):
    registry = tmp_path / "sessions.sqlite3"
    app = make_app(SESSION_STORE_URL=f"sqlite:///{registry}")
    client = app.test_client()
    for each in (client, app.test_client()):
        phoneauth_login(each)
    asked = ask_change(client)
    code = phoneauth_code(NEW)
    with closing(sqlite3.connect(registry, isolation_level=None)) as writer:
        writer.execute("begin immediate")  # the registry can be read, but takes no writes
        answer = client.post("/auth/phone/verify", json=entry(asked, code))
        problem(answer, 503, "store_unavailable")
        writer.execute("rollback")
        assert writer.execute("select count(*) from phoneauth_sessions").fetchone() == (2,)
        told = []
        with phone_changed.connected_to(lambda _app, **said: told.append(said), app):
            answer = client.post("/auth/phone/verify", json=entry(asked, code))
        assert answer.get_json() == {"user": {"id": "1", "phone": NEW}}
        assert writer.execute("select count(*) from phoneauth_sessions").fetchone() == (1,)
    assert told == []  # it was told when it was done


def test_two_users_at_once_make_one_owner(app, phoneauth_login, phoneauth_code, phoneauth_clock):
    clients = [app.test_client(), app.test_client()]
    entries = []
    for client, phone in zip(clients, (PHONE, OTHER_PHONE), strict=True):
        phoneauth_login(client, phone)
        asked = ask_change(client)
        entries.append(entry(asked, phoneauth_code(NEW)))
        phoneauth_clock.advance(61)
    gate, answers = threading.Barrier(2), []

    def prove(client: FlaskClient, body: dict[str, Any]) -> None:
        gate.wait(30)
        answers.append(client.post("/auth/phone/verify", json=body))

    threads = [
        threading.Thread(target=prove, args=pair) for pair in zip(clients, entries, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    first, second = sorted(answers, key=lambda answer: answer.status_code)
    assert first.status_code == 200
    problem(second, 409, "number_taken")
    assert phones(app).count(NEW) == 1


def test_one_code_posted_many_times_at_once_changes_once(app, signed_in, phoneauth_code):
    asked = ask_change(signed_in)
    body = entry(asked, phoneauth_code(NEW))
    cookies = signed_in.get_cookie("session")
    bound = signed_in.get_cookie("phoneauth_binding")
    told: list[Any] = []
    gate, statuses = threading.Barrier(6), []

    def post() -> None:
        client = app.test_client()
        for cookie in (cookies, bound):
            if cookie is not None:
                client.set_cookie(cookie.key, cookie.value)
        gate.wait(30)
        statuses.append(client.post("/auth/phone/verify", json=body).status_code)

    threads = [threading.Thread(target=post) for _ in range(6)]
    with phone_changed.connected_to(lambda _app, **said: told.append(said), app):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
    assert sorted(statuses) == [200, *[410] * 5]
    assert len(told) == 1

"""The JSON side of the routes: the journey, and every bad input with its problem."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from web_steps import OTHER_PHONE, PHONE, ask, entry, problem, query, rows, wrong

EMPTY = {"challenges": 0, "budgets": 0, "users": 0, "sessions": 0, "epochs": 0}
NO_CHALLENGE = "a" * 16 + "." + "A" * 22


def test_a_stranger_signs_up_and_is_the_same_user_the_next_time(app, phoneauth_code):
    client = app.test_client()
    asked = ask(client, next="/mine?page=2")
    first = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    assert first.status_code == 200
    assert first.get_json() == {
        "user": {"id": "1", "phone": PHONE},
        "new_user": True,
        "next": "/mine?page=2",
    }
    assert client.get("/auth/me").get_json() == {"user": {"id": "1", "phone": PHONE}}
    assert client.post("/auth/logout", json={}).status_code == 204
    problem(client.get("/auth/me"), 401, "not_signed_in")
    again = client.post("/auth/verify", json=entry(ask(client), phoneauth_code(PHONE)))
    assert again.get_json() == {
        "user": {"id": "1", "phone": PHONE},
        "new_user": False,
        "next": "/",
    }


def test_the_answer_to_an_ask_tells_all_that_a_code_page_needs_and_no_number(app):
    answer = app.test_client().post("/auth/login", json={"phone": "+44 7400 123456"})
    body = answer.get_json()
    assert set(body) == {
        "challenge_id",
        "challenge_secret",
        "masked_phone",
        "reference",
        "channel",
        "code_length",
        "expires_in",
        "resend_in",
    }
    assert (body["channel"], body["code_length"]) == ("sms", 6)
    assert body["expires_in"] in (299, 300)
    assert 30 <= body["resend_in"] <= 33
    assert len(body["reference"]) == 2
    assert "7400123" not in answer.text


def test_no_user_and_no_session_is_made_before_the_proof(app, phoneauth_code):
    client = app.test_client()
    asked = ask(client)
    assert (rows(app)["users"], rows(app)["sessions"]) == (0, 0)
    client.post("/auth/verify", json=entry(asked, wrong(phoneauth_code(PHONE))))
    assert (rows(app)["users"], rows(app)["sessions"]) == (0, 0)


@pytest.mark.parametrize(
    "phone",
    [
        "",
        " ",
        "not a number",
        "+4474001234567890123",
        "9" * 10_000,
        "+44\x007400123456",
        "\ud800",
        "112",
        "911",
        "+44999",
        "83738",
        "07400123456",
        "+447400123456;ext=7",
        "+44740012345a",
        "+990001234567",
    ],
    ids=lambda value: repr(value[:24]),
)
def test_what_is_no_number_is_refused_and_nothing_is_stored(app, phone):
    answer = app.test_client().post("/auth/login", json={"phone": phone})
    body = problem(answer, 422, "invalid_phone")
    assert body["errors"][0]["pointer"] == "/phone"
    assert "9999" not in answer.text
    assert rows(app) == EMPTY


@pytest.mark.parametrize("phone", [None, True, 0, 447400123456, 4.4, [], ["+447400123456"], {}])
def test_a_phone_of_another_type_is_an_invalid_request(app, phone):
    answer = app.test_client().post("/auth/login", json={"phone": phone})
    body = problem(answer, 400, "invalid_request")
    assert body["errors"][0]["pointer"] == "/phone"
    assert rows(app) == EMPTY


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("remember", "yes"),
        ("remember", 1),
        ("next", 7),
        ("next", ["/"]),
        ("channel", "voice"),
        ("channel", {}),
        ("challenge_secret", 5),
        ("challenge_secret", "short"),
        ("challenge_secret", "\ud800" * 43),
    ],
)
def test_a_wrong_optional_field_is_named_and_nothing_is_stored(app, field, value):
    answer = app.test_client().post("/auth/login", json={"phone": PHONE, field: value})
    body = problem(answer, 400, "invalid_request")
    assert body["errors"][0]["pointer"] == f"/{field}"
    assert rows(app) == EMPTY


def test_unknown_fields_change_nothing(app, phoneauth_code):
    """Mass assignment: neither the number's proof nor the code's length comes from a body."""
    client = app.test_client()
    given = {"code_length": 4, "code_ttl": 9999, "phone_verified_at": 1, "purpose": "change_phone"}
    asked = ask(client, **given)
    assert (asked["code_length"], asked["expires_in"] <= 300) == (6, True)
    told = {**entry(asked, phoneauth_code(PHONE)), "phone": OTHER_PHONE, "user_id": "7"}
    assert client.post("/auth/verify", json=told).get_json()["user"]["phone"] == PHONE


BODIES = {
    "empty": b"",
    "no json": b"phone=%2B447400123456",
    "a form": b"csrf_token=x&phone=%2B447400123456",
    "text": b'"+447400123456"',
    "list": b'[{"phone": "+447400123456"}]',
    "null": b"null",
    "number": b"7",
    "cut off": b'{"phone": "+447400123456"',
    "invalid utf-8": b'{"phone": "\xff\xfe"}',
    "deep": b'{"phone": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    "long number": b'{"phone": ' + b"9" * 5_000 + b"}",
    "a megabyte": b'{"phone": "' + b"9" * 1_000_000 + b'"}',
}


@pytest.mark.parametrize("path", ["/auth/login", "/auth/verify", "/auth/resend", "/auth/logout"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_no_json_object_is_an_invalid_request(app_of_module, path, body):
    client = app_of_module.test_client()
    answer = client.post(path, data=body, content_type="application/json")
    problem(answer, 400, "invalid_request")
    assert rows(app_of_module) == EMPTY


@pytest.fixture(scope="module")
def app_of_module(tmp_path_factory):
    """One app for the rows of a table that leave nothing behind."""
    from flask import Flask

    from flask_phoneauth import PhoneAuth

    app = Flask("example", instance_path=str(tmp_path_factory.mktemp("instance")))
    app.config.update(TESTING=True, SECRET_KEY="a secret of the tests, long enough")
    app.config["PHONEAUTH_ROUTE_LIMIT"] = "10000 per minute"
    PhoneAuth(app)
    assert app.test_client().get("/auth/login").status_code == 200
    return app


CODES = [True, False, 0, 123456, 1.5, None, "", " ", [], {}, ["123456"], "12345", "1234567"]
CODES += ["12345x", "12\x003456", "½23456", "\ud80023456", "1" * 10_000, "-", "+23456"]


@pytest.mark.parametrize("code", CODES, ids=lambda value: repr(value)[:16])
def test_what_is_no_code_is_never_a_try_and_never_right(app_of_module, code):
    client = app_of_module.test_client()
    answer = client.post("/auth/verify", json={"challenge_id": NO_CHALLENGE, "code": code})
    problem(answer, 400, "invalid_request")


def test_what_is_no_code_costs_no_try(app, phoneauth_code):
    client = app.test_client()
    asked = ask(client)
    for code in CODES:
        problem(client.post("/auth/verify", json=entry(asked, code)), 400, "invalid_request")
    last = client.post("/auth/verify", json=entry(asked, wrong(phoneauth_code(PHONE))))
    assert problem(last, 400, "invalid_code")["tries_left"] == 4


def test_a_missing_code_is_an_invalid_request(app_of_module):
    answer = app_of_module.test_client().post("/auth/verify", json={"challenge_id": NO_CHALLENGE})
    problem(answer, 400, "invalid_request")


@pytest.mark.parametrize("path", ["/auth/verify", "/auth/resend"])
@pytest.mark.parametrize("challenge_id", [None, 7, True, [], {}])
def test_a_challenge_id_of_another_type_is_an_invalid_request(app_of_module, path, challenge_id):
    body = {"challenge_id": challenge_id, "code": "123456"}
    answer = app_of_module.test_client().post(path, json=body)
    pointer = problem(answer, 400, "invalid_request")["errors"][0]["pointer"]
    assert pointer == "/challenge_id"


IDS = ["", "x", ".", NO_CHALLENGE, "A" * 10_000, "\x00", "\ud800", "' or 1=1 --", "../../etc"]


@pytest.mark.parametrize("path", ["/auth/verify", "/auth/resend"])
@pytest.mark.parametrize("challenge_id", IDS, ids=lambda value: repr(value[:20]))
def test_an_unknown_challenge_charges_nobody(app_of_module, path, challenge_id):
    body = {"challenge_id": challenge_id, "code": "123456", "challenge_secret": "\ud800"}
    answer = app_of_module.test_client().post(path, json=body)
    problem(answer, 404, "unknown_challenge")
    assert rows(app_of_module) == EMPTY


@pytest.mark.parametrize("challenge_id", [i for i in IDS if i.strip(".") and "/" not in i])
def test_the_status_of_an_unknown_challenge_is_not_found(app_of_module, challenge_id):
    path = f"/auth/challenges/{quote(challenge_id, errors='surrogatepass')}"
    problem(app_of_module.test_client().get(path), 404, "unknown_challenge")


def test_a_code_fits_its_own_challenge_only(make_app):
    """CVE-2025-13587: the code of one challenge on another, which alone is charged for it."""
    until = "2999-01-01"
    app = make_app(TEST_NUMBERS={PHONE: ("111111", until), OTHER_PHONE: ("222222", until)})
    mine, theirs = app.test_client(), app.test_client()
    asked_mine, asked_theirs = ask(mine), ask(theirs, OTHER_PHONE)
    answer = theirs.post("/auth/verify", json=entry(asked_theirs, "111111"))
    assert problem(answer, 400, "invalid_code")["tries_left"] == 4
    missed = mine.post("/auth/verify", json=entry(asked_mine, "222222"))
    assert problem(missed, 400, "invalid_code")["tries_left"] == 4


def test_digits_of_any_script_and_spacing_are_the_same_code(app, phoneauth_code):
    client = app.test_client()
    asked = ask(client)
    arabic = phoneauth_code(PHONE).translate({48 + n: 0x0660 + n for n in range(10)})
    typed = f"\u200f {arabic[:3]} - {arabic[3:]}\u00a0"
    assert client.post("/auth/verify", json=entry(asked, typed)).status_code == 200


def test_leading_zeros_count(make_app, phoneauth_code):
    app = make_app(TEST_NUMBERS={PHONE: ("001234", "2999-01-01")})
    client = app.test_client()
    asked = ask(client)
    problem(client.post("/auth/verify", json=entry(asked, "1234")), 400, "invalid_request")
    problem(client.post("/auth/verify", json=entry(asked, "123400")), 400, "invalid_code")
    assert client.post("/auth/verify", json=entry(asked, "001234")).status_code == 200


def test_the_fifth_wrong_code_ends_the_challenge_and_the_right_one_comes_too_late(
    app, phoneauth_code
):
    client = app.test_client()
    asked = ask(client)
    bad = entry(asked, wrong(phoneauth_code(PHONE)))
    for left in (4, 3, 2, 1):
        answer = client.post("/auth/verify", json=bad)
        assert problem(answer, 400, "invalid_code")["tries_left"] == left
    problem(client.post("/auth/verify", json=bad), 410, "too_many_tries")
    right = entry(asked, phoneauth_code(PHONE))
    problem(client.post("/auth/verify", json=right), 410, "too_many_tries")
    problem(client.post("/auth/resend", json=right), 410, "too_many_tries")
    assert rows(app)["users"] == 0


def test_a_used_code_is_gone_for_ten_minutes_and_then_unknown(app, phoneauth_code, phoneauth_clock):
    phoneauth_clock.freeze()
    client = app.test_client()
    asked = ask(client)
    right = entry(asked, phoneauth_code(PHONE))
    secret = {"PhoneAuth-Challenge-Secret": asked["challenge_secret"]}
    status = f"/auth/challenges/{asked['challenge_id']}"
    assert client.post("/auth/verify", json=right).status_code == 200
    problem(client.post("/auth/verify", json=right), 410, "used")
    problem(client.post("/auth/resend", json=right), 410, "used")
    assert client.get(status, headers=secret).get_json()["status"] == "verified"
    phoneauth_clock.advance(601)
    problem(client.post("/auth/verify", json=right), 404, "unknown_challenge")
    problem(client.get(status, headers=secret), 404, "unknown_challenge")


def test_a_code_ends_with_its_life_and_a_resend_never_moves_its_end(
    app, phoneauth_code, phoneauth_clock
):
    phoneauth_clock.freeze()
    client = app.test_client()
    asked = ask(client)
    code = phoneauth_code(PHONE)
    phoneauth_clock.advance(asked["resend_in"])
    resent = client.post("/auth/resend", json=entry(asked, code)).get_json()
    assert resent["challenge_id"] == asked["challenge_id"]
    assert resent["expires_in"] == 300 - asked["resend_in"]
    assert phoneauth_code(PHONE) == code
    phoneauth_clock.advance(301 - asked["resend_in"])
    problem(client.post("/auth/verify", json=entry(asked, code)), 410, "expired")
    problem(client.post("/auth/resend", json=entry(asked, code)), 410, "expired")


def test_late_a_resend_brings_a_new_code_beside_the_old_one(app, phoneauth_code, phoneauth_clock):
    phoneauth_clock.freeze()
    client = app.test_client()
    asked = ask(client)
    old = phoneauth_code(PHONE)
    phoneauth_clock.advance(200)
    client.post("/auth/resend", json=entry(asked, old))
    assert client.post("/auth/verify", json=entry(asked, old)).status_code == 200


def test_a_resend_refills_no_tries(app, phoneauth_code, phoneauth_clock):
    phoneauth_clock.freeze()
    client = app.test_client()
    asked = ask(client)
    bad = entry(asked, wrong(phoneauth_code(PHONE)))
    for _ in range(3):
        client.post("/auth/verify", json=bad)
    phoneauth_clock.advance(asked["resend_in"])
    assert client.post("/auth/resend", json=bad).status_code == 202
    assert problem(client.post("/auth/verify", json=bad), 400, "invalid_code")["tries_left"] == 1


def test_the_database_holds_neither_code_nor_token_nor_secret(app, phoneauth_login, phoneauth_code):
    client = app.test_client()
    asked = ask(client)
    code = phoneauth_code(PHONE)
    held = json.dumps([list(map(str, row)) for row in query(app, DUMP)])
    assert code not in held
    assert asked["challenge_secret"] not in held
    client.post("/auth/verify", json=entry(asked, code))
    with client.session_transaction() as session:
        token = session["_user_id"]
    assert len(token) > 43
    stored = query(app, "select id, token_hash from phoneauth_sessions")
    assert all(token not in str(row) and token.encode() not in row[1] for row in stored)
    assert query(app, "select seed from phoneauth_challenges") == [(None,)]


DUMP = "select id, hex(binding), hex(seed), data from phoneauth_challenges"


def test_the_session_cookie_holds_nothing_between_the_steps(app):
    """CVE-2020-15105: neither number nor code nor secret waits in a readable cookie."""
    client = app.test_client()
    client.get("/auth/login")
    ask(client)
    with client.session_transaction() as session:
        assert set(session) <= {"csrf_token"}


def test_sessions_are_listed_and_ended_one_by_one(app, phoneauth_login):
    here, there = app.test_client(), app.test_client()
    phoneauth_login(here)
    phoneauth_login(there)
    listed = here.get("/auth/sessions", headers={"Accept": "application/json"}).get_json()
    assert [set(one) for one in listed["sessions"]] == [
        {
            "id",
            "current",
            "created_at",
            "authenticated_at",
            "last_seen_at",
            "ip",
            "user_agent",
        }
    ] * 2
    assert sorted(one["current"] for one in listed["sessions"]) == [False, True]
    other = next(one["id"] for one in listed["sessions"] if not one["current"])
    assert here.delete(f"/auth/sessions/{other}").status_code == 204
    problem(there.get("/auth/me"), 401, "not_signed_in")
    problem(here.delete(f"/auth/sessions/{other}"), 404, "unknown_session")
    assert here.delete("/auth/sessions/current").status_code == 204
    problem(here.get("/auth/me"), 401, "not_signed_in")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/auth/me"),
        ("GET", "/auth/sessions"),
        ("DELETE", "/auth/sessions"),
        ("DELETE", "/auth/sessions/current"),
        ("DELETE", "/auth/sessions/abc"),
        ("POST", "/auth/sessions/revoke"),
        ("POST", "/auth/sessions/abc/revoke"),
    ],
)
def test_a_stranger_is_told_to_sign_in(app_of_module, method, path):
    body = {"json": {}} if method == "POST" else {"headers": {"Accept": "application/json"}}
    answer = app_of_module.test_client().open(path, method=method, **body)
    problem(answer, 401, "not_signed_in")


def test_a_stranger_may_sign_out(app):
    assert app.test_client().post("/auth/logout", json={}).status_code == 204


def test_everywhere_must_be_true_or_false(app, phoneauth_login):
    client = app.test_client()
    phoneauth_login(client)
    answer = client.post("/auth/logout", json={"everywhere": "no"})
    problem(answer, 400, "invalid_request")
    assert client.get("/auth/me").status_code == 200

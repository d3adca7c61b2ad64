"""The pages: the journey by forms alone, and every bad input with its page."""

from __future__ import annotations

import pytest
from web_steps import (
    BROWSER,
    PHONE,
    field_on,
    post_form,
    query,
    rows,
    start_form,
    token_on,
    type_code,
    wrong,
)


def test_a_stranger_signs_up_by_forms_and_lands_where_they_wanted(app, phoneauth_code):
    client = app.test_client()
    sent_away = client.get("/mine?page=2", headers=BROWSER)
    assert sent_away.status_code == 303
    login_page = client.get(sent_away.location, headers=BROWSER)
    wanted = field_on(login_page.text, "next")
    assert wanted == "/mine?page=2"
    page = start_form(client, next=wanted)
    assert "7400123" not in page
    verified = type_code(client, page, phoneauth_code(PHONE))
    assert (verified.status_code, verified.location) == (303, "/mine?page=2")
    assert client.get(verified.location, headers=BROWSER).text == "mine"
    assert rows(app)["users"] == 1


def test_signing_out_by_form_leads_home(app, phoneauth_login):
    client = app.test_client()
    phoneauth_login(client)
    devices = client.get("/auth/sessions", headers=BROWSER).text
    answer = post_form(client, "/auth/logout", devices)
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/mine", headers=BROWSER).status_code == 303


def test_signing_out_everywhere_by_form_ends_the_other_device(app, phoneauth_login):
    here, there = app.test_client(), app.test_client()
    phoneauth_login(here)
    phoneauth_login(there)
    devices = here.get("/auth/sessions", headers=BROWSER).text
    assert post_form(here, "/auth/logout", devices, everywhere="1").status_code == 303
    assert there.get("/auth/me").status_code == 401


def test_one_device_and_all_others_are_signed_out_by_form(app, phoneauth_login):
    here, second, third = (app.test_client() for _ in range(3))
    for client in (here, second, third):
        phoneauth_login(client)
    listed = here.get("/auth/sessions", headers={"Accept": "application/json"}).get_json()
    other = next(one["id"] for one in listed["sessions"] if not one["current"])
    page = here.get("/auth/sessions", headers=BROWSER).text
    answer = post_form(here, f"/auth/sessions/{other}/revoke", page)
    assert (answer.status_code, answer.location) == (303, "/auth/sessions")
    assert rows(app)["sessions"] == 2
    assert post_form(here, "/auth/sessions/revoke", page).status_code == 303
    assert rows(app)["sessions"] == 1
    assert here.get("/auth/me").status_code == 200


def test_an_unknown_session_is_a_page_that_says_so(app, phoneauth_login):
    client = app.test_client()
    phoneauth_login(client)
    page = client.get("/auth/sessions", headers=BROWSER).text
    answer = post_form(client, "/auth/sessions/0123456789abcdef/revoke", page)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert rows(app)["sessions"] == 1


@pytest.mark.parametrize(
    ("phone", "status"),
    [
        ("not a number", 422),
        ("+4474001234567890123", 422),
        ("112", 422),
        ("83738", 422),
        ("", 422),
        ("9" * 10_000, 422),
        ("+44\x007400123456", 422),
        ("<script>alert(1)</script>", 422),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_what_is_no_number_comes_back_on_the_login_page(app, phone, status):
    client = app.test_client()
    before = rows(app) if client.get("/auth/login").status_code == 200 else {}
    answer = post_form(client, "/auth/login", phone=phone, next="/mine")
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert 'role="alert"' in answer.text
    assert "<script>alert" not in answer.text
    assert field_on(answer.text, "next") == "/mine"
    assert token_on(answer.text)
    assert answer.headers["Cache-Control"] == "no-store"
    assert rows(app) == before


def test_a_missing_phone_field_is_an_invalid_request(app):
    answer = post_form(app.test_client(), "/auth/login")
    assert (answer.status_code, answer.mimetype) == (400, "text/html")


@pytest.mark.parametrize(
    "path",
    [
        "/auth/login",
        "/auth/verify",
        "/auth/resend",
        "/auth/logout",
        "/auth/sessions/revoke",
        "/auth/sessions/x/revoke",
    ],
)
@pytest.mark.parametrize("token", [{}, {"csrf_token": ""}, {"csrf_token": "forged"}], ids=repr)
def test_a_form_without_its_token_does_nothing(app, phoneauth_login, path, token):
    client = app.test_client()
    phoneauth_login(client)
    before = rows(app)
    answer = client.post(path, data={"phone": PHONE, "everywhere": "1", **token}, headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (403, "text/html")
    assert rows(app) == before
    assert client.get("/auth/me").status_code == 200


def test_a_host_that_renames_the_form_token_is_still_protected(app):
    app.config["WTF_CSRF_FIELD_NAME"] = "_token"
    client = app.test_client()
    page = client.get("/auth/login", headers=BROWSER).text
    refused = client.post("/auth/login", data={"phone": PHONE}, headers=BROWSER)
    assert refused.status_code == 403
    assert rows(app)["challenges"] == 0
    data = {"phone": PHONE, "_token": token_on(page, "_token")}
    assert client.post("/auth/login", data=data, headers=BROWSER).status_code == 303


def test_a_token_of_another_browser_is_refused(app):
    foreign = app.test_client().get("/auth/login", headers=BROWSER).text
    client = app.test_client()
    client.get("/auth/login")
    answer = post_form(client, "/auth/login", foreign, phone=PHONE)
    assert answer.status_code == 403
    assert rows(app)["challenges"] == 0


def test_a_host_that_switched_form_tokens_off_for_its_tests_is_obeyed(app):
    app.config["WTF_CSRF_ENABLED"] = False
    answer = app.test_client().post("/auth/login", data={"phone": PHONE}, headers=BROWSER)
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"phone=" + b"9" * 1_000_000),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"9" * 1_000_000),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 1_100 + b"--x--",
        ),
    ],
    ids=["megabyte", "megabyte multipart", "a thousand parts"],
)
@pytest.mark.parametrize("path", ["/auth/login", "/auth/verify"])
def test_a_form_that_is_too_large_is_a_page_that_says_so(app, path, content_type, body):
    answer = app.test_client().post(path, data=body, content_type=content_type, headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert "too large" in answer.text
    assert rows(app)["challenges"] == 0


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b'{"phone": "+447400123456"}'),
        ("application/x-www-form-urlencoded", b"\xff\xfe%%%=&=&&"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
    ],
)
def test_a_body_that_is_no_form_has_no_token(app, content_type, body):
    answer = app.test_client().post(
        "/auth/login", data=body, content_type=content_type, headers=BROWSER
    )
    assert (answer.status_code, answer.mimetype) == (403, "text/html")
    assert rows(app)["challenges"] == 0


@pytest.mark.parametrize("content_type", ["text/plain", "", "application/xml", "x"])
def test_another_body_is_unsupported(app, content_type):
    answer = app.test_client().post(
        "/auth/login", data=b"phone=1", content_type=content_type, headers=BROWSER
    )
    assert (answer.status_code, answer.mimetype) == (415, "text/html")
    assert rows(app)["challenges"] == 0


def test_a_wrong_code_comes_back_on_the_code_page_with_the_tries_left(app, phoneauth_code):
    client = app.test_client()
    page = start_form(client)
    answer = type_code(client, page, wrong(phoneauth_code(PHONE)))
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert "4 tries left" in answer.text
    assert wrong(phoneauth_code(PHONE)) not in answer.text
    assert type_code(client, answer.text, phoneauth_code(PHONE)).status_code == 303


@pytest.mark.parametrize("code", ["", " ", "12345", "abcdef", "1" * 10_000, "12\x003456"])
def test_what_is_no_code_comes_back_on_the_code_page_and_costs_no_try(app, phoneauth_code, code):
    client = app.test_client()
    page = start_form(client)
    answer = type_code(client, page, code)
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert "tries left" not in answer.text
    assert type_code(client, answer.text, phoneauth_code(PHONE)).status_code == 303


def test_the_fifth_wrong_code_offers_a_new_one(app, phoneauth_code):
    client = app.test_client()
    page = start_form(client)
    bad = wrong(phoneauth_code(PHONE))
    for _ in range(4):
        assert type_code(client, page, bad).status_code == 400
    ended = type_code(client, page, bad)
    assert (ended.status_code, ended.mimetype) == (410, "text/html")
    assert "/auth/login" in ended.text


def test_an_unknown_challenge_on_the_code_page_offers_a_new_start(app):
    client = app.test_client()
    for challenge_id in ("x", "a" * 16 + "." + "A" * 22):
        answer = client.get(f"/auth/verify?challenge_id={challenge_id}", headers=BROWSER)
        assert (answer.status_code, answer.mimetype) in ((404, "text/html"), (303, "text/html"))
    answer = post_form(client, "/auth/verify", challenge_id="a" * 16 + "." + "A" * 22, code="1" * 6)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert 'href="/auth/login"' in answer.text


def test_the_code_page_without_a_challenge_leads_to_the_login_page(app):
    answer = app.test_client().get("/auth/verify", headers=BROWSER)
    assert (answer.status_code, answer.location) == (303, "/auth/login")


def test_a_resend_too_soon_says_how_long_to_wait(app):
    client = app.test_client()
    page = start_form(client)
    challenge_id = field_on(page, "challenge_id")
    answer = post_form(client, "/auth/resend", page, challenge_id=challenge_id)
    assert (answer.status_code, answer.mimetype) == (429, "text/html")
    assert 1 <= int(answer.headers["Retry-After"]) <= 33


def test_a_resend_in_time_leads_back_to_the_code_page(app, phoneauth_code, phoneauth_clock):
    phoneauth_clock.freeze()
    client = app.test_client()
    page = start_form(client)
    challenge_id = field_on(page, "challenge_id")
    phoneauth_clock.advance(34)
    answer = post_form(client, "/auth/resend", page, challenge_id=challenge_id)
    assert answer.status_code == 303
    assert answer.location == f"/auth/verify?challenge_id={challenge_id}"
    again = client.get(answer.location, headers=BROWSER).text
    assert type_code(client, again, phoneauth_code(PHONE)).status_code == 303


def test_a_second_ask_of_the_same_browser_sends_nothing_more(app, phoneauth_code):
    client = app.test_client()
    first, second = start_form(client), start_form(client)
    assert field_on(first, "challenge_id") == field_on(second, "challenge_id")
    assert query(app, "select count(*) from phoneauth_challenges") == [(1,)]
    assert type_code(client, first, phoneauth_code(PHONE)).status_code == 303


def test_a_second_click_back_and_reload_after_signing_in_do_no_harm(app, phoneauth_code):
    client = app.test_client()
    page = start_form(client)
    code_page = f"/auth/verify?challenge_id={field_on(page, 'challenge_id')}"
    before = client.get("/auth/login", headers=BROWSER).text
    assert type_code(client, page, phoneauth_code(PHONE)).status_code == 303
    # that page holds the token of before, which the login has dropped
    second = type_code(client, page, phoneauth_code(PHONE))
    assert (second.status_code, second.location) == (303, "/")
    fresh = client.get("/auth/sessions", headers=BROWSER).text
    fields = {"challenge_id": field_on(page, "challenge_id"), "code": phoneauth_code(PHONE)}
    second = post_form(client, "/auth/verify", fresh, **fields)
    assert (second.status_code, second.location) == (303, "/")
    again = post_form(client, "/auth/resend", page, challenge_id=fields["challenge_id"])
    assert (again.status_code, again.location) == (303, "/")
    assert client.get(code_page, headers=BROWSER).location == "/"
    assert client.get("/auth/login", headers=BROWSER).location == "/"
    assert post_form(client, "/auth/login", before, phone=PHONE).status_code == 403
    assert client.get("/auth/me").status_code == 200
    assert rows(app)["sessions"] == 1


def test_two_right_codes_at_once_make_one_session(app, phoneauth_code):
    """What a double click sends: two requests with the cookies of before."""
    first, second = app.test_client(), app.test_client()
    page = start_form(first)
    for cookie in ("session", "phoneauth_binding"):
        second.set_cookie(cookie, first.get_cookie(cookie).value)
    assert type_code(first, page, phoneauth_code(PHONE)).status_code == 303
    late = type_code(second, page, phoneauth_code(PHONE))
    assert (late.status_code, late.mimetype) == (410, "text/html")
    assert rows(app)["sessions"] == 1


def test_who_is_signed_in_is_sent_on_from_the_login_page(app, phoneauth_login):
    client = app.test_client()
    phoneauth_login(client)
    assert client.get("/auth/login", headers=BROWSER).location == "/"
    assert client.get("/auth/login?next=/mine", headers=BROWSER).location == "/mine"
    assert client.get("/auth/login?next=//evil.example", headers=BROWSER).location == "/"
    assert client.get("/auth/login?again=1&next=/mine", headers=BROWSER).location == "/mine"


def test_who_needs_a_fresh_login_gets_one_and_comes_back(
    app, phoneauth_login, phoneauth_code, phoneauth_clock
):
    phoneauth_clock.freeze()
    client = app.test_client()
    phoneauth_login(client)
    assert client.get("/fresh", headers=BROWSER).text == "ok"
    phoneauth_clock.advance(601)
    sent_away = client.get("/fresh?a=1", headers=BROWSER)
    assert sent_away.status_code == 303
    login_page = client.get(sent_away.location, headers=BROWSER)
    assert login_page.status_code == 200
    next_page = field_on(login_page.text, "next")
    asked = post_form(client, "/auth/login", login_page.text, phone=PHONE, next=next_page)
    code_page = client.get(asked.location, headers=BROWSER)
    assert code_page.status_code == 200
    missed = type_code(client, code_page.text, wrong(phoneauth_code(PHONE)))
    assert missed.status_code == 400
    verified = type_code(client, missed.text, phoneauth_code(PHONE))
    assert (verified.status_code, verified.location) == (303, "/fresh?a=1")
    assert client.get(verified.location, headers=BROWSER).text == "ok"
    assert rows(app)["sessions"] == 1


def test_stay_signed_in_is_a_wish_of_the_form(app, phoneauth_code):
    client = app.test_client()
    page = start_form(client, remember="y")
    assert type_code(client, page, phoneauth_code(PHONE)).status_code == 303
    assert client.get_cookie("remember_token") is not None


def test_the_code_field_fills_by_itself(app):
    page = start_form(app.test_client())
    assert 'autocomplete="one-time-code"' in page
    assert 'inputmode="numeric"' in page
    assert page.count('name="code"') == 1


def test_the_code_page_keeps_where_to_go_for_another_number(app):
    page = start_form(app.test_client(), next="/mine?page=2")
    assert 'href="/auth/login?next=/mine?page%3D2"' in page

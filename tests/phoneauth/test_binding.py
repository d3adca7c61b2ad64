"""A challenge belongs to the client that started it (RULES 3, 4)."""

from __future__ import annotations

import pytest
from web_steps import BROWSER, OTHER_PHONE, PHONE, ask, entry, problem, query, start_form, wrong

COOKIE = "phoneauth_binding"
SECRET_HEADER = "PhoneAuth-Challenge-Secret"


def test_a_program_without_cookies_gets_a_secret_and_no_cookie(app):
    client = app.test_client(use_cookies=False)
    answer = client.post("/auth/login", json={"phone": PHONE})
    assert len(answer.get_json()["challenge_secret"]) == 43
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("cookie", "headers"),
    [
        ("anything=1", {}),
        (None, {"Sec-Fetch-Site": "same-origin"}),
        (None, {"Sec-Fetch-Mode": "cors"}),
        (None, {"sec-fetch-dest": "empty"}),
    ],
)
def test_a_browser_that_speaks_json_gets_a_cookie_and_no_secret(app, cookie, headers):
    client = app.test_client(use_cookies=False)
    if cookie:
        headers = {**headers, "Cookie": cookie}
    answer = client.post("/auth/login", json={"phone": PHONE}, headers=headers)
    assert "challenge_secret" not in answer.get_json()
    flags = answer.headers["Set-Cookie"].split("; ")
    assert flags[0].startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)


@pytest.mark.parametrize("given", ["x", "x" * 42, "x" * 44, "x" * 42 + "!", "\ud800" * 43, 1, []])
def test_a_program_cannot_choose_a_secret_that_can_be_guessed(app, given):
    client = app.test_client(use_cookies=False)
    answer = client.post("/auth/login", json={"phone": PHONE, "challenge_secret": given})
    told = problem(answer, 400, "invalid_request")
    assert told["errors"][0]["pointer"] == "/challenge_secret"


@pytest.mark.parametrize("held", ["x", "x" * 42, "x" * 44, "x" * 42 + "!", "é" * 43])
def test_a_cookie_that_is_none_of_ours_binds_nothing(app, held):
    client = app.test_client()
    client.set_cookie(COOKIE, held)
    asked = client.post("/auth/login", json={"phone": PHONE})
    given = client.get_cookie(COOKIE).value
    assert given != held
    assert len(given) == 43
    assert "challenge_secret" not in asked.get_json()


def test_over_https_the_cookie_is_pinned_to_this_host(app):
    client = app.test_client(use_cookies=False)
    headers = {"Sec-Fetch-Site": "same-origin"}
    answer = client.post(
        "/auth/login", json={"phone": PHONE}, headers=headers, base_url="https://localhost"
    )
    flags = answer.headers["Set-Cookie"].split("; ")
    assert flags[0].startswith(f"__Host-{COOKIE}=")
    assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(flags)
    assert not any(flag.startswith("Domain") for flag in flags)


def test_a_form_gets_the_cookie(app):
    client = app.test_client()
    start_form(client)
    assert client.get_cookie(COOKIE).http_only is True


def without_binding(client, asked, code):
    body = {"challenge_id": asked["challenge_id"], "code": code}
    return client.post("/auth/verify", json=body)


@pytest.mark.parametrize("secret", [None, "", "A" * 43, "x" * 5_000, "\x00", "\ud800"])
def test_the_right_code_without_the_right_secret_is_wrong_and_uncounted(
    app, phoneauth_code, secret
):
    client = app.test_client(use_cookies=False)
    asked = ask(client)
    forged = {**entry(asked, phoneauth_code(PHONE)), "challenge_secret": secret}
    for _ in range(6):
        body = problem(client.post("/auth/verify", json=forged), 400, "invalid_code")
        assert "tries_left" not in body
    problem(client.post("/auth/resend", json=forged), 404, "unknown_challenge")
    missed = client.post("/auth/verify", json=entry(asked, wrong(phoneauth_code(PHONE))))
    assert problem(missed, 400, "invalid_code")["tries_left"] == 4
    right = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    assert right.status_code == 200


def test_another_browser_can_neither_enter_nor_resend_nor_look(app, phoneauth_code):
    mine, theirs = app.test_client(), app.test_client()
    page_headers = {**BROWSER, "Sec-Fetch-Site": "same-origin"}
    mine.get("/auth/login", headers=page_headers)
    theirs.get("/auth/login", headers=page_headers)
    asked = mine.post("/auth/login", json={"phone": PHONE}, headers=page_headers).get_json()
    assert "challenge_secret" not in asked
    problem(without_binding(theirs, asked, phoneauth_code(PHONE)), 400, "invalid_code")
    problem(theirs.post("/auth/resend", json=entry(asked, "")), 404, "unknown_challenge")
    status = f"/auth/challenges/{asked['challenge_id']}"
    problem(theirs.get(status), 404, "unknown_challenge")
    code_page = theirs.get(f"/auth/verify?challenge_id={asked['challenge_id']}", headers=BROWSER)
    assert code_page.status_code == 404
    assert mine.get(status).get_json()["status"] == "pending"
    assert without_binding(mine, asked, phoneauth_code(PHONE)).status_code == 200


def test_the_status_needs_the_secret_in_a_header_never_in_the_address(app):
    client = app.test_client(use_cookies=False)
    asked = ask(client)
    status = f"/auth/challenges/{asked['challenge_id']}"
    secret = asked["challenge_secret"]
    problem(client.get(status), 404, "unknown_challenge")
    problem(client.get(f"{status}?challenge_secret={secret}"), 404, "unknown_challenge")
    told = client.get(status, headers={SECRET_HEADER: secret}).get_json()
    assert told["status"] == "pending"
    assert told["delivery"] == "sent"
    assert set(told) == {"status", "delivery", "resend_in", "expires_in"}


def test_the_store_keeps_only_the_hash_of_the_secret(app):
    client = app.test_client(use_cookies=False)
    secret = ask(client)["challenge_secret"]
    held = query(app, "select binding, data from phoneauth_challenges")
    assert len(held[0][0]) == 32
    assert secret.encode() not in held[0][0]
    assert secret not in held[0][1]


def test_a_start_in_the_cooldown_continues_the_challenge_and_sends_nothing(app, phoneauth_code):
    client = app.test_client(use_cookies=False)
    asked = ask(client)
    sent = query(app, "select data from phoneauth_challenges")
    body = {"challenge_id": asked["challenge_id"], "challenge_secret": asked["challenge_secret"]}
    again = ask(client, **body)
    assert again["challenge_id"] == asked["challenge_id"]
    assert again["reference"] == asked["reference"]
    assert query(app, "select data from phoneauth_challenges") == sent


def test_a_start_after_the_cooldown_is_a_resend(app, phoneauth_code, phoneauth_clock):
    phoneauth_clock.freeze()
    client = app.test_client(use_cookies=False)
    asked = ask(client)
    code = phoneauth_code(PHONE)
    phoneauth_clock.advance(asked["resend_in"])
    again = ask(client, challenge_secret=asked["challenge_secret"])
    assert again["challenge_id"] == asked["challenge_id"]
    assert again["resend_in"] > asked["resend_in"]
    assert phoneauth_code(PHONE) == code


def test_another_client_waits_for_the_cooldown_and_leaves_the_first_challenge_alone(
    app, phoneauth_code, phoneauth_clock
):
    phoneauth_clock.freeze()
    first, second = (app.test_client(use_cookies=False) for _ in range(2))
    asked = ask(first)
    code = phoneauth_code(PHONE)
    refused = problem(second.post("/auth/login", json={"phone": PHONE}), 429, "cooldown")
    assert refused["retry_after"] == asked["resend_in"]
    phoneauth_clock.advance(refused["retry_after"])
    other = ask(second)
    assert other["challenge_id"] != asked["challenge_id"]
    assert first.post("/auth/verify", json=entry(asked, code)).status_code == 200


def test_a_resend_in_the_cooldown_is_refused(app, phoneauth_clock):
    phoneauth_clock.freeze()
    client = app.test_client(use_cookies=False)
    asked = ask(client)
    refused = problem(client.post("/auth/resend", json=entry(asked, "")), 429, "cooldown")
    phoneauth_clock.advance(refused["retry_after"])
    assert client.post("/auth/resend", json=entry(asked, "")).status_code == 202


def test_five_challenges_of_a_number_may_be_open_and_the_sixth_is_refused(
    make_app, phoneauth_clock
):
    phoneauth_clock.freeze()
    app = make_app(SENDS_PER_HOUR=50, SENDS_PER_DAY=50, COOLDOWN=[1], CODE_TTL=600)
    for _ in range(5):
        ask(app.test_client(use_cookies=False))
        phoneauth_clock.advance(2)
    sixth = app.test_client(use_cookies=False)
    refused = problem(sixth.post("/auth/login", json={"phone": PHONE}), 429, "budget_exhausted")
    ask(app.test_client(use_cookies=False), OTHER_PHONE)
    phoneauth_clock.advance(refused["retry_after"])
    ask(sixth)


def test_a_secret_never_reaches_a_text_form_of_the_binding():
    from flask_phoneauth.web.binding import Binding

    assert "hidden" not in repr(Binding("hidden", by_cookie=False))

"""Lanes, as visitors meet them: a stranger's worst never closes the owner's own browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from web_steps import (
    BROWSER,
    OTHER_PHONE,
    PHONE,
    entry,
    post_form,
    problem,
    start_form,
    type_code,
    wrong,
)
from werkzeug.test import TestResponse

from flask_phoneauth.clock import Clock

DEVICE = "phoneauth_device"
SCRIPT = {"Sec-Fetch-Mode": "cors"}
"""What tells a browser's script from a program."""

Codes = Callable[[str], str]


def asked_by_script(client: FlaskClient, phone: str = PHONE) -> TestResponse:
    """Ask as a page's script does."""
    return client.post("/auth/login", json={"phone": phone}, headers=SCRIPT)


def sign_in(client: FlaskClient, codes: Codes, phone: str = PHONE) -> TestResponse:
    """The whole way as a page's script goes it; the last answer."""
    asked = asked_by_script(client, phone)
    assert asked.status_code == 202, asked.text
    form = entry(asked.get_json(), codes(phone))
    return client.post("/auth/verify", json=form, headers=SCRIPT)


def token_of(client: FlaskClient) -> str:
    """The device cookie, or nothing."""
    cookie = client.get_cookie(DEVICE)
    return cookie.value if cookie else ""


def spend_everything(app: Flask, codes: Codes, clock: Clock, phone: str = PHONE) -> dict[str, int]:
    """Ask and guess from ever new addresses until nothing is let through; what was counted."""
    done = {"asks": 0, "tries": 0}
    for round_ in range(60):
        stranger = app.test_client(use_cookies=False)
        here = {"REMOTE_ADDR": f"198.51.100.{round_}"}
        asked = stranger.post("/auth/login", json={"phone": phone}, environ_overrides=here)
        if asked.status_code == 429:
            if asked.get_json()["code"] != "cooldown":
                return done
            clock.advance(asked.get_json()["retry_after"])
            continue
        assert asked.status_code == 202, asked.text
        done["asks"] += 1
        form = entry(asked.get_json(), wrong(codes(phone)))
        for _ in range(5):
            answer = stranger.post("/auth/verify", json=form, environ_overrides=here)
            done["tries"] += answer.status_code in (400, 410)
    raise AssertionError("the stranger was never stopped")


@pytest.fixture
def owner(app: Flask, phoneauth_code: Codes) -> FlaskClient:
    """The browser of the number's owner, which has proven it and is signed out now."""
    client = app.test_client()
    assert sign_in(client, phoneauth_code).status_code == 200
    assert client.post("/auth/logout", json={}).status_code == 204
    return client


def test_a_browser_that_proves_a_number_is_remembered_by_a_hidden_cookie(app, phoneauth_code):
    client = app.test_client()
    verified = sign_in(client, phoneauth_code)
    header = next(v for k, v in verified.headers if k == "Set-Cookie" and v.startswith(DEVICE))
    assert "HttpOnly" in header
    assert "SameSite=Lax" in header
    assert f"Max-Age={180 * 86400}" in header
    assert len(token_of(client)) == 16 + 43


def test_the_cookie_is_pinned_to_the_host_by_https(app, phoneauth_code):
    client = app.test_client()
    secure = {"base_url": "https://localhost"}
    asked = client.post("/auth/login", json={"phone": PHONE}, headers=SCRIPT, **secure)
    form = entry(asked.get_json(), phoneauth_code(PHONE))
    verified = client.post("/auth/verify", json=form, headers=SCRIPT, **secure)
    header = next(v for k, v in verified.headers if k == "Set-Cookie" and DEVICE in v)
    assert header.startswith(f"__Host-{DEVICE}=")
    assert "Secure" in header
    assert "Path=/" in header


def test_a_program_gets_no_device(app, phoneauth_code):
    client = app.test_client(use_cookies=False)
    asked = client.post("/auth/login", json={"phone": PHONE}).get_json()
    verified = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    assert verified.status_code == 200
    assert not [v for k, v in verified.headers if k == "Set-Cookie" and DEVICE in v]


def test_a_wrong_code_gives_no_device(app, phoneauth_code):
    client = app.test_client()
    asked = asked_by_script(client).get_json()
    form = entry(asked, wrong(phoneauth_code(PHONE)))
    problem(client.post("/auth/verify", json=form, headers=SCRIPT), 400, "invalid_code")
    assert not token_of(client)


def test_a_stranger_cannot_keep_the_owners_browser_out(app, owner, phoneauth_code, phoneauth_clock):
    phoneauth_clock.freeze()
    spent = spend_everything(app, phoneauth_code, phoneauth_clock)
    assert spent["tries"] == 15
    closed = asked_by_script(app.test_client())
    problem(closed, 429, "locked")
    assert sign_in(owner, phoneauth_code).status_code == 200


def test_a_stranger_cannot_keep_the_owners_browser_out_by_forms(
    app, phoneauth_code, phoneauth_clock
):
    phoneauth_clock.freeze()
    owner = app.test_client()
    assert type_code(owner, start_form(owner), phoneauth_code(PHONE)).status_code == 303
    devices = owner.get("/auth/sessions", headers=BROWSER).text
    assert post_form(owner, "/auth/logout", devices).status_code == 303
    spend_everything(app, phoneauth_code, phoneauth_clock)
    assert post_form(app.test_client(), "/auth/login", phone=PHONE).status_code == 429
    page = start_form(owner)
    assert type_code(owner, page, phoneauth_code(PHONE)).status_code == 303
    assert owner.get("/auth/me").status_code == 200


def test_a_resend_and_the_status_go_by_the_owners_own_lane(
    app, owner, phoneauth_code, phoneauth_clock
):
    phoneauth_clock.freeze()
    spend_everything(app, phoneauth_code, phoneauth_clock)
    asked = asked_by_script(owner).get_json()
    status = owner.get(f"/auth/challenges/{asked['challenge_id']}").get_json()
    assert 30 <= status["resend_in"] <= 33
    phoneauth_clock.advance(status["resend_in"])
    again = owner.post("/auth/resend", json={"challenge_id": asked["challenge_id"]})
    assert again.status_code == 202, again.text


def test_the_owners_lane_has_its_own_bound(app, owner, phoneauth_code, phoneauth_clock):
    phoneauth_clock.freeze()
    counted = 0
    for _ in range(4):
        asked = asked_by_script(owner)
        if asked.status_code == 429:
            break
        form = entry(asked.get_json(), wrong(phoneauth_code(PHONE)))
        for _ in range(5):
            answer = owner.post("/auth/verify", json=form, headers=SCRIPT)
            counted += answer.status_code in (400, 410)
        phoneauth_clock.advance(300)
    assert counted == 10
    problem(asked_by_script(owner), 429, "locked")
    assert sign_in(app.test_client(), phoneauth_code).status_code == 200


@pytest.mark.parametrize("forgery", ["another browser's", "made up", "another number's"])
def test_a_forged_or_foreign_device_is_a_stranger(
    app, owner, phoneauth_code, phoneauth_clock, forgery
):
    phoneauth_clock.freeze()
    own = token_of(owner)
    if forgery == "another browser's":
        other = app.test_client()
        assert sign_in(other, phoneauth_code, OTHER_PHONE).status_code == 200
        forged = token_of(other)
    elif forgery == "made up":
        forged = own[:16] + "A" * 43
    else:
        tag = app.extensions["phoneauth"].live.parts.keys.phone_tag(OTHER_PHONE)
        forged = tag + own[16:]
    spend_everything(app, phoneauth_code, phoneauth_clock)
    thief = app.test_client()
    thief.set_cookie(DEVICE, forged)
    problem(asked_by_script(thief), 429, "locked")


def test_the_store_keeps_no_token(app, owner):
    import hashlib

    from web_steps import database_of

    token = token_of(owner)[16:]
    kept = database_of(app).read_bytes()
    wal = database_of(app).with_name("phoneauth.sqlite3-wal")
    kept += wal.read_bytes() if wal.exists() else b""
    assert token.encode() not in kept
    assert hashlib.sha256(token.encode()).hexdigest().encode() in kept


def test_signing_out_everywhere_ends_every_device(app, owner, phoneauth_code, phoneauth_clock):
    phoneauth_clock.freeze()
    assert sign_in(owner, phoneauth_code).status_code == 200
    stolen = token_of(owner)
    left = owner.post("/auth/logout", json={"everywhere": True})
    assert left.status_code == 204
    assert not token_of(owner)
    spend_everything(app, phoneauth_code, phoneauth_clock)
    owner.set_cookie(DEVICE, stolen)
    problem(asked_by_script(owner), 429, "locked")


def test_a_device_that_was_ended_does_not_come_back_with_the_next_login(
    app, owner, phoneauth_code, phoneauth_clock
):
    assert sign_in(owner, phoneauth_code).status_code == 200
    stolen = token_of(owner)
    owner.post("/auth/logout", json={"everywhere": True})
    owner.set_cookie(DEVICE, stolen)  # a browser that missed it
    phoneauth_clock.advance(600)
    assert sign_in(owner, phoneauth_code).status_code == 200
    assert token_of(owner) not in ("", stolen)


def test_a_trusted_browser_keeps_its_token(app, owner, phoneauth_code, phoneauth_clock):
    before = token_of(owner)
    phoneauth_clock.advance(600)
    assert sign_in(owner, phoneauth_code).status_code == 200
    assert token_of(owner) == before


def test_one_browser_is_remembered_for_the_numbers_of_a_family(
    app, owner, phoneauth_code, phoneauth_clock
):
    phoneauth_clock.freeze()
    assert sign_in(owner, phoneauth_code, OTHER_PHONE).status_code == 200
    owner.post("/auth/logout", json={})
    for phone in (PHONE, OTHER_PHONE):
        spend_everything(app, phoneauth_code, phoneauth_clock, phone)
        assert sign_in(owner, phoneauth_code, phone).status_code == 200
        owner.post("/auth/logout", json={})


def test_the_number_that_was_proven_longest_ago_makes_room_for_a_fifth_one(
    app, owner, phoneauth_code
):
    first = token_of(owner)
    for end in range(4):
        assert sign_in(owner, phoneauth_code, f"+44740012350{end}").status_code == 200
        assert owner.post("/auth/logout", json={}).status_code == 204
    kept = token_of(owner).split(".")
    assert len(kept) == 4
    assert first not in kept


def test_a_change_of_number_ends_the_devices_of_the_former_one(
    app, owner, phoneauth_code, phoneauth_clock
):
    phoneauth_clock.freeze()
    assert sign_in(owner, phoneauth_code).status_code == 200
    former = token_of(owner)
    asked = owner.post("/auth/phone", json={"phone": OTHER_PHONE}, headers=SCRIPT).get_json()
    form = entry(asked, phoneauth_code(OTHER_PHONE))
    changed = owner.post("/auth/phone/verify", json=form, headers=SCRIPT)
    assert changed.status_code == 200, changed.text
    now = token_of(owner)
    assert former not in now
    assert len(now) == 16 + 43
    spend_everything(app, phoneauth_code, phoneauth_clock)
    owner.post("/auth/logout", json={})
    owner.set_cookie(DEVICE, former)
    problem(asked_by_script(owner), 429, "locked")


def test_an_operator_who_signs_a_user_out_ends_the_devices(
    app, owner, phoneauth_code, phoneauth_clock
):
    phoneauth_clock.freeze()
    done = app.test_cli_runner().invoke(args=["phoneauth", "users", "sign-out", PHONE])
    assert done.exit_code == 0, done.output
    spend_everything(app, phoneauth_code, phoneauth_clock)
    problem(asked_by_script(owner), 429, "locked")


def test_wrong_codes_in_a_row_close_a_number_to_strangers_until_it_is_unlocked(
    make_app, phoneauth_code, phoneauth_clock
):
    phoneauth_clock.freeze()
    app: Flask = make_app(WRONG_IN_A_ROW=10)
    spend_everything(app, phoneauth_code, phoneauth_clock)
    phoneauth_clock.advance(7200)
    shut = problem(asked_by_script(app.test_client()), 429, "locked")
    assert 70_000 < shut["retry_after"] <= 86_400
    run = app.test_cli_runner()
    told = run.invoke(args=["phoneauth", "explain", PHONE])
    assert "10 wrong codes in a row have closed it" in told.output
    done = run.invoke(args=["phoneauth", "numbers", "unlock", PHONE])
    assert (done.exit_code, done.output) == (0, "+44 •••• ••3456 is open.\n")
    assert sign_in(app.test_client(), phoneauth_code).status_code == 200


@pytest.mark.parametrize("value", ["", ".", "x" * 2000, "é", "a.b.c.d.e.f", "\x00"])
def test_a_damaged_device_cookie_is_no_device(app, phoneauth_code, value: Any):
    client = app.test_client()
    client.set_cookie(DEVICE, value)
    assert sign_in(client, phoneauth_code).status_code == 200
    assert len(token_of(client)) == 16 + 43

"""A login without a code, against the real operator of a sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from phoneauth.silent.walking import EVEN, JSON, ODD, address, log_in, messages, set_out, walk

from sms_sandbox.server import SandboxServer

Make = Callable[..., Flask]


@pytest.mark.parametrize("operator", ["vonage", "camara"])
def test_even_number_is_signed_in_without_a_message(
    make: Make, sandbox: SandboxServer, operator: str
) -> None:
    web = make(operator=operator).test_client()
    answer = log_in(web)
    assert answer.status_code == 200, answer.text
    assert answer.json["user"]["phone"] == EVEN
    assert answer.json["new_user"] is True
    assert answer.json["next"] == "/"
    assert web.get("/auth/me").json["user"]["phone"] == EVEN
    assert messages(sandbox) == []
    assert log_in(web).json["new_user"] is False


def test_secret_of_the_way_is_out_of_scripts_reach_and_gone_afterwards(web: FlaskClient) -> None:
    started = set_out(web)
    (kept,) = started.headers.getlist("Set-Cookie")
    assert kept.startswith("phoneauth_silent=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=300"} <= set(kept.split("; "))
    assert web.get(walk(started.json["url"]), headers=JSON).status_code == 200
    assert web.get_cookie("phoneauth_silent") is None


@pytest.mark.parametrize("operator", ["vonage", "camara"])
def test_odd_number_is_refused(make: Make, operator: str) -> None:
    web = make(operator=operator).test_client()
    answer = log_in(web, ODD)
    assert (answer.status_code, answer.json["code"]) == (403, "number_not_verified")
    assert web.get("/auth/me").status_code == 401


def test_browser_is_led_on_and_ends_where_it_wanted_to_go(web: FlaskClient) -> None:
    page = web.post("/auth/silent", data={"phone": EVEN, "next": "/notes?a=1", "remember": "y"})
    assert page.status_code == 200
    url = page.text.split('content="0; url=')[1].split('"')[0].replace("&amp;", "&")
    answer = web.get(walk(url))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/notes?a=1")
    assert any(one.startswith("remember_token=") for one in answer.headers.getlist("Set-Cookie"))
    assert web.get("/auth/me").status_code == 200


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", "/\\x"])
def test_nobody_is_led_to_another_site(web: FlaskClient, target: str) -> None:
    answer = web.get(walk(address(web, next=target)), headers=JSON)
    assert (answer.status_code, answer.json["next"]) == (200, "/")


def test_login_page_offers_it_only_where_there_is_an_operator(make: Make) -> None:
    assert 'formaction="/auth/silent"' in make().test_client().get("/auth/login").text
    without = make(operator="").test_client()
    assert "/auth/silent" not in without.get("/auth/login").text
    refused = set_out(without)
    assert (refused.status_code, refused.json["code"]) == (400, "invalid_request")
    callback = without.get("/auth/silent/callback?code=x&state=y", headers=JSON)
    assert callback.status_code == 400


def test_number_is_asked_about_as_often_as_it_may_get_messages(make: Make) -> None:
    web = make(virtual_numbers=False, default_region="GB", sends_per_hour=2).test_client()
    number = "+447400123456"
    address(web, number)
    address(web, number)
    refused = set_out(web, number)
    assert (refused.status_code, refused.json["code"]) == (429, "budget_exhausted")
    assert int(refused.headers["Retry-After"]) >= 1
    asked = web.post("/auth/login", json={"phone": number})
    assert asked.status_code == 202, "a code may be asked for all the same"


def test_owners_browser_is_let_in_though_strangers_have_asked_for_the_number(make: Make) -> None:
    app = make(virtual_numbers=False, default_region="GB", sends_per_hour=2)
    owner, stranger, number = app.test_client(), app.test_client(), "+447400123456"
    assert log_in(owner, number).status_code == 200
    address(stranger, number)
    assert set_out(stranger, number).status_code == 429
    for _ in range(app.extensions["phoneauth"].live.parts.settings.device_sends_per_hour):
        assert log_in(owner, number).status_code == 200
    assert set_out(owner, number).status_code == 429, "it has a bound of its own"


def guess(web: FlaskClient, asked: dict[str, Any], times: int = 1) -> Any:
    """Wrong codes, one after the other; the answer to the last."""
    for _ in range(times):
        answer = web.post(
            "/auth/verify",
            json={
                "challenge_id": asked["challenge_id"],
                "challenge_secret": asked["challenge_secret"],
                "code": "000000",
            },
        )
    return answer


def test_login_of_the_network_opens_what_wrong_codes_have_closed(make: Make) -> None:
    web = make(
        virtual_numbers=False, default_region="GB", wrong_in_a_row=3, tries_per_hour=50
    ).test_client()
    number = "+447400123456"
    asked = web.post("/auth/login", json={"phone": number}).json
    guess(web, asked, 3)
    locked = web.post("/auth/login", json={"phone": number})
    assert locked.json["code"] == "locked"
    assert log_in(web, number).status_code == 200
    assert web.post("/auth/login", json={"phone": number}).status_code == 202


def test_spent_states_do_not_give_guessers_their_tries_back(make: Make) -> None:
    web = make(virtual_numbers=False, default_region="GB", tries_per_hour=3).test_client()
    number = "+447400123456"
    asked = web.post("/auth/login", json={"phone": number}).json
    guess(web, asked, 3)
    state = parse_qs(urlsplit(walk(address(web, number))).query)["state"][0]
    web.get(f"/auth/silent/callback?code=guessed&state={state}", headers=JSON)
    again = guess(web, asked)
    assert again.json["code"] == "locked"


def test_browser_that_was_let_in_is_known_as_one_that_proved_the_number(
    make: Make, sandbox: SandboxServer
) -> None:
    web = make(virtual_numbers=False, default_region="GB").test_client()
    answer = log_in(web, "+447400123456")
    assert any("phoneauth_device=" in one for one in answer.headers.getlist("Set-Cookie"))


def test_blocked_user_is_not_let_in(app: Flask, web: FlaskClient) -> None:
    assert log_in(web).status_code == 200
    runner = app.test_cli_runner()
    assert runner.invoke(args=["phoneauth", "users", "block", EVEN]).exit_code == 0
    answer = log_in(app.test_client())
    assert (answer.status_code, answer.json["code"]) == (403, "number_not_verified")


def test_sign_up_that_is_off_lets_no_stranger_in_and_tells_nobody_at_the_start(
    make: Make,
) -> None:
    web = make(signup=False).test_client()
    assert set_out(web).status_code == 200
    assert log_in(web).json["code"] == "number_not_verified"


def test_foreign_page_can_not_set_out(web: FlaskClient) -> None:
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = web.post("/auth/silent", json={"phone": EVEN}, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "cross_site")

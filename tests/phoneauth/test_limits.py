"""Floods are cut off in front of everything, and every wait is told (RULES 22, 25)."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from web_steps import BROWSER, PHONE, ask, entry, problem, rows, wrong

from flask_phoneauth import PhoneAuth


def test_each_route_and_address_has_its_own_limit(make_app):
    app = make_app(ROUTE_LIMIT="2 per minute")
    client = app.test_client()
    for _ in range(2):
        assert client.get("/auth/login", headers=BROWSER).status_code == 200
    refused = client.get("/auth/login", headers=BROWSER)
    assert (refused.status_code, refused.mimetype) == (429, "text/html")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    problem(client.get("/auth/login", headers={"Accept": "application/json"}), 429, "rate_limited")
    assert client.get("/auth/verify", headers=BROWSER).status_code == 303
    elsewhere = client.get("/auth/login", environ_base={"REMOTE_ADDR": "203.0.113.9"})
    assert elsewhere.status_code == 200
    assert client.get("/").status_code == 200
    with client.get("/auth/static/phoneauth.css") as style:
        assert style.status_code == 200


def test_a_forwarded_address_is_believed_only_behind_a_declared_proxy(make_app):
    app = make_app(ROUTE_LIMIT="2 per minute")
    client = app.test_client()
    answers = [
        client.get("/auth/me", headers={"X-Forwarded-For": f"203.0.113.{n}"}).status_code
        for n in range(3)
    ]
    assert answers == [401, 401, 429]


def test_addresses_of_one_ipv6_network_share_a_limit(make_app):
    client = make_app(ROUTE_LIMIT="2 per minute").test_client()
    addresses = ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2::3", "2001:db8:1:3::1")
    answers = [
        client.get("/auth/me", environ_base={"REMOTE_ADDR": one}).status_code for one in addresses
    ]
    assert answers == [401, 401, 429, 401]


def test_an_ipv4_address_is_the_same_one_behind_a_socket_for_both_kinds(make_app):
    client = make_app(ROUTE_LIMIT="1 per minute").test_client()

    def status(address):
        return client.get("/auth/login", environ_overrides={"REMOTE_ADDR": address}).status_code

    assert status("::ffff:198.51.100.1") == 200
    assert status("::ffff:198.51.100.2") == 200
    assert status("198.51.100.1") == 429


def test_switching_limits_off_for_tests_is_obeyed(make_app):
    app = make_app(ROUTE_LIMIT="1 per minute")
    app.config["RATELIMIT_ENABLED"] = False
    assert {app.test_client().get("/auth/me").status_code for _ in range(3)} == {401}


def test_the_hosts_limiter_is_used_and_its_own_limits_stay_its_own(make_app):
    app = make_app(ROUTE_LIMIT="3 per minute")
    limiter = Limiter(
        get_remote_address, app=app, default_limits=["2 per minute"], storage_uri="memory://"
    )
    assert limiter.initialized
    client = app.test_client()
    assert [client.get("/").status_code for _ in range(3)] == [200, 200, 429]
    assert [client.get("/mine").status_code for _ in range(3)][-1] == 429


def test_our_limit_is_counted_in_the_hosts_storage(make_app):
    app = make_app(ROUTE_LIMIT="1 per minute")
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    client = app.test_client()
    assert client.get("/auth/me").status_code == 401
    problem(client.get("/auth/me"), 429, "rate_limited")
    limiter.reset()
    assert client.get("/auth/me").status_code == 401


def test_a_limiter_whose_storage_errs_is_a_503(make_app, monkeypatch):
    app = make_app()
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")

    class Lost(Exception):
        pass

    def lost(*_args):
        raise Lost

    monkeypatch.setattr(type(limiter.storage), "base_exceptions", Lost)
    monkeypatch.setattr(limiter.limiter, "hit", lost)
    problem(app.test_client().get("/auth/me"), 503, "store_unavailable")
    assert app.test_client().get("/").status_code == 200


def test_a_locked_number_says_when_it_opens_and_then_it_does(
    make_app, phoneauth_code, phoneauth_clock
):
    phoneauth_clock.freeze()
    app = make_app(TRIES_PER_HOUR=3)
    client = app.test_client()
    asked = ask(client)
    for _ in range(3):
        client.post("/auth/verify", json=entry(asked, wrong(phoneauth_code(PHONE))))
    right = entry(asked, phoneauth_code(PHONE))
    refused = problem(client.post("/auth/verify", json=right), 429, "locked")
    for body in (right, {"phone": PHONE}):
        path = "/auth/login" if "phone" in body else "/auth/resend"
        problem(client.post(path, json=body), 429, "locked")
    phoneauth_clock.advance(refused["retry_after"])
    again = client.post("/auth/verify", json=entry(ask(client), phoneauth_code(PHONE)))
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"SENDS_PER_HOUR": 2}, "budget_exhausted"),
        ({"SENDS_PER_DAY": 2}, "budget_exhausted"),
        ({"TOTAL_SENDS_PER_DAY": 2}, "budget_exhausted"),
        ({"ADDRESS_ASKS_PER_HOUR": 2}, "rate_limited"),
        ({"ADDRESS_TOTAL_ASKS_PER_HOUR": 2}, "rate_limited"),
    ],
)
def test_a_spent_budget_is_told_with_a_wait_that_is_true(make_app, phoneauth_clock, settings, code):
    phoneauth_clock.freeze()
    app = make_app(COOLDOWN=[1], **settings)
    for _ in range(2):
        ask(app.test_client())
        phoneauth_clock.advance(2)
    client = app.test_client()
    before = rows(app)["challenges"]
    refused = problem(client.post("/auth/login", json={"phone": PHONE}), 429, code)
    assert rows(app)["challenges"] == before
    phoneauth_clock.advance(refused["retry_after"])
    ask(client)


def test_logging_in_to_my_own_account_refills_nobody_elses_tries(
    make_app, phoneauth_login, phoneauth_code
):
    app = make_app(TRIES_PER_HOUR=3)
    client = app.test_client()
    asked = ask(client)
    for _ in range(3):
        client.post("/auth/verify", json=entry(asked, wrong(phoneauth_code(PHONE))))
        phoneauth_login(app.test_client(), phone="+447400999999")
    right = entry(asked, phoneauth_code(PHONE))
    problem(client.post("/auth/verify", json=right), 429, "locked")


def test_a_limiter_that_is_given_counts_for_our_routes(tmp_path):
    limiter = Limiter(lambda: "all", storage_uri="memory://")
    app = Flask("example", instance_path=str(tmp_path))
    app.config.update(TESTING=True, SECRET_KEY="long enough for a test", RATELIMIT_ENABLED=True)
    app.config["PHONEAUTH_ROUTE_LIMIT"] = "1 per minute"
    limiter.init_app(app)
    app.extensions["limiter"] = set()
    PhoneAuth(app, limiter=limiter)
    client = app.test_client()
    assert [client.get("/auth/login").status_code for _ in range(2)] == [200, 429]
    limiter.reset()
    assert client.get("/auth/login").status_code == 200

"""Whose address counts: the connection's, or what `ProxyFix` vouches for (RULES 22)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from web_steps import problem
from werkzeug.middleware.proxy_fix import ProxyFix


def numbers(count: int) -> list[str]:
    """Numbers of as many blocks."""
    return [f"+44740{block:03d}1234" for block in range(100, 100 + count)]


def ask(app: Flask, phone: str, peer: str, forwarded: str = "") -> Any:
    """Ask for a code over a connection from `peer`."""
    headers = {
        "X-Forwarded-For": forwarded,
        "X-Real-IP": forwarded,
        "Forwarded": f"for={forwarded}",
    }
    return app.test_client(use_cookies=False).post(
        "/auth/login",
        json={"phone": phone},
        headers=headers if forwarded else {},
        environ_overrides={"REMOTE_ADDR": peer},
    )


@pytest.fixture
def app(make_app: Any) -> Flask:
    """An app whose addresses may ask five times an hour."""
    made: Flask = make_app(ADDRESS_ASKS_PER_HOUR=5)
    return made


def test_a_made_up_forwarded_address_changes_nothing(app: Flask):
    answers = [
        ask(app, phone, "198.51.100.7", f"203.0.113.{place}")
        for place, phone in enumerate(numbers(6))
    ]
    assert [answer.status_code for answer in answers] == [202] * 5 + [429]
    problem(answers[-1], 429, "rate_limited")


def test_behind_one_declared_proxy_the_last_address_counts(app: Flask):
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)  # type: ignore[method-assign]
    *first, last = numbers(6)
    for place, phone in enumerate(first):
        assert ask(app, phone, "10.0.0.1", f"203.0.113.{place}, 198.51.100.7").status_code == 202
    problem(ask(app, last, "10.0.0.1", "192.0.2.1, 198.51.100.7"), 429, "rate_limited")
    assert ask(app, last, "10.0.0.1", "198.51.100.7, 192.0.2.1").status_code == 202


def test_an_ipv6_subscriber_is_one_address(app: Flask):
    *first, last = numbers(6)
    for place, phone in enumerate(first):
        assert ask(app, phone, f"2001:db8:1:2::{place + 1:x}").status_code == 202
    problem(ask(app, last, "2001:db8:1:2:ffff::1"), 429, "rate_limited")
    assert ask(app, last, "2001:db8:1:3::1").status_code == 202


def test_the_challenge_keeps_who_asked(app: Flask):
    asked = app.test_client().post(
        "/auth/login",
        json={"phone": "+447400123456"},
        headers={"User-Agent": "Browser/1.0 " + "x" * 500},
        environ_overrides={"REMOTE_ADDR": "198.51.100.7"},
    )
    store = app.extensions["phoneauth"].live.parts.challenges
    with store._read() as unit:
        payload = unit.challenge(asked.get_json()["challenge_id"]).payload
    assert payload["address"] == "198.51.100.7"
    assert payload["user_agent"].startswith("Browser/1.0 xxx")
    assert len(payload["user_agent"]) == 200

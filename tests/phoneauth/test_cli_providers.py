"""`flask phoneauth providers`: breakers, what arrives by country, the last error."""

from __future__ import annotations

import json

import pytest
from web_steps import ask

from flask_phoneauth.health import FAILED, News, Tally, receipt_charge
from flask_phoneauth.records import Job
from flask_phoneauth.stores.base import Settlement


@pytest.fixture
def app(make_app):
    """An app with two providers and a route."""
    return make_app(
        PROVIDERS=["console", "sandbox"],
        SANDBOX_URL="http://127.0.0.1:1",
        ROUTES={"GB": ["console"], "FR": ["console", "sandbox"]},
    )


def shown(app, *words):
    return app.test_cli_runner().invoke(args=["phoneauth", "providers", *words])


def told(app):
    done = shown(app, "--json")
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


def fail(app, challenge, provider, times, reason="server_error"):
    """So many news of failures."""
    parts = app.extensions["phoneauth"].live.parts
    for _ in range(times):
        settlement = Settlement("withheld", news=(News(provider, FAILED, reason),))
        parts.challenges.settle(
            Job(challenge["challenge_id"], 0, 0.0),
            settlement,
            failures=(),
            cooldowns=(),
            now=parts.clock.now(),
        )


def test_providers_that_are_well(app):
    code, found = told(app)
    assert code == 0
    assert [(one["provider"], one["state"]) for one in found] == [
        ("console", "closed"),
        ("sandbox", "closed"),
    ]
    assert [one["routes"] for one in found] == [["*", "GB", "FR"], ["*", "FR"]]
    assert found[0]["error_at"] is None
    assert not found[0]["receipts"]


def test_an_open_breaker_with_its_last_error_and_wait(app):
    asked = ask(app.test_client())
    fail(app, asked, "console", 5, "read_timeout")
    code, found = told(app)
    assert code == 0  # the other one sends
    assert (found[0]["state"], found[0]["error"]) == ("open", "read_timeout")
    assert 10 <= found[0]["wait"] <= 15
    assert found[0]["error_at"].endswith("+00:00")
    text = shown(app).stdout
    assert "console      open, next message in" in text
    assert "last error read_timeout, 20" in text


def test_an_error_is_shown_with_what_the_vendor_calls_it(app):
    asked = ask(app.test_client())
    fail(app, asked, "console", 1, "credentials_refused, status 401, error code 20003")
    (one, _) = told(app)[1]
    assert (one["error"], one["answer"]) == ("credentials_refused", "status 401, error code 20003")
    text = shown(app).stdout
    assert "last error credentials_refused (status 401, error code 20003), 20" in text


def test_the_exit_code_tells_that_nobody_sends(app):
    asked = ask(app.test_client())
    for name in ("console", "sandbox"):
        fail(app, asked, name, 5)
    assert told(app)[0] == 1


def test_what_arrives_is_told_by_country(app):
    parts = app.extensions["phoneauth"].live.parts
    store = parts.challenges
    for delivery, times in (("delivered", 3), ("failed", 22)):
        charge = receipt_charge(Tally("console", 3600), "FR", delivery)
        for _ in range(times):
            with store._write() as unit:
                from flask_phoneauth.stores import charging

                states = unit.lock([charge.key])
                unit.write({charge.key: charging.spent(charge, states, parts.clock.now())})
    _, found = told(app)
    assert found[0]["arrivals"] == [
        {"region": "FR", "delivered": 3, "lost": 22, "percent": 12, "poor": True}
    ]
    assert "FR 12 % of 25 receipts say delivered, comes last there" in shown(app).stdout

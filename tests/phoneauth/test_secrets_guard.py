"""The guard of the whole suite finds what gets out, and lets pass what may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from secrets_guard import Guard
from web_steps import PHONE, ask

PLANTED = """
import logging

import pytest
from web_steps import BROWSER, PHONE, ask, entry, start_form, wrong

from flask_phoneauth.errors import InvalidRequest
from flask_phoneauth.records import AuditEntry
from flask_phoneauth.stores.audit import SqlAudit

from conftest_of_the_suite import make_app, app


def test_a_code_in_a_log_leaks(app, phoneauth_code):
    ask(app.test_client())
    logging.getLogger("flask_phoneauth").error("sent %s", phoneauth_code(PHONE))


def test_a_number_in_a_traceback_leaks(app):
    ask(app.test_client())
    try:
        raise ValueError(PHONE)
    except ValueError:
        logging.getLogger("shop").exception("it failed")


def test_a_national_number_in_an_error_leaks(app):
    ask(app.test_client())
    InvalidRequest("no such number: 07400123456")


def test_a_number_in_the_trail_leaks(app):
    ask(app.test_client())
    live = app.extensions["phoneauth"].live
    live.trail._rows.add([AuditEntry(1.0, "asked", detail=PHONE)])


def test_a_code_on_a_page_leaks(app, phoneauth_code):
    app.jinja_env.globals["leak"] = lambda: phoneauth_code(PHONE)
    body = "{% extends 'phoneauth/base.html' %}{% block content %}<p>{{ leak() }}</p>{% endblock %}"
    client = app.test_client()
    start_form(client)
    app.jinja_loader = __import__("jinja2").DictLoader({"phoneauth/login.html": body})
    app.jinja_env.cache.clear()
    client.get("/auth/login", headers=BROWSER)


def test_a_login_by_page_and_by_json_is_clean(app, phoneauth_code, phoneauth_login):
    client = app.test_client()
    page = start_form(client)
    phoneauth_login(app.test_client(), "+447400123457")
    asked = ask(app.test_client(use_cookies=False), "+447400123458")
    code = phoneauth_code("+447400123458")
    app.test_client().post("/auth/verify", json=entry(asked, wrong(code)))
    client.post("/auth/login", json={"phone": "+44740012345"})
    logging.getLogger("sms_sandbox").warning("the inbox shows %s", code)
"""


def test_planted_leaks_fail_their_tests_and_clean_ones_pass(pytester: pytest.Pytester) -> None:
    suite = Path(__file__).parents[1]
    pytester.makepyfile(test_planted=PLANTED)
    pytester.makepyfile(conftest_of_the_suite=(suite / "conftest.py").read_text("utf-8"))
    pytester.makeini(f"[pytest]\npythonpath = {suite} .")
    done = pytester.runpytest_subprocess("-p", "secrets_guard", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=1, failed=5)
    told = done.stdout.str()
    assert told.count("secrets got out") >= 5
    for where in ("log of flask_phoneauth", "log of shop", "error InvalidRequest", "audit trail"):
        assert where in told
    assert "answer of /auth/login: a code" in told


def test_the_guard_is_at_work_in_this_very_run(
    request: pytest.FixtureRequest, app: Flask, phoneauth_code: Callable[[str], str]
) -> None:
    plugin = request.config.pluginmanager.get_plugin("secrets-guard-of-the-suite")
    assert plugin is not None
    ask(app.test_client())
    assert phoneauth_code(PHONE) in plugin.guard.codes
    assert plugin.guard.tails == {PHONE[-9:]}
    assert {where for where, _ in plugin.guard.texts} >= {"answer of /auth/login"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("your code is 123789.", 1),
        ("at 1700.123789 s", 0),
        ("id a123789f", 0),
        ("0123789", 0),
        ("tel:+447400999888", 1),
        ("call 07400999888", 1),
        ("+44 •••• ••9888", 0),
    ],
)
def test_codes_are_whole_words_and_numbers_are_told_by_their_ends(text: str, found: int) -> None:
    guard = Guard()
    guard.use_code("123789")
    guard.use_number("+447400999888")
    guard.see("here", text)
    assert len(guard.leaks()) == found


def test_what_one_test_keeps_is_bounded() -> None:
    guard = Guard()
    for _ in range(10_000):
        guard.see("here", "x" * 500_000)
    assert sum(len(text) for _, text in guard.texts) <= 4000 * 200_000

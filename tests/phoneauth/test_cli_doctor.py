"""`flask phoneauth doctor`: what it finds, and that each fault names its cure."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path

import pytest
import servers
from flask import Flask
from ports import free_ports
from redis_replicas import family
from scripted_server import ScriptedServer, answer, drop
from web_steps import database_of
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_phoneauth import PhoneAuth
from flask_phoneauth.database.engine import Database
from flask_phoneauth.database.tables import VERSION_TABLE
from flask_phoneauth.records import AuditEntry
from flask_phoneauth.stores.audit import SqlAudit
from flask_phoneauth.web.samples import OWN, SAMPLES

PRODUCTION = {
    "SECRET_KEY": "f3a91c07d2b84e6f95aa",
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "PHONEAUTH_PROVIDERS": ["console"],
    "PHONEAUTH_ALLOW_CONSOLE_IN_PRODUCTION": True,
    "PHONEAUTH_ALLOWED_REGIONS": ["GB"],
    "PHONEAUTH_PUBLIC_URL": "https://login.example",
}


@pytest.fixture
def make(tmp_path):
    """`make({...})`: an app that is sound for production, but for these keys."""

    def made(changes=(), *, init_db=True):
        app = Flask(
            "example",
            instance_path=str(tmp_path / "instance"),
            template_folder=str(tmp_path / "templates"),
        )
        app.config.update({**PRODUCTION, **dict(changes)})
        PhoneAuth(app)
        if init_db:
            assert not app.test_cli_runner().invoke(args=["phoneauth", "init-db"]).exit_code
        return app

    return made


def examined(app, *words):
    """The exit code and the findings as (level, about, text)."""
    done = app.test_cli_runner().invoke(args=["phoneauth", "doctor", "--json", *words])
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert isinstance(done.exception, SystemExit | None), done.exception
    return done.exit_code, [(one["level"], one["about"], one["text"]) for one in lines]


def faults(found):
    return [(about, text) for level, about, text in found if level == "fault"]


def override(tmp_path, name, text):
    folder = tmp_path / "templates" / "phoneauth"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)


def test_a_sound_app_has_no_fault(make):
    code, found = examined(make())
    assert (code, faults(found)) == (0, [])
    assert ("ok", "settings", "nothing that production refuses") in found
    assert any("PHONEAUTH_ALLOW_CONSOLE_IN_PRODUCTION is on" in text for _, _, text in found)


def test_people_read_one_line_a_finding_and_the_sum(make):
    done = make({"PHONEAUTH_PUBLIC_URL": ""}).test_cli_runner().invoke(args=["phoneauth", "doctor"])
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[-1] == "1 fault."
    assert any(line.startswith("fault    settings: PHONEAUTH_PUBLIC_URL: set") for line in lines)


def test_an_app_in_testing_is_judged_as_production_on_demand(make):
    app = make({"TESTING": True, "PHONEAUTH_PUBLIC_URL": "", "PHONEAUTH_STORE_URL": "memory://"})
    assert examined(app)[0] == 0
    code, found = examined(app, "--production")
    assert code == 1
    told = [text for _, text in faults(found)]
    assert [text.partition(":")[0] for text in told] == [
        "PHONEAUTH_PUBLIC_URL",
        "PHONEAUTH_STORE_URL",
    ]


def test_a_misspelled_setting_is_hinted_at(make):
    _, found = examined(make({"PHONEAUTH_CODE_LENGHT": 8}))
    assert any("did you mean PHONEAUTH_CODE_LENGTH?" in text for _, _, text in found)


@pytest.mark.parametrize(
    ("changes", "level", "cure"),
    [
        (
            {"SESSION_COOKIE_HTTPONLY": False},
            "fault",
            "SESSION_COOKIE_HTTPONLY is off: take it out",
        ),
        ({"REMEMBER_COOKIE_HTTPONLY": False}, "fault", "REMEMBER_COOKIE_HTTPONLY is off"),
        ({"SESSION_COOKIE_SAMESITE": None}, "hint", "SESSION_COOKIE_SAMESITE is None: set it"),
        ({"REMEMBER_COOKIE_SAMESITE": "None"}, "hint", "REMEMBER_COOKIE_SAMESITE is None: set"),
    ],
)
def test_weak_cookies_are_named(make, changes, level, cure):
    code, found = examined(make(changes))
    assert code == (level == "fault")
    assert any(
        one == level and about == "cookies" and cure in text for one, about, text in found
    ), found


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "set PHONEAUTH_PRICES and PHONEAUTH_MONEY_PER_DAY"),
        ({}, "PHONEAUTH_RISK_PUZZLE names one"),
        ({"PHONEAUTH_RECORD_ONLY": ["prefix"]}, "PHONEAUTH_RECORD_ONLY holds prefix"),
        (
            {
                "PHONEAUTH_RISK_PUZZLE": "hcaptcha",
                "PHONEAUTH_RISK_SITE_KEY": "site",
                "PHONEAUTH_RISK_SECRET_KEY": "server",
                "PHONEAUTH_RISK_FAIL_OPEN": True,
            },
            "PHONEAUTH_RISK_FAIL_OPEN is on",
        ),
    ],
)
def test_what_the_shield_leaves_open_is_hinted_at(make, changes, told):
    code, found = examined(make(changes))
    assert code == 0
    assert any(one == "hint" and about == "shield" and told in text for one, about, text in found)


def test_a_missing_proxy_fix_is_hinted_at_and_found_below_other_layers(make):
    app = make()
    assert any("no ProxyFix" in text for _, _, text in examined(app)[1])
    inner = ProxyFix(app.wsgi_app)

    class Layer:
        app = inner

        def __call__(self, environ, start_response):
            return inner(environ, start_response)

    app.wsgi_app = Layer()
    assert any("ProxyFix is there" in text for _, _, text in examined(app)[1])


def ask_from(app, addresses):
    """Put asks from these addresses into the audit trail."""
    database = Database(f"sqlite:///{database_of(app)}")
    entries = [AuditEntry(1.0, "asked", address=address) for address in addresses]
    SqlAudit(database).add(entries)
    database.close()


@pytest.mark.parametrize(
    ("addresses", "fixed", "told"),
    [
        (["10.0.0.7"] * 20, False, "all visitors share its budget. Wrap the app in ProxyFix"),
        (["fd00::/64"] * 20, False, "all visitors share its budget"),
        (["10.0.0.7"] * 19, False, ""),
        ([f"198.51.100.{n}" for n in range(20)], False, ""),
        (["198.51.100.7"] * 20, False, ""),
        ([f"198.51.100.{n}" for n in range(20)], True, ""),
        (
            [f"198.51.100.{n}" for n in range(20)] + ["10.0.0.7"],
            True,
            "x_for of ProxyFix is larger",
        ),
    ],
)
def test_a_proxy_that_is_not_declared_or_declared_too_generously_is_seen(
    make, addresses, fixed, told
):
    app = make()
    ask_from(app, addresses)
    if fixed:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=2)
    code, found = examined(app)
    shown = [text for level, about, text in found if (level, about) == ("fault", "proxy")]
    assert (code, len(shown)) == ((1, 1) if told else (0, 0)), found
    assert all(told in text for text in shown)


def test_tables_that_are_missing_or_old_are_a_fault(make):
    app = make(init_db=False)
    code, found = examined(app)
    ((about, text),) = faults(found)
    assert (code, about) == (1, "database")
    assert "missing or old: run 'flask phoneauth init-db'" in text
    assert not database_of(app).exists(), "looking makes no file"
    app = make()
    assert examined(app)[0] == 0
    with sqlite3.connect(database_of(app)) as connection:
        connection.execute(f"update {VERSION_TABLE} set version_num = '0'")
    connection.close()
    assert examined(app)[0] == 1


def test_a_database_that_does_not_answer_is_a_fault_without_its_password(make):
    url = "sqlite:////proc/nothing/x.db"
    app = make(init_db=False)
    Path(app.instance_path).mkdir(parents=True)
    database_of(app).write_bytes(b"this is no database" * 100)
    _, found = examined(app)
    assert any("does not answer: check PHONEAUTH_DATABASE_URL" in text for _, text in faults(found))
    _, found = examined(make({"PHONEAUTH_SESSION_STORE_URL": url}, init_db=False))
    assert any("/proc/nothing" in text for _, text in faults(found))


def test_a_server_that_refuses_is_a_fault(make):
    (nobodys,) = free_ports(1)
    app = make({"PHONEAUTH_STORE_URL": f"redis://:hunter2@127.0.0.1:{nobodys}/0"}, init_db=False)
    code, found = examined(app)
    assert code == 1
    assert any(
        about == "store" and "check PHONEAUTH_STORE_URL" in text for about, text in faults(found)
    )
    assert not any("hunter2" in text for _, _, text in found)


def test_a_redis_that_may_forget_budgets_is_a_fault_until_it_may_not(make):
    server = servers.plain("--maxmemory-policy", "allkeys-lru")
    try:
        app = make({"PHONEAUTH_STORE_URL": server.url})
        code, found = examined(app)
        assert code == 1
        ((about, text),) = faults(found)
        assert about == "store"
        assert "Set it to noeviction" in text
        server.client.config_set("maxmemory-policy", "noeviction")
        code, found = examined(app)
        assert code == 0
        assert ("ok", "store", "redis answers") in found
    finally:
        server.end()


def test_what_a_failover_would_lose_is_told(make):
    pair = family()
    url = pair.primary.url

    def told(wanted):
        changes = {"PHONEAUTH_STORE_URL": url, "PHONEAUTH_REDIS_WAIT": wanted}
        code, found = examined(make(changes))
        (one,) = [(level, text) for level, about, text in found if about == "replicas"]
        assert code == (one[0] == "fault")
        return one

    try:
        level, text = told(0)
        assert level == "hint"
        assert "a used code may be good again" in text
        assert "PHONEAUTH_REDIS_WAIT = 1" in text
        assert told(1) == ("ok", "each write waits for 1 of 1")
        level, text = told(2)
        assert level == "fault"
        assert "Redis has only 1: every write is refused. Add replicas, or lower it" in text
    finally:
        pair.end()


def test_a_redis_without_replicas_has_no_failover_to_speak_of(make):
    server = servers.plain()
    try:
        _, found = examined(make({"PHONEAUTH_STORE_URL": server.url}))
        assert not [about for _, about, _ in found if about == "replicas"]
    finally:
        server.end()


def test_memory_answers(make):
    changes = {"PHONEAUTH_STORE_URL": "memory://", "PHONEAUTH_ALLOW_MEMORY_IN_PRODUCTION": True}
    assert ("ok", "store", "memory answers") in examined(make(changes))[1]


def sandbox(url, **more):
    return {
        "PHONEAUTH_PROVIDERS": ["sandbox"],
        "PHONEAUTH_SANDBOX_URL": url,
        "PHONEAUTH_ALLOW_SANDBOX_IN_PRODUCTION": True,
        **more,
    }


def test_a_provider_is_asked_without_a_message(make, sms):
    code, found = examined(make(sandbox(sms.url)))
    assert code == 0
    assert ("ok", "provider sandbox", "answers, and takes our credentials") in found
    assert sms.messages == []


@pytest.mark.parametrize(
    ("behaviour", "cure"),
    [
        (answer(401), "credentials_refused, status 401): check its credentials"),
        (answer(404), "not_a_sandbox, status 404): check its credentials"),
        (answer(500), "server_error, status 500): check its address and the network"),
        (drop, "connection_lost): check its address"),
    ],
)
def test_a_provider_that_refuses_or_fails_is_a_fault(make, behaviour, cure):
    with ScriptedServer(behaviour) as server:
        code, found = examined(make(sandbox(server.url)))
    ((about, text),) = faults(found)
    assert (code, about) == (1, "provider sandbox")
    assert cure in text


def test_a_sandbox_that_knows_another_secret_of_an_account_is_told_with_the_cure(make):
    with ScriptedServer(answer(401)) as server:
        code, found = examined(make(sandbox(server.url, PHONEAUTH_PROVIDERS=["twilio"])))
    ((about, text),) = faults(found)
    assert (code, about) == (1, "provider twilio")
    assert "until sms-sandbox reset --account" in text


def test_a_provider_that_is_half_set_up_is_a_fault(make):
    code, found = examined(make(sandbox("")))
    assert code == 1
    assert any("PHONEAUTH_SANDBOX_URL is missing" in text for _, text in faults(found))


def test_every_page_of_ours_has_a_sample():
    pages = {f"phoneauth/{path.name}" for path in OWN.joinpath("phoneauth").glob("[!_]*.html")}
    assert set(SAMPLES) == pages - {"phoneauth/base.html"}


def test_own_templates_that_render_are_fine(make, tmp_path):
    override(tmp_path, "login.html", "{% extends 'phoneauth/base.html' %}{% block content %}"
             "<form>{{ form.phone }}</form>{% endblock %}")  # fmt: skip
    code, found = examined(make())
    assert code == 0
    assert ("ok", "templates", "all pages render, with your phoneauth/login.html") in found


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("login.html", "\n{% if %}", "phoneauth/login.html, line 2 does not render"),
        ("verify.html", "<form>{{ asked.nothing.more }}", "phoneauth/verify.html does not render"),
        ("sessions.html", "{{ url_for('nowhere') }}", "phoneauth/sessions.html does not render"),
        ("_problem.html", "{{ 1 // 0 }}", "ZeroDivisionError"),
        ("base.html", "<p>no block</p>", "the block 'content'"),
    ],
)
def test_own_templates_that_fail_are_faults(make, tmp_path, name, text, told):
    override(tmp_path, name, text)
    code, found = examined(make())
    assert code == 1
    assert any(about == "templates" and told in text for about, text in faults(found)), found


def test_templates_wait_for_the_faults_before_them(make, tmp_path):
    override(tmp_path, "login.html", "<form>")
    _, found = examined(make(init_db=False))
    assert ("hint", "templates", "not rendered: mend the faults above first") in found


@pytest.mark.parametrize("name", ["twilio_verify", "vonage_verify"])
def test_a_verifier_is_asked_without_a_message(make, sms, name):
    _, found = examined(make(sandbox(sms.url, PHONEAUTH_VERIFIER=name)))
    assert ("ok", f"verifier {name}", "answers, and takes our credentials") in found
    assert sms.messages == []
    with ScriptedServer(answer(401)) as server:
        code, found = examined(make(sandbox(server.url, PHONEAUTH_VERIFIER=name)))
    assert code == 1
    told = dict(faults(found))[f"verifier {name}"]
    assert told.startswith("it refuses us (credentials_refused, status 401")
    assert told.endswith("): check its credentials")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "PHONEAUTH_OPERATOR_APPLICATION_ID is missing"),
        ({"APPLICATION_ID": "x"}, "PHONEAUTH_OPERATOR_PRIVATE_KEY is missing"),
        ({"APPLICATION_ID": "x", "PRIVATE_KEY": "no key"}, "must be an RSA key in PEM"),
    ],
)
def test_an_operator_that_is_half_set_up_is_a_fault(make, changes, told):
    keys = {f"PHONEAUTH_OPERATOR_{name}": value for name, value in changes.items()}
    code, found = examined(make({"PHONEAUTH_OPERATOR": "vonage", **keys}), "--production")
    ((about, text),) = faults(found)
    assert (code, about) == (1, "operator vonage")
    assert told in text


def test_an_operator_is_told_where_devices_come_back_to(make):
    changes = sandbox("http://127.0.0.1:1", PHONEAUTH_OPERATOR="camara")
    _, found = examined(make(changes))
    back = "https://login.example/auth/silent/callback"
    assert any(
        (level, about) == ("ok", "operator camara") and back in text for level, about, text in found
    )


def test_an_extra_that_a_channel_lacks_is_a_fault(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "flask_phoneauth.channels.email", None)
    email = {"CHANNELS": ["sms", "email"], "EMAIL_HOST": "localhost", "EMAIL_FROM": "a@b.example"}
    code, found = examined(make({f"PHONEAUTH_{name}": value for name, value in email.items()}))
    assert code == 1
    assert any("pip install 'Flask-PhoneAuth[email]'" in text for _, text in faults(found))

"""What must not run in production is refused, with its key and its cure (RULES 32)."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from flask_login import LoginManager, UserMixin, current_user, login_user
from web_steps import BROWSER, problem

from flask_phoneauth import PhoneAuth

SOUND = {
    "SECRET_KEY": "f3a91c07d2b84e6f95aa",
    "SESSION_COOKIE_SECURE": True,
    "PHONEAUTH_PROVIDERS": ["console"],
    "PHONEAUTH_ALLOW_CONSOLE_IN_PRODUCTION": True,
    "PHONEAUTH_ALLOWED_REGIONS": ["GB"],
    "PHONEAUTH_PUBLIC_URL": "https://login.example",
}
MISSING = object()
FAULTS = [
    ("no provider", {"PHONEAUTH_PROVIDERS": MISSING}, "PHONEAUTH_PROVIDERS", None),
    (
        "console",
        {"PHONEAUTH_ALLOW_CONSOLE_IN_PRODUCTION": MISSING},
        "PHONEAUTH_PROVIDERS",
        "PHONEAUTH_ALLOW_CONSOLE_IN_PRODUCTION",
    ),
    (
        "sandbox",
        {"PHONEAUTH_PROVIDERS": ["sandbox"], "PHONEAUTH_SANDBOX_URL": "http://127.0.0.1:8025"},
        "PHONEAUTH_PROVIDERS",
        "PHONEAUTH_ALLOW_SANDBOX_IN_PRODUCTION",
    ),
    (
        "sandbox address",
        {"PHONEAUTH_SANDBOX_URL": "http://127.0.0.1:8025"},
        "PHONEAUTH_SANDBOX_URL",
        "PHONEAUTH_ALLOW_SANDBOX_IN_PRODUCTION",
    ),
    (
        "no regions",
        {"PHONEAUTH_ALLOWED_REGIONS": MISSING},
        "PHONEAUTH_ALLOWED_REGIONS",
        "PHONEAUTH_ALLOW_ANY_REGION_IN_PRODUCTION",
    ),
    (
        "virtual numbers",
        {"PHONEAUTH_VIRTUAL_NUMBERS": True},
        "PHONEAUTH_VIRTUAL_NUMBERS",
        "PHONEAUTH_ALLOW_VIRTUAL_NUMBERS_IN_PRODUCTION",
    ),
    (
        "memory",
        {"PHONEAUTH_STORE_URL": "memory://"},
        "PHONEAUTH_STORE_URL",
        "PHONEAUTH_ALLOW_MEMORY_IN_PRODUCTION",
    ),
    (
        "sessions in memory",
        {"PHONEAUTH_SESSION_STORE_URL": "memory://"},
        "PHONEAUTH_SESSION_STORE_URL",
        "PHONEAUTH_ALLOW_MEMORY_IN_PRODUCTION",
    ),
    (
        "insecure cookie",
        {"SESSION_COOKIE_SECURE": False},
        "SESSION_COOKIE_SECURE",
        "PHONEAUTH_ALLOW_INSECURE_COOKIE_IN_PRODUCTION",
    ),
    ("no public address", {"PHONEAUTH_PUBLIC_URL": MISSING}, "PHONEAUTH_PUBLIC_URL", None),
    ("no secret", {"SECRET_KEY": MISSING}, "SECRET_KEY", None),
    ("short secret", {"SECRET_KEY": "dev"}, "SECRET_KEY", None),
    ("short bytes", {"SECRET_KEY": b"dev"}, "SECRET_KEY", None),
    ("dull secret", {"SECRET_KEY": "x" * 32}, "SECRET_KEY", None),
    ("dull own secret", {"PHONEAUTH_SECRET": "secret"}, "PHONEAUTH_SECRET", None),
]
NAMES = [fault[0] for fault in FAULTS]
PATHS = [
    ("GET", "/auth/login"),
    ("POST", "/auth/login"),
    ("GET", "/auth/verify"),
    ("POST", "/auth/verify"),
    ("POST", "/auth/resend"),
    ("GET", "/auth/challenges/x"),
    ("POST", "/auth/logout"),
    ("GET", "/auth/me"),
    ("GET", "/auth/sessions"),
    ("DELETE", "/auth/sessions"),
    ("DELETE", "/auth/sessions/x"),
]


@pytest.fixture
def production(tmp_path):
    """`production({...})`: a sound production app but for these keys, its tables made."""

    def make(changes=(), *, init_db=True):
        app = Flask("example", instance_path=str(tmp_path / "instance"))
        config = {**SOUND, **dict(changes)}
        app.config.update({key: value for key, value in config.items() if value is not MISSING})
        PhoneAuth(app)
        app.add_url_rule("/", view_func=lambda: "home", endpoint="home")
        if init_db:
            done = app.test_cli_runner().invoke(args=["phoneauth", "init-db"])
            assert done.exit_code == 0, done.output
        return app

    return make


def our_lines(caplog, level=logging.WARNING):
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("flask_phoneauth") and record.levelno >= level
    ]


def test_a_sound_app_serves_and_names_its_overrides(production, caplog):
    client = production().test_client()
    for _ in range(2):
        assert client.get("/auth/login", base_url="https://login.example").status_code == 200
    assert our_lines(caplog) == ["Flask-PhoneAuth: PHONEAUTH_ALLOW_CONSOLE_IN_PRODUCTION is on"]


@pytest.mark.parametrize(("name", "changes", "key", "override"), FAULTS, ids=NAMES)
def test_each_fault_alone_refuses_the_routes_and_is_logged_once_with_its_cure(
    production, caplog, name, changes, key, override
):
    client = production(changes).test_client()
    for method, path in PATHS:
        problem(client.open(path, method=method, headers=BROWSER), 500, "misconfigured")
    assert client.get("/").text == "home"
    (line,) = our_lines(caplog, logging.ERROR)
    assert line.endswith("give flask the switch --debug.")
    assert f"{key}: " in line
    assert line.count("PHONEAUTH") - line.count("Flask-PhoneAuth") <= 2
    secret = changes.get("SECRET_KEY", changes.get("PHONEAUTH_SECRET"))
    assert not isinstance(secret, str) or f"'{secret}'" not in line


OVERRIDDEN = [fault for fault in FAULTS if fault[3]]


@pytest.mark.parametrize(
    ("name", "changes", "key", "override"), OVERRIDDEN, ids=[fault[0] for fault in OVERRIDDEN]
)
def test_each_override_permits_its_fault_and_is_named_at_the_start(
    production, caplog, name, changes, key, override
):
    client = production({**changes, override: True}).test_client()
    assert client.get("/auth/login", base_url="https://login.example").status_code == 200
    assert f"Flask-PhoneAuth: {override} is on" in our_lines(caplog)
    assert our_lines(caplog, logging.ERROR) == []


@pytest.mark.parametrize("lenient", ["debug", "testing"])
def test_debug_and_testing_are_not_checked(tmp_path, caplog, lenient):
    app = Flask("example", instance_path=str(tmp_path))
    PhoneAuth(app)
    setattr(app, lenient, True)  # as `flask run --debug` and test suites do, after `init_app`
    assert app.test_client().get("/auth/login").status_code == 200
    assert our_lines(caplog) == []


def test_commands_are_never_refused(production):
    app = production({"PHONEAUTH_PROVIDERS": MISSING, "SECRET_KEY": MISSING}, init_db=False)
    done = app.test_cli_runner().invoke(args=["phoneauth", "init-db"])
    assert (done.exit_code, done.output) == (0, "The tables are ready.\n")


@pytest.mark.parametrize(
    "changes",
    [{"PHONEAUTH_PROVIDERS": MISSING}, {"PHONEAUTH_STORE_URL": "mongodb://x"}],
    ids=["refused", "cannot start"],
)
def test_a_refused_app_still_knows_the_hosts_own_users(tmp_path, changes):
    app = Flask("example", instance_path=str(tmp_path))
    app.config.update({**SOUND, **changes})
    app.config.update(SESSION_COOKIE_SECURE=False)
    if changes.get("PHONEAUTH_PROVIDERS") is MISSING:
        del app.config["PHONEAUTH_PROVIDERS"]
    manager = LoginManager(app)

    class User(UserMixin):
        id = "7"

    manager.user_loader(lambda login_id: User() if login_id == "7" else None)
    PhoneAuth(app)

    @app.get("/in")
    def sign_in():
        return str(login_user(User()))

    @app.get("/who")
    def who():
        return str(current_user.is_authenticated)

    client = app.test_client()
    client.get("/in")
    assert client.get("/who").text == "True"
    with client.session_transaction() as held:
        held["_user_id"] = "phoneauth." + "A" * 43
    assert client.get("/who").text == "False"
    problem(client.get("/auth/login"), 500, "misconfigured")


def test_parts_that_cannot_be_built_are_a_misconfiguration_logged_once(make_app, caplog):
    client = make_app(STORE_URL="mongodb://x").test_client()
    for _ in range(3):
        problem(client.get("/auth/login", headers=BROWSER), 500, "misconfigured")
    assert client.get("/").text == "home"
    (line,) = our_lines(caplog)
    assert "PHONEAUTH_STORE_URL" in line


# a proxy that nobody has declared hides that its visitors come by https
@pytest.mark.parametrize("base", ["https://login.example", "http://login.example"])
def test_production_cookies_travel_by_https_only(production, base):
    client = production().test_client()
    headers = {"Sec-Fetch-Site": "same-origin"}
    asked = client.post(
        "/auth/login",
        json={"phone": "+447400123456", "remember": True},
        headers=headers,
        base_url=base,
    )
    assert asked.status_code == 202, asked.text
    (cookie,) = asked.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-phoneauth_binding=")
    assert "Secure" in cookie.split("; ")
    assert client.application.config["REMEMBER_COOKIE_SECURE"] is True


def test_without_tables_it_refuses_until_init_db_was_run(production, caplog):
    entry = {"phone": "+447400123456"}
    client = production(init_db=False).test_client()
    answer = client.post("/auth/login", json=entry, base_url="https://login.example")
    problem(answer, 500, "misconfigured")
    assert "run 'flask phoneauth init-db'" in our_lines(caplog, logging.ERROR)[-1]
    client = production().test_client()
    answer = client.post("/auth/login", json=entry, base_url="https://login.example")
    assert answer.status_code == 202

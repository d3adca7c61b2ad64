"""`PhoneAuth(app)`: how it sits in an app, whatever else the app brings."""

from __future__ import annotations

import re
import stat
import threading
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask_wtf import CSRFProtect
from web_steps import (
    BROWSER,
    OTHER_PHONE,
    PHONE,
    ask,
    entry,
    post_form,
    problem,
    rows,
    start_form,
    token_on,
    type_code,
)

from flask_phoneauth import PhoneAuth, PhoneAuthError, SettingError
from flask_phoneauth.delivery import failover
from flask_phoneauth.errors import InvalidCode, NumberTaken

SECRET = "a secret of the tests, long enough"


def bare(folder, **config):
    """An app before `PhoneAuth`."""
    app = Flask("example", instance_path=str(folder), template_folder=str(folder))
    app.config.update(TESTING=True, SECRET_KEY=SECRET, **config)
    return app


def test_ten_lines_are_an_app(tmp_path, phoneauth_login):
    app = bare(tmp_path)
    PhoneAuth(app)
    client = app.test_client()
    assert client.get("/auth/login").status_code == 200
    assert phoneauth_login(client)["new_user"] is True


def test_the_data_lies_in_the_instance_folder_for_the_owner_alone(app, phoneauth_login):
    phoneauth_login(app.test_client())
    place = Path(app.instance_path, "phoneauth.sqlite3")
    assert stat.S_IMODE(place.stat().st_mode) == 0o600


def test_nothing_is_made_before_the_first_request(make_app):
    app = make_app()
    assert not Path(app.instance_path).exists()


def test_one_object_serves_two_apps_that_know_nothing_of_each_other(tmp_path, phoneauth_login):
    auth = PhoneAuth()
    apps = []
    for name in ("one", "two"):
        app = bare(tmp_path / name, PHONEAUTH_BRAND=name)
        auth.init_app(app)
        apps.append(app)
    clients = [app.test_client() for app in apps]
    phoneauth_login(clients[0])
    copied = clients[0].get_cookie("session").value
    clients[1].set_cookie("session", copied)
    problem(clients[1].get("/auth/me"), 401, "not_signed_in")
    assert (rows(apps[0])["users"], rows(apps[1])["users"]) == (1, 0)
    assert "one" in clients[0].get("/auth/sessions", headers=BROWSER).text
    assert "two" in clients[1].get("/auth/login", headers=BROWSER).text


@pytest.mark.parametrize("prefix", ["/konto", "/a/b", ""])
def test_the_routes_move_with_their_prefix(make_app, phoneauth_code, prefix):
    app = make_app(URL_PREFIX=prefix)
    client = app.test_client()
    page = client.get(f"{prefix}/login", headers=BROWSER).text
    for linked in re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js))"', page):
        with client.get(linked) as found:
            assert found.status_code == 200, linked
    data = {"csrf_token": token_on(page), "phone": PHONE}
    asked = client.post(f"{prefix}/login", data=data, headers=BROWSER)
    assert asked.location.startswith(f"{prefix}/verify?challenge_id=")
    code_page = client.get(asked.location, headers=BROWSER).text
    challenge_id = asked.location.partition("=")[2]
    verified = post_form(
        client, f"{prefix}/verify", code_page, challenge_id=challenge_id, code=phoneauth_code(PHONE)
    )
    assert verified.status_code == 303
    assert client.get(f"{prefix}/me").status_code == 200


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("URL_PREFIX", "auth"),
        ("CODE_LENGTH", 3),
        ("CODE_TTL", "300"),
        ("SIGNUP", "no"),
        ("PUBLIC_URL", "example.com"),
        ("ALLOWED_REGIONS", "GB"),
        ("DISPATCH", "pigeon"),
        ("BRAND", 1.5),
    ],
)
def test_a_malformed_setting_is_refused_at_once_by_its_name(make_app, key, value):
    with pytest.raises(SettingError, match=f"PHONEAUTH_{key}"):
        make_app(**{key: value})


def test_inline_sending_is_refused_where_sign_up_is_off(make_app):
    with pytest.raises(SettingError, match="PHONEAUTH_DISPATCH"):
        make_app(SIGNUP=False, DISPATCH="inline")


def test_without_a_secret_key_debug_makes_one_that_survives(tmp_path):
    def fresh():
        app = Flask("example", instance_path=str(tmp_path / "instance"))
        app.debug = True
        PhoneAuth(app)
        return app

    first, second = fresh(), fresh()
    client = first.test_client()
    page = client.get("/auth/login", headers=BROWSER)
    assert page.status_code == 200
    assert post_form(client, "/auth/login", page.text, phone="x").status_code == 422
    key = tmp_path / "instance" / "phoneauth.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    second.test_client().get("/auth/login")
    assert first.secret_key == second.secret_key == key.read_text()
    assert len(first.secret_key) >= 43


def test_a_secret_key_of_the_apps_own_is_never_replaced(app):
    app.test_client().get("/auth/login")
    assert app.secret_key == SECRET
    assert not Path(app.instance_path, "phoneauth.key").exists()


def test_without_a_secret_key_production_is_refused_and_makes_none(tmp_path):
    app = Flask("example", instance_path=str(tmp_path))
    PhoneAuth(app)
    problem(app.test_client().get("/auth/login"), 500, "misconfigured")
    assert app.secret_key is None
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_told_with_the_cure(tmp_path, caplog):
    blocked = tmp_path / "file"
    blocked.write_text("")
    app = bare(blocked / "instance")
    app.secret_key = None
    PhoneAuth(app)
    app.add_url_rule("/", view_func=lambda: "home")
    client = app.test_client()
    problem(client.get("/auth/login"), 500, "misconfigured")
    assert client.get("/").text == "home"
    assert "phoneauth.key" in caplog.text
    app = bare(blocked / "instance")
    PhoneAuth(app)
    problem(app.test_client().get("/auth/login"), 500, "misconfigured")
    assert "PHONEAUTH_DATABASE_URL" in caplog.text
    done = app.test_cli_runner().invoke(args=["phoneauth", "init-db"])
    assert done.exit_code == 1
    assert "PHONEAUTH_DATABASE_URL" in done.output


def test_init_db_may_be_run_twice(app):
    for _ in range(2):
        done = app.test_cli_runner().invoke(args=["phoneauth", "init-db"])
        assert (done.exit_code, done.output) == (0, "The tables are ready.\n")


@pytest.mark.parametrize("before", [True, False])
def test_the_apps_own_form_protection_spares_our_json_and_not_our_forms(
    tmp_path, phoneauth_code, before
):
    app = bare(tmp_path)
    if before:
        CSRFProtect(app)
    PhoneAuth(app)
    if not before:
        CSRFProtect(app)
    app.add_url_rule("/own", view_func=lambda: "own", methods=["POST"])
    client = app.test_client()
    assert client.post("/own").status_code == 400
    asked = ask(client)
    done = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    assert done.status_code == 200
    assert client.delete("/auth/sessions").status_code == 204
    assert client.post("/auth/logout", data={"everywhere": "1"}).status_code == 403
    other = app.test_client()
    page = start_form(other, OTHER_PHONE)
    assert type_code(other, page, phoneauth_code(OTHER_PHONE)).status_code == 303


def test_a_block_of_our_pages_can_be_overridden(tmp_path):
    app = bare(tmp_path)
    folder = tmp_path / "phoneauth"
    folder.mkdir()
    (folder / "login.html").write_text(
        '{% extends "phoneauth/base.html" %}{% block content %}'
        '<h1>House style</h1>{% include "phoneauth/_login_form.html" %}{% endblock %}'
    )
    PhoneAuth(app)
    client = app.test_client()
    page = client.get("/auth/login", headers=BROWSER).text
    assert "<h1>House style</h1>" in page
    assert post_form(client, "/auth/login", page, phone=PHONE).status_code == 303


def test_the_login_form_on_a_page_of_the_apps_own_works(app, phoneauth_code):
    @app.get("/welcome")
    def welcome():
        return render_template_string(
            "<h1>Hi</h1>{{ phoneauth.login_form(next='/mine') }}"
            "{{ phoneauth.login_form(next='//evil.example') }}"
        )

    client = app.test_client()
    page = client.get("/welcome", headers=BROWSER).text
    assert "evil" not in page
    form = page.partition("<form")[2].partition("</form>")[0]
    assert 'action="/auth/login"' in form
    asked = post_form(client, "/auth/login", form, phone=PHONE, next="/mine")
    code_page = client.get(asked.location, headers=BROWSER).text
    assert type_code(client, code_page, phoneauth_code(PHONE)).location == "/mine"


def test_the_login_form_does_not_break_the_page_of_an_app_that_cannot_start(make_app):
    app = make_app(STORE_URL="mongodb://x")
    app.add_url_rule(
        "/welcome", view_func=lambda: render_template_string("Hi {{ phoneauth.login_form() }}")
    )
    answer = app.test_client().get("/welcome")
    assert (answer.status_code, answer.text) == (200, "Hi ")


def test_plain_python_calls_ask_judge_and_sign_in(tmp_path, phoneauth_code):
    app = bare(tmp_path)
    auth = PhoneAuth(app)

    @app.get("/in")
    def sign_in():
        asked = auth.request_code(PHONE)
        wrong_secret = "A" * 43
        challenge_id = asked.asked.challenge_id
        with pytest.raises(InvalidCode):
            auth.submit_code(challenge_id, wrong_secret, phoneauth_code(PHONE))
        done = auth.submit_code(challenge_id, asked.challenge_secret, phoneauth_code(PHONE))
        auth.sign_in(done.user)
        assert asked.challenge_secret not in repr(asked)
        return str(done.new_user)

    client = app.test_client()
    assert client.get("/in").text == "True"
    assert client.get("/auth/me").get_json()["user"]["phone"] == PHONE


def test_an_error_of_ours_on_a_page_of_the_app_is_a_problem_there(app):
    @app.get("/ask")
    def ask_here():
        raise PhoneAuthError

    assert app.test_client().get("/ask", headers=BROWSER).status_code == 500
    answer = app.test_client().get("/ask", headers={"Accept": "application/json"})
    problem(answer, 500, "error")


@dataclass(frozen=True)
class Member:
    """A user of a store that is not ours."""

    id: str
    phone: str
    blocked_at: float | None = None
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self):
        return self.id


class RecordingUsers:
    """A whole user store that writes down which thread asked it what."""

    def __init__(self):
        self.members = {}
        self.calls = []

    def _note(self, verb):
        self.calls.append((threading.get_ident(), verb))

    def get(self, user_id):
        self._note("get")
        return self.members.get(user_id)

    def by_phone(self, e164):
        self._note("by_phone")
        return next((m for m in self.members.values() if m.phone == e164), None)

    def search(self, text, limit, after):
        self._note("search")
        return [m for m in self.members.values() if text in m.phone][:limit]

    def create(self, e164, **fields):
        self._note("create")
        if any(m.phone == e164 for m in self.members.values()):
            raise NumberTaken
        member = Member(str(len(self.members) + 1), e164, **fields)
        self.members[member.id] = member
        return member

    def set_phone(self, user_id, e164):
        self.members[user_id] = replace(self.members[user_id], phone=e164)

    def set_blocked(self, user_id, blocked):
        self.members[user_id] = replace(self.members[user_id], blocked_at=1.0 if blocked else None)

    def delete(self, user_id):
        del self.members[user_id]


@pytest.fixture
def sent():
    """Which thread sent a message to which number."""
    messages = []

    def watch(outbound):
        messages.append((threading.get_ident(), outbound.to))

    failover.watchers.append(watch)
    yield messages
    failover.watchers.remove(watch)


@pytest.mark.parametrize("signup", [True, False], ids=["sign-up on", "sign-up off"])
@pytest.mark.parametrize("state", ["unknown", "known", "blocked"])
def test_the_request_neither_looks_the_user_up_nor_calls_a_provider(make_app, sent, state, signup):
    users = RecordingUsers()
    if state != "unknown":
        users.set_blocked(users.create(PHONE).id, state == "blocked")
    users.calls.clear()
    app = make_app(users=users, SIGNUP=signup, DISPATCH="thread")
    asked = ask(app.test_client())
    assert app.extensions["phoneauth"].live.parts.dispatch.drain(10)
    me = threading.get_ident()
    assert [verb for _, verb in users.calls] == ["by_phone"]
    assert all(thread != me for thread, _ in users.calls + sent)
    reached = state == "known" or (state == "unknown" and signup)
    assert [to for _, to in sent] == ([PHONE] if reached else [])
    assert asked["masked_phone"]


def test_with_sign_up_off_an_unknown_number_reads_like_a_known_one(make_app, phoneauth_code):
    users = RecordingUsers()
    users.create(PHONE)
    app = make_app(users=users, SIGNUP=False)
    clients = [app.test_client(use_cookies=False) for _ in range(2)]
    known, unknown = ask(clients[0]), ask(clients[1], OTHER_PHONE)
    app.extensions["phoneauth"].live.parts.dispatch.drain(10)
    assert set(known) == set(unknown)
    told = []
    for client, asked in zip(clients, (known, unknown), strict=True):
        headers = {"PhoneAuth-Challenge-Secret": asked["challenge_secret"]}
        told.append(client.get(f"/auth/challenges/{asked['challenge_id']}", headers=headers))
    assert [{**one.get_json(), "resend_in": 0, "expires_in": 0} for one in told] == [
        {"status": "pending", "delivery": "sent", "resend_in": 0, "expires_in": 0}
    ] * 2
    with pytest.raises(LookupError):
        phoneauth_code(OTHER_PHONE)
    guess = problem(
        clients[1].post("/auth/verify", json=entry(unknown, "0" * 6)), 400, "invalid_code"
    )
    assert guess["tries_left"] == 4
    done = clients[0].post("/auth/verify", json=entry(known, phoneauth_code(PHONE)))
    assert done.status_code == 200
    assert len(users.members) == 1


def test_a_user_store_of_the_apps_own_signs_up_and_logs_in(make_app, phoneauth_login):
    users = RecordingUsers()
    app = make_app(users=users)
    client = app.test_client()
    assert phoneauth_login(client)["new_user"] is True
    assert client.get("/mine").text == "mine"
    users.set_blocked("1", True)
    problem(client.get("/auth/me"), 401, "not_signed_in")

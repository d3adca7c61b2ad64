"""Apps that had Flask-Login, Flask-SQLAlchemy and Flask-Session before: the real packages."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import servers
from cachelib import FileSystemCache
from contracts.racing import crowd
from flask import Flask, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import (
    FlaskLoginClient,
    LoginManager,
    UserMixin,
    current_user,
    login_required,
    login_user,
    logout_user,
)
from flask_session import Session as ServerSession
from flask_sqlalchemy import SQLAlchemy
from flask_wtf import CSRFProtect
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column
from web_steps import BROWSER, OTHER_PHONE, PHONE, ask, entry, problem, start_form, type_code

from flask_phoneauth import CallableUsers, PhoneAuth, PhoneUserMixin
from flask_phoneauth.errors import NumberTaken
from flask_phoneauth.signals import user_signed_out, user_signed_up

JSON = {"Accept": "application/json"}

db = SQLAlchemy()
manager = LoginManager()


class User(PhoneUserMixin, UserMixin, db.Model):
    """The host's users."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None]


auth = PhoneAuth(users=User, login_manager=manager)


@manager.user_loader
def load_user(user_id):
    """The host's own, as Flask-Login's documentation shows it."""
    return db.session.get(User, int(user_id))


@pytest.fixture
def create_app(tmp_path):
    """`create_app(name, **config)`: the host's factory; extensions are module globals."""
    made = []

    def create(name="host", **config):
        app = Flask(name, instance_path=str(tmp_path / name))
        app.config.update(
            TESTING=True,
            SECRET_KEY="a secret of the tests, long enough",
            SQLALCHEMY_DATABASE_URI="sqlite:///host.sqlite3",
            **config,
        )
        db.init_app(app)
        manager.init_app(app)
        auth.init_app(app)
        with app.app_context():
            db.create_all()
            db.session.add(User(name="ann"))
            db.session.commit()
        add_views(app)
        made.append(app)
        return app

    yield create
    for app in made:
        auth.close(app)
        with app.app_context():
            db.engine.dispose()


def add_views(app):
    """The host's pages."""

    @app.post("/password")
    def password():
        return str(login_user(db.session.get(User, 1), remember=True))

    @app.post("/password/known")
    def password_known():
        auth.sign_in(db.session.get(User, 1))
        return "in"

    @app.get("/out")
    def out():
        return str(logout_user())

    @app.get("/mine")
    @login_required
    def mine():
        current_user.name = current_user.name or "new"
        db.session.commit()
        return f"{current_user.id} {current_user.name}"


def change(app, user_id, **values):
    """The host changes a user by its own means."""
    with app.app_context():
        user = db.session.get(User, user_id)
        for name, value in values.items():
            setattr(user, name, value)
        db.session.commit()


def remove(app, user_id):
    """The host deletes a user by its own means."""
    with app.app_context():
        db.session.delete(db.session.get(User, user_id))
        db.session.commit()


def count(app):
    """How many users there are."""
    with app.app_context():
        return len(db.session.scalars(select(User)).all())


def test_both_kinds_of_login_lead_to_the_hosts_own_users(create_app, phoneauth_login):
    app = create_app()
    theirs, ours = app.test_client(), app.test_client()
    assert theirs.post("/password").text == "True"
    assert theirs.get("/mine").text == "1 ann"
    answer = phoneauth_login(ours)
    assert answer["user"] == {"id": "2", "phone": PHONE}
    assert answer["new_user"] is True
    assert ours.get("/mine").text == "2 new"
    again = app.test_client()
    assert phoneauth_login(again)["new_user"] is False
    assert again.get("/mine").text == "2 new"
    assert count(app) == 2


def test_a_remembered_host_login_still_comes_back_and_goes(create_app):
    client = create_app().test_client()
    client.post("/password")
    client.delete_cookie("session")
    assert client.get("/mine").text == "1 ann"
    client.get("/out")
    assert client.get("/mine", headers=JSON).status_code == 401


def test_a_log_out_of_the_hosts_own_ends_our_session_on_the_server(create_app, phoneauth_login):
    app = create_app()
    client, thief = app.test_client(), app.test_client()
    phoneauth_login(client)
    thief.set_cookie("session", client.get_cookie("session").value)
    assert thief.get("/mine").text == "2 new"
    heard = []
    with user_signed_out.connected_to(lambda sender, **told: heard.append(told), app):
        assert client.get("/out").text == "True"
    assert [told["everywhere"] for told in heard] == [False]
    assert thief.get("/mine", headers=JSON).status_code == 401


def test_who_came_by_password_sees_the_phone_pages_too(create_app):
    client = create_app().test_client()
    client.post("/password")
    assert client.get("/auth/me").get_json() == {"user": {"id": "1", "phone": None}}
    assert client.get("/auth/sessions", headers=JSON).get_json() == {"sessions": []}
    assert client.get("/auth/sessions", headers=BROWSER).status_code == 200


def test_an_existing_user_with_a_proven_number_logs_in_as_before(create_app, phoneauth_login):
    app = create_app()
    change(app, 1, phone=PHONE, phone_verified_at=datetime.now(UTC))
    assert phoneauth_login(app.test_client())["new_user"] is False
    assert count(app) == 1


def test_a_number_that_somebody_only_typed_opens_nobodys_account(create_app, phoneauth_login):
    app = create_app()
    change(app, 1, phone=PHONE)
    client = app.test_client()
    assert phoneauth_login(client)["user"]["id"] == "2"
    assert client.get("/mine").text == "2 new"


@pytest.mark.parametrize("typed", [None, PHONE, OTHER_PHONE])
def test_a_member_adds_a_number_whatever_the_row_only_claims(
    create_app, phoneauth_code, phoneauth_clock, typed
):
    app = create_app()
    change(app, 1, phone=typed)
    client = app.test_client()
    client.post("/password/known")
    asked = client.post("/auth/phone", json={"phone": PHONE}).get_json()
    done = client.post("/auth/phone/verify", json=entry(asked, phoneauth_code(PHONE)))
    assert done.get_json() == {"user": {"id": "1", "phone": PHONE}}
    other = app.test_client()
    phoneauth_clock.advance(61)
    asked = ask(other)
    other.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    assert other.get("/mine").text == "1 ann"


def test_who_logged_in_by_the_hosts_code_alone_is_not_fresh_enough_to_change_a_number(create_app):
    client = create_app().test_client()
    client.post("/password")
    problem(client.post("/auth/phone", json={"phone": PHONE}), 403, "fresh_login_required")


@pytest.mark.parametrize("restarted", [False, True], ids=["session", "remember cookie only"])
@pytest.mark.parametrize("how", ["blocked", "deleted"])
def test_sessions_of_users_who_lost_access_die_on_the_next_request(
    create_app, phoneauth_code, how, restarted
):
    app = create_app()
    change(app, 1, phone=PHONE, phone_verified_at=datetime.now(UTC))
    theirs, ours = app.test_client(), app.test_client()
    theirs.post("/password")
    asked = ask(ours, remember=True)
    ours.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    for client in (theirs, ours):
        assert client.get("/mine").text == "1 ann"
    if how == "blocked":
        change(app, 1, blocked_at=datetime.now(UTC))
    else:
        remove(app, 1)
    for client in (theirs, ours):
        if restarted:
            client.delete_cookie("session")
        assert client.get("/mine", headers=JSON).status_code == 401
        problem(client.get("/auth/me"), 401, "not_signed_in")


def test_a_blocked_user_comes_in_by_no_way(create_app, phoneauth_login, phoneauth_code):
    app = create_app()
    change(app, 1, phone=PHONE, phone_verified_at=datetime.now(UTC))
    client = app.test_client()
    asked = ask(client)
    code = phoneauth_code(PHONE)
    change(app, 1, blocked_at=datetime.now(UTC))
    problem(client.post("/auth/verify", json=entry(asked, code)), 400, "invalid_code")
    assert client.post("/password").text == "False"
    assert client.get("/mine", headers=JSON).status_code == 401


def test_nobody_inherits_the_session_of_a_deleted_user(create_app, phoneauth_login):
    """SQLite gives the key of a deleted row again."""
    app = create_app()
    former = app.test_client()
    assert phoneauth_login(former)["user"]["id"] == "2"
    remove(app, 2)
    problem(former.get("/auth/me"), 401, "not_signed_in")
    assert phoneauth_login(app.test_client(), phone=OTHER_PHONE)["user"]["id"] == "2"
    problem(former.get("/auth/me"), 401, "not_signed_in")


def test_two_first_logins_of_one_number_at_once_make_one_user(
    create_app, phoneauth_code, phoneauth_clock
):
    app = create_app()
    clients, entries = [], []
    for _ in range(2):
        clients.append(app.test_client())
        asked = ask(clients[-1])
        entries.append(entry(asked, phoneauth_code(PHONE)))
        phoneauth_clock.advance(61)

    def verify(turn):
        return clients[turn].post("/auth/verify", json=entries[turn]).get_json()

    answers = crowd(2, verify)
    assert [answer["user"]["id"] for answer in answers] == ["2", "2"]
    assert sorted(answer["new_user"] for answer in answers) == [False, True]
    assert [client.get("/mine").text for client in clients] == ["2 new", "2 new"]


def test_the_hosts_test_client_signs_in_without_our_session(create_app):
    app = create_app()
    app.test_client_class = FlaskLoginClient
    with app.app_context():
        user = db.session.get(User, 1)
        client = app.test_client(user=user)
    assert client.get("/mine").text == "1 ann"
    assert client.get("/auth/me").get_json()["user"]["id"] == "1"


def test_a_factory_makes_two_apps_that_know_nothing_of_each_other(create_app, phoneauth_login):
    apps = [create_app("one"), create_app("two", PHONEAUTH_URL_PREFIX="/phone")]
    client = apps[0].test_client()
    phoneauth_login(client)
    assert [count(app) for app in apps] == [2, 1]
    stranger = apps[1].test_client()
    stranger.set_cookie("session", client.get_cookie("session").value)
    problem(stranger.get("/phone/me"), 401, "not_signed_in")
    assert stranger.get("/auth/me").status_code == 404


def test_a_listener_may_write_to_the_new_user(create_app, phoneauth_login):
    app = create_app()

    def name(sender, user):
        user.name = "by a listener"
        db.session.commit()

    with user_signed_up.connected_to(name, app):
        client = app.test_client()
        phoneauth_login(client)
    assert client.get("/mine").text == "2 by a listener"


def test_a_lost_users_database_signs_nobody_out(create_app, phoneauth_login, tmp_path):
    app = create_app(SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 0.05}})
    client = app.test_client()
    phoneauth_login(client)
    asked = ask(app.test_client(use_cookies=False))
    lock = sqlite3.connect(tmp_path / "host" / "host.sqlite3", isolation_level=None)
    lock.execute("begin exclusive")
    protected = client.get("/mine", headers=JSON)
    assert (protected.status_code, "Set-Cookie" in protected.headers) == (503, False)
    assert int(protected.headers["Retry-After"]) >= 1
    problem(client.get("/auth/me"), 503, "store_unavailable")
    lock.execute("rollback")
    lock.close()
    assert asked["masked_phone"]
    assert client.get("/mine").text == "2 new"


def test_a_code_stays_good_while_the_users_database_is_lost(create_app, phoneauth_code, tmp_path):
    app = create_app(SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 0.05}})
    client = app.test_client()
    asked = entry(ask(client), phoneauth_code(PHONE))
    lock = sqlite3.connect(tmp_path / "host" / "host.sqlite3", isolation_level=None)
    lock.execute("begin exclusive")
    problem(client.post("/auth/verify", json=asked), 503, "store_unavailable")
    lock.execute("rollback")
    lock.close()
    assert client.post("/auth/verify", json=asked).get_json()["new_user"] is True


@contextmanager
def in_files(tmp_path):
    """Flask-Session's settings for a folder."""
    kept = FileSystemCache(str(tmp_path / "sessions"), mode=0o600)
    yield {"SESSION_TYPE": "cachelib", "SESSION_CACHELIB": kept}


@contextmanager
def in_redis(tmp_path):
    """Flask-Session's settings for a Redis, which holds our challenges too."""
    url = servers.start_redis("single")
    with Redis.from_url(url) as kept:
        yield {"SESSION_TYPE": "redis", "SESSION_REDIS": kept, "PHONEAUTH_STORE_URL": url}


@pytest.fixture(params=[in_files, in_redis], ids=["files", "redis"])
def server_side(create_app, tmp_path, request):
    """The host keeps its sessions on the server."""
    with request.param(tmp_path) as settings:
        app = create_app(**settings)
        ServerSession(app)
        add_basket(app)
        yield app


def add_basket(app):
    """Pages that keep something in the session."""

    @app.get("/plant")
    def plant():
        session["basket"] = ["apples"]
        return session.sid

    @app.get("/held")
    def held():
        return {"sid": session.sid, "basket": session.get("basket")}


def test_a_server_side_session_gets_a_new_id_at_login_and_keeps_the_basket(
    server_side, phoneauth_code
):
    client, thief = server_side.test_client(), server_side.test_client()
    planted = client.get("/plant").text
    thief.set_cookie("session", client.get_cookie("session").value)
    page = start_form(client)
    assert type_code(client, page, phoneauth_code(PHONE)).status_code == 303
    held = client.get("/held").get_json()
    assert held["sid"] != planted
    assert held["basket"] == ["apples"]
    assert client.get("/mine").text == "2 new"
    assert thief.get("/mine", headers=JSON).status_code == 401
    assert thief.get("/held").get_json()["basket"] is None


def test_a_planted_session_is_gone_from_the_server_after_login(create_app, phoneauth_code):
    with in_redis(None) as settings:
        app = create_app(**settings)
        ServerSession(app)
        add_basket(app)
        client, kept = app.test_client(), settings["SESSION_REDIS"]
        planted = client.get("/plant").text
        assert kept.keys("session:*") == [f"session:{planted}".encode()]
        page = start_form(client)
        assert type_code(client, page, phoneauth_code(PHONE)).status_code == 303
        (held,) = kept.keys("session:*")
        assert held == f"session:{client.get('/held').get_json()['sid']}".encode()
        assert held != f"session:{planted}".encode()
        assert kept.keys("phoneauth:*")  # our own stand beside it
        client.post("/auth/logout", json={})
        problem(client.get("/auth/me"), 401, "not_signed_in")


def test_a_server_side_session_ends_with_the_registrys(server_side, phoneauth_login):
    first, second = server_side.test_client(), server_side.test_client()
    phoneauth_login(first)
    phoneauth_login(second)
    assert first.delete("/auth/sessions").status_code == 204
    problem(second.get("/auth/me"), 401, "not_signed_in")
    assert first.post("/auth/logout", json={}).status_code == 204
    problem(first.get("/auth/me"), 401, "not_signed_in")


def test_a_host_with_everything_at_once(create_app, tmp_path, phoneauth_code):
    app = create_app(RATELIMIT_STORAGE_URI="memory://", RATELIMIT_HEADERS_ENABLED=True)
    CSRFProtect(app)
    Limiter(get_remote_address, app=app, default_limits=["100 per minute"])
    client = app.test_client()
    assert client.post("/password").status_code == 400
    page = start_form(client, next="/mine")
    done = type_code(client, page, phoneauth_code(PHONE))
    assert (done.status_code, done.location) == (303, "/mine")
    assert client.get("/mine").text == "2 new"
    assert "X-RateLimit-Limit" in client.get("/mine").headers


class Person(UserMixin):
    """A user in no database."""

    blocked_at = None

    def __init__(self, user_id, phone):
        self.id, self.phone = user_id, phone


@pytest.fixture
def people():
    """Users by number, and a store of functions over them."""
    held = {}

    def by_id(user_id):
        return next((person for person in held.values() if person.id == user_id), None)

    def create(phone):
        if phone in held:
            raise NumberTaken
        held[phone] = Person(f"p{len(held)}", phone)
        return held[phone]

    return held, CallableUsers(get=by_id, by_phone=lambda phone: held.get(phone), create=create)


def test_functions_are_enough_for_sign_up_login_and_block(make_app, people, phoneauth_login):
    held, users = people
    app = make_app(users=users)
    client, again = app.test_client(), app.test_client()
    assert phoneauth_login(client)["user"] == {"id": "p0", "phone": PHONE}
    assert phoneauth_login(again)["new_user"] is False
    assert client.get("/mine").text == "mine"
    held[PHONE].blocked_at = 1.0
    problem(client.get("/auth/me"), 401, "not_signed_in")
    held[PHONE].blocked_at = None
    assert client.get("/mine").text == "mine"
    del held[PHONE]
    problem(client.get("/auth/me"), 401, "not_signed_in")


def test_a_user_who_is_made_and_removed_at_once_is_no_500(make_app, phoneauth_code):
    def taken(phone):
        raise NumberTaken

    users = CallableUsers(get=lambda i: None, by_phone=lambda phone: None, create=taken)
    client = make_app(users=users).test_client()
    asked = entry(ask(client), phoneauth_code(PHONE))
    for _ in range(2):  # the code stays good
        problem(client.post("/auth/verify", json=asked), 503, "store_unavailable")

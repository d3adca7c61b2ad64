"""Who is this? Our loader beside the host's, and a registry that cannot be read (RULES 12, 13)."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_login import LoginManager, UserMixin, login_required, login_user
from web_steps import BROWSER, PHONE, ask, database_of, entry, problem

from flask_phoneauth import PhoneAuth, anonymous_required

JSON = {"Accept": "application/json"}


class HostUser(UserMixin):
    """A user of the host's own."""

    def __init__(self, user_id):
        self.id = user_id


@pytest.fixture
def host(tmp_path):
    """`host(...)`: an app that had Flask-Login, with a loader of its own, before PhoneAuth."""

    def make(*, after=False, **settings):
        app = Flask("host", instance_path=str(tmp_path / "instance"))
        app.config.update(TESTING=True, SECRET_KEY="a secret of the tests, long enough")
        app.config.update({f"PHONEAUTH_{name}": value for name, value in settings.items()})
        manager = LoginManager()
        asked_for = app.config["ASKED_FOR"] = []

        @manager.user_loader
        def load(login_id):
            asked_for.append(login_id)
            return HostUser(str(int(login_id)))

        if after:
            PhoneAuth(app)
            manager.init_app(app)
        else:
            manager.init_app(app)
            PhoneAuth(app)

        @app.get("/host")
        def sign_in():
            return str(login_user(HostUser("7"), remember=True))

        @app.get("/mine")
        @login_required
        def mine():
            return "mine"

        return app

    return make


@pytest.mark.parametrize("after", [False, True], ids=["set up before", "set up after"])
def test_the_hosts_own_logins_and_ours_work_side_by_side(host, phoneauth_login, after):
    app = host(after=after)
    theirs, ours = app.test_client(), app.test_client()
    theirs.get("/host")
    assert theirs.get("/mine").text == "mine"
    assert app.config["ASKED_FOR"] == ["7"]
    phoneauth_login(ours)
    assert ours.get("/mine").text == "mine"
    assert ours.get("/auth/me").get_json()["user"]["phone"] == PHONE
    assert app.config["ASKED_FOR"] == ["7"]


def test_a_loader_that_the_host_sets_later_is_wrapped_too(app, phoneauth_login):
    client = app.test_client()
    phoneauth_login(client)
    asked_for = []
    app.login_manager.user_loader(asked_for.append)
    assert client.get("/auth/me").status_code == 200
    assert asked_for == []


def test_the_hosts_own_logins_are_refused_where_the_registry_is_required(host, phoneauth_login):
    app = host(REQUIRE_REGISTRY=True)
    client = app.test_client()
    client.get("/host")
    assert client.get("/mine", headers=JSON).status_code == 401
    assert app.config["ASKED_FOR"] == []
    phoneauth_login(client)
    assert client.get("/mine").text == "mine"


def test_a_login_manager_may_be_handed_in(tmp_path, phoneauth_login):
    app = Flask("example", instance_path=str(tmp_path))
    app.config.update(TESTING=True, SECRET_KEY="a secret of the tests, long enough")
    manager = LoginManager()
    manager.login_view = "/signin"
    PhoneAuth(app, login_manager=manager)
    app.add_url_rule("/mine", view_func=login_required(lambda: "mine"))
    client = app.test_client()
    assert app.login_manager is manager
    assert client.get("/mine", headers=BROWSER).location == "/signin?next=%2Fmine"
    phoneauth_login(client)
    assert client.get("/mine").text == "mine"


def test_the_hosts_own_answer_to_strangers_stays(host):
    app = host()
    app.login_manager.unauthorized_handler(lambda: ("the host's own", 418))
    answer = app.test_client().get("/mine")
    assert (answer.status_code, answer.text) == (418, "the host's own")


def test_a_token_of_the_host_that_looks_like_a_number_of_ours_signs_nobody_in(app):
    client = app.test_client()
    with client.session_transaction() as held:
        held["_user_id"] = "phoneauth." + "A" * 43
    problem(client.get("/auth/me"), 401, "not_signed_in")


@pytest.mark.parametrize("login_id", ["", "0", "9" * 30, "x", "-1", "٣", "1 or 1=1"])
def test_any_foreign_id_is_looked_up_safely(app, login_id):
    client = app.test_client()
    with client.session_transaction() as held:
        held["_user_id"] = login_id
    problem(client.get("/auth/me"), 401, "not_signed_in")


def test_strangers_only_pages_send_on_who_is_signed_in(app, phoneauth_login):
    app.add_url_rule("/hello", view_func=anonymous_required(lambda: "hello"), endpoint="hello")
    client = app.test_client()
    assert client.get("/hello").text == "hello"
    phoneauth_login(client)
    assert (client.get("/hello").status_code, client.get("/hello").location) == (303, "/")


@pytest.fixture
def lost_registry(app, phoneauth_code):
    """A remembered client and two functions: the registry goes, the registry comes back."""
    client = app.test_client()
    asked = ask(client, remember=True)
    client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    place = database_of(app)
    away = place.with_suffix(".away")

    def move(source, target):
        for ending in ("", "-wal", "-shm"):
            part = source.with_name(source.name + ending)
            if part.exists():
                part.rename(target.with_name(target.name + ending))

    return client, lambda: move(place, away), lambda: move(away, place)


@pytest.mark.parametrize("restarted", [False, True], ids=["session", "remember cookie only"])
def test_an_unreadable_registry_signs_nobody_out(app, lost_registry, restarted):
    client, lose, bring_back = lost_registry
    if restarted:
        client.delete_cookie("session")
    lose()
    for headers in (BROWSER, JSON):
        protected = client.get("/mine", headers=headers)
        assert protected.status_code == 503
        assert int(protected.headers["Retry-After"]) >= 1
        assert "Set-Cookie" not in protected.headers
        open_page = client.get("/", headers=headers)
        assert (open_page.status_code, open_page.text) == (200, "home")
        assert "Set-Cookie" not in open_page.headers
        login_page = client.get("/auth/login", headers=headers)
        assert login_page.status_code == 200
        assert "Set-Cookie" not in login_page.headers
    for answer in (
        client.get("/auth/me"),
        client.get("/auth/sessions", headers=JSON),
        client.post("/auth/logout", json={}),
        client.delete("/auth/sessions"),
        client.delete("/auth/sessions/current"),
    ):
        problem(answer, 503, "store_unavailable")
        assert "Set-Cookie" not in answer.headers
    bring_back()
    assert client.get("/mine").text == "mine"
    assert client.get("/auth/me").get_json()["user"]["phone"] == PHONE


def test_strangers_are_strangers_while_the_registry_is_away(app, lost_registry):
    _, lose, _ = lost_registry
    lose()
    stranger = app.test_client()
    assert stranger.get("/mine", headers=JSON).status_code == 401
    assert stranger.get("/mine", headers=BROWSER).status_code == 303


def test_a_cookie_that_is_refreshed_each_time_is_left_alone_too(app, lost_registry):
    client, lose, bring_back = lost_registry
    app.config["REMEMBER_COOKIE_REFRESH_EACH_REQUEST"] = True
    lose()
    assert client.get("/mine", headers=JSON).status_code == 503
    bring_back()
    client.delete_cookie("session")
    assert client.get("/mine").text == "mine"


def test_an_app_that_begins_without_its_registry_says_so_and_recovers(make_app, phoneauth_code):
    """Even the very first request finds the database locked."""
    import sqlite3

    app = make_app()
    place = database_of(app)
    place.parent.mkdir(parents=True)
    lock = sqlite3.connect(place, isolation_level=None)
    lock.execute("begin exclusive")
    client = app.test_client()
    with client.session_transaction() as held:
        held["_user_id"] = "phoneauth." + "A" * 43
    for path in ("/auth/login", "/mine", "/auth/me"):
        for headers in (BROWSER, JSON):
            answer = client.get(path, headers=headers)
            assert answer.status_code == 503
            assert int(answer.headers["Retry-After"]) >= 1
    assert client.get("/").text == "home"
    lock.execute("rollback")
    lock.close()
    assert client.get("/auth/login", headers=BROWSER).status_code == 200

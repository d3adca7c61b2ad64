"""Every signed-in device is known to the server and ends when the server says so (RULES 12)."""

from __future__ import annotations

import hashlib

import pytest
from flask import jsonify, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_login import FlaskLoginClient
from web_steps import BROWSER, OTHER_PHONE, PHONE, ask, entry, post_form, problem, query, rows

JSON = {"Accept": "application/json"}
DAY = 86_400


def ids(client):
    """The public ids of the user's sessions: this one first, then the others."""
    listed = client.get("/auth/sessions", headers=JSON).get_json()["sessions"]
    return [one["id"] for one in sorted(listed, key=lambda one: not one["current"])]


def token_of(client):
    with client.session_transaction() as held:
        return held["_user_id"]


def signed_in(client):
    return client.get("/auth/me").status_code == 200


def test_only_the_hash_of_the_token_is_stored(app, phoneauth_login):
    client = app.test_client()
    phoneauth_login(client)
    token = token_of(client)
    assert len(token.partition(".")[2]) == 43
    (stored,) = query(app, "select token_hash from phoneauth_sessions")
    assert stored[0] == hashlib.sha256(token.encode()).digest()


def test_every_login_makes_a_new_session_and_leaves_the_former_one(app, phoneauth_login):
    client = app.test_client()
    phoneauth_login(client)
    first, copy = token_of(client), app.test_client()
    copy.set_cookie("session", client.get_cookie("session").value)
    phoneauth_login(client)
    assert token_of(client) != first
    assert rows(app)["sessions"] == 1
    assert not signed_in(copy)


def test_another_users_login_on_the_same_device_ends_the_former_session(app, phoneauth_login):
    client = app.test_client()
    phoneauth_login(client)
    phoneauth_login(client, phone=OTHER_PHONE)
    assert client.get("/auth/me").get_json()["user"]["phone"] == OTHER_PHONE
    assert rows(app)["sessions"] == 1


def test_what_was_planted_before_the_login_is_dropped_and_the_apps_own_is_kept(app, phoneauth_code):
    client = app.test_client()
    asked = ask(client)
    planted = {
        "_user_id": "1",
        "_fresh": True,
        "_id": "planted",
        "_remember": "set",
        "_remember_seconds": 9_999,
        "csrf_token": "planted",
    }
    with client.session_transaction() as held:
        held.update(planted, basket=["a book"])
    done = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    assert done.status_code == 200
    with client.session_transaction() as held:
        assert all(held.get(name) != value for name, value in planted.items() if name != "_fresh")
        assert held["basket"] == ["a book"]
    assert client.get_cookie("remember_token") is None


def test_a_form_token_of_before_the_login_is_worth_nothing_after_it(app, phoneauth_login):
    client = app.test_client()
    before = client.get("/auth/login", headers=BROWSER).text
    phoneauth_login(client)
    assert post_form(client, "/auth/logout", before).status_code == 403
    assert signed_in(client)


def test_a_renamed_form_token_is_dropped_too(app, phoneauth_login):
    app.config["WTF_CSRF_FIELD_NAME"] = "_token"
    client = app.test_client()
    with client.session_transaction() as held:
        held["_token"] = "planted"
    phoneauth_login(client)
    with client.session_transaction() as held:
        assert "_token" not in held


def test_all_of_the_apps_session_goes_where_that_is_wished(make_app, phoneauth_login):
    app = make_app(SESSION_CLEAR_ON_LOGIN=True)
    client = app.test_client()
    with client.session_transaction() as held:
        held.update(basket=["a book"], role="admin")
    phoneauth_login(client)
    with client.session_transaction() as held:
        assert not {"basket", "role"} & set(held)


def test_a_server_side_session_gets_a_new_id_at_login(app, phoneauth_login):
    renewed = []

    class Regenerating(SecureCookieSessionInterface):
        def regenerate(self, held):
            renewed.append(dict(held))

    app.session_interface = Regenerating()
    client = app.test_client()
    with client.session_transaction() as held:
        held["basket"] = ["a book"]
    phoneauth_login(client)
    assert len(renewed) == 1
    assert "basket" in renewed[0]


def test_deleting_the_row_ends_the_session_and_its_remember_cookie(app, phoneauth_code):
    client = app.test_client()
    asked = ask(client, remember=True)
    client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    assert signed_in(client)
    query(app, "delete from phoneauth_sessions")
    assert not signed_in(client)
    client.delete_cookie("session")
    assert client.get_cookie("remember_token") is not None
    assert not signed_in(client)


def test_copies_of_the_cookies_are_dead_after_the_logout(app, phoneauth_code):
    client, thief = app.test_client(), app.test_client()
    asked = ask(client, remember=True)
    client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    for name in ("session", "remember_token"):
        thief.set_cookie(name, client.get_cookie(name).value)
    assert signed_in(thief)
    assert client.post("/auth/logout", json={}).status_code == 204
    assert client.get_cookie("remember_token") is None
    assert not signed_in(client)
    assert not signed_in(thief)
    assert rows(app)["sessions"] == 0


def test_the_remember_cookie_brings_a_restarted_browser_back(app, phoneauth_code):
    client = app.test_client()
    asked = ask(client, remember=True)
    done = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    (cookie,) = [c for c in done.headers.getlist("Set-Cookie") if c.startswith("remember_token")]
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert "Expires=" in cookie
    before = ids(client)
    client.delete_cookie("session")
    assert signed_in(client)
    assert ids(client) == before


def test_without_the_wish_there_is_no_remember_cookie(app, phoneauth_login):
    client = app.test_client()
    phoneauth_login(client)
    assert client.get_cookie("remember_token") is None


def test_a_session_lives_as_long_as_set(make_app, phoneauth_login, phoneauth_clock):
    phoneauth_clock.freeze()
    app = make_app(SESSION_LIFETIME=3 * DAY, SESSION_IDLE=2 * DAY)
    client = app.test_client()
    phoneauth_login(client)
    for _ in range(2):
        phoneauth_clock.advance(1.4 * DAY)
        assert signed_in(client)
    phoneauth_clock.advance(0.3 * DAY)
    assert not signed_in(client)


def test_a_quiet_session_ends(make_app, phoneauth_login, phoneauth_clock):
    phoneauth_clock.freeze()
    app = make_app(SESSION_IDLE=DAY)
    client = app.test_client()
    phoneauth_login(client)
    phoneauth_clock.advance(DAY - 1)
    assert signed_in(client)
    phoneauth_clock.advance(DAY - 1)
    assert signed_in(client)
    phoneauth_clock.advance(DAY + 1)
    assert not signed_in(client)


def test_a_remembered_session_lives_longer_and_ends_too(app, phoneauth_code, phoneauth_clock):
    phoneauth_clock.freeze()
    client = app.test_client()
    asked = ask(client, remember=True)
    client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    phoneauth_clock.advance(89 * DAY)
    assert signed_in(client)
    phoneauth_clock.advance(DAY + 1)
    assert not signed_in(client)


def test_last_seen_is_written_at_most_once_a_minute(app, phoneauth_login, phoneauth_clock):
    phoneauth_clock.freeze()
    client = app.test_client()
    phoneauth_login(client)

    def seen():
        return query(app, "select last_seen_at from phoneauth_sessions")[0][0]

    at_login = seen()
    phoneauth_clock.advance(59)
    assert signed_in(client)
    assert seen() == at_login
    phoneauth_clock.advance(1)
    assert signed_in(client)
    assert seen() == pytest.approx(at_login + 60)


def test_freshness_goes_by_the_time_of_the_login(app, phoneauth_code, phoneauth_clock):
    phoneauth_clock.freeze()
    client = app.test_client()
    asked = ask(client, remember=True)
    client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    phoneauth_clock.advance(599)
    client.delete_cookie("session")  # back by the remember cookie: still within ten minutes
    assert client.get("/fresh", headers=JSON).status_code == 200
    phoneauth_clock.advance(2)
    with client.session_transaction() as held:
        held["_fresh"] = True
    problem(client.get("/fresh", headers=JSON), 403, "fresh_login_required")


def test_a_blocked_user_is_out_on_the_next_request(app, phoneauth_code):
    client = app.test_client()
    asked = ask(client, remember=True)
    client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    users = app.extensions["phoneauth"].live.parts.users
    users.set_blocked("1", True)
    problem(client.get("/auth/me"), 401, "not_signed_in")
    assert client.get("/mine", headers=BROWSER).status_code == 303
    client.delete_cookie("session")
    problem(client.get("/auth/me"), 401, "not_signed_in")


def test_a_user_who_is_blocked_before_the_code_is_typed_stays_out(
    app, phoneauth_login, phoneauth_code
):
    phoneauth_login(app.test_client())
    client = app.test_client()
    asked = ask(client)
    app.extensions["phoneauth"].live.parts.users.set_blocked("1", True)
    before = rows(app)["sessions"]
    for _ in range(2):
        right = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
        assert right.status_code in (400, 410)
    assert rows(app)["sessions"] == before
    problem(client.get("/auth/me"), 401, "not_signed_in")


def test_a_deleted_user_is_out_on_the_next_request(app, phoneauth_login):
    client = app.test_client()
    phoneauth_login(client)
    app.extensions["phoneauth"].live.parts.users.delete("1")
    problem(client.get("/auth/me"), 401, "not_signed_in")
    assert client.get("/mine", headers=BROWSER).status_code == 303


def test_a_blocked_number_is_answered_as_any_other_and_gets_no_code(app, phoneauth_code):
    users_code = None
    client = app.test_client()
    asked = ask(client)
    client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    users_code = phoneauth_code(PHONE)
    client.post("/auth/logout", json={})
    app.extensions["phoneauth"].live.parts.users.set_blocked("1", True)
    stranger = app.test_client(use_cookies=False)
    blocked, known = ask(stranger), ask(stranger, OTHER_PHONE)
    assert set(blocked) == set(known)
    assert phoneauth_code(PHONE) == users_code
    secret = {"PhoneAuth-Challenge-Secret": blocked["challenge_secret"]}
    told = stranger.get(f"/auth/challenges/{blocked['challenge_id']}", headers=secret).get_json()
    assert (told["status"], told["delivery"]) == ("pending", "sent")


def test_signing_out_everywhere_ends_every_device(app, phoneauth_login):
    devices = [app.test_client() for _ in range(3)]
    for client in devices:
        phoneauth_login(client)
    other = app.test_client()
    phoneauth_login(other, phone=OTHER_PHONE)
    assert devices[0].post("/auth/logout", json={"everywhere": True}).status_code == 204
    assert [signed_in(client) for client in devices] == [False] * 3
    assert signed_in(other)
    phoneauth_login(devices[0])
    assert signed_in(devices[0])


def test_the_epoch_ends_a_row_that_was_written_meanwhile(app, phoneauth_login):
    client = app.test_client()
    phoneauth_login(client)
    query(app, "insert into phoneauth_epochs (user_id, epoch) values ('1', 1)")
    assert not signed_in(client)


def test_all_other_devices_are_ended_and_this_one_stays(app, phoneauth_login):
    here, there, far = (app.test_client() for _ in range(3))
    for client in (here, there, far):
        phoneauth_login(client)
    assert here.delete("/auth/sessions").status_code == 204
    assert [signed_in(client) for client in (here, there, far)] == [True, False, False]


def test_this_session_is_called_current(app, phoneauth_login):
    here, there = app.test_client(), app.test_client()
    phoneauth_login(here)
    phoneauth_login(there)
    own = ids(here)[0]
    assert here.delete(f"/auth/sessions/{own}").status_code == 204
    assert (signed_in(here), signed_in(there)) == (False, True)
    assert there.delete("/auth/sessions/current").status_code == 204
    assert not signed_in(there)


@pytest.mark.parametrize("by_form", [False, True])
def test_another_users_session_is_not_found_and_lives_on(app, phoneauth_login, by_form):
    mine, theirs = app.test_client(), app.test_client()
    phoneauth_login(mine)
    phoneauth_login(theirs, phone=OTHER_PHONE)
    (foreign,) = ids(theirs)
    if by_form:
        page = mine.get("/auth/sessions", headers=BROWSER).text
        assert post_form(mine, f"/auth/sessions/{foreign}/revoke", page).status_code == 404
    else:
        problem(mine.delete(f"/auth/sessions/{foreign}"), 404, "unknown_session")
    assert signed_in(theirs)
    assert foreign not in ids(mine)


@pytest.mark.parametrize("session_id", ["x", "%00", "A" * 5_000, "%ed%a0%80", "current%20"])
def test_an_unknown_session_is_not_found(app, phoneauth_login, session_id):
    client = app.test_client()
    phoneauth_login(client)
    problem(client.delete(f"/auth/sessions/{session_id}"), 404, "unknown_session")
    assert rows(app)["sessions"] == 1


def test_a_device_is_shown_by_what_it_said_of_itself(app, phoneauth_code):
    client = app.test_client()
    agent = {"User-Agent": "Mozilla/5.0 <b>\tbold</b> " + "x" * 5_000}
    asked = ask(client)
    client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)), headers=agent)
    (one,) = client.get("/auth/sessions", headers=JSON).get_json()["sessions"]
    assert one["user_agent"].startswith("Mozilla/5.0 <b>bold</b> xxx")
    assert len(one["user_agent"]) == 200
    assert one["ip"] == "127.0.0.1"
    assert one["created_at"].endswith("+00:00")
    assert "<b>" not in client.get("/auth/sessions", headers=BROWSER).text


def test_a_listener_that_errs_leaves_no_session_that_the_registry_does_not_know(
    app, phoneauth_code
):
    from flask_login import user_logged_in

    def fail(*_args, **_kwargs):
        raise RuntimeError("a listener of the app")

    app.config["PROPAGATE_EXCEPTIONS"] = False
    client = app.test_client()
    asked = ask(client)
    with user_logged_in.connected_to(fail, app):
        done = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE)))
    assert done.status_code == 500
    query(app, "delete from phoneauth_sessions")
    assert not signed_in(client)


def test_flask_logins_test_client_signs_in_without_a_registry(app, phoneauth_login):
    phoneauth_login(app.test_client())
    user = app.extensions["phoneauth"].live.parts.users.get("1")
    app.test_client_class = FlaskLoginClient
    client = app.test_client(user=user)
    assert client.get("/mine").text == "mine"
    assert client.get("/auth/me").get_json()["user"]["phone"] == PHONE
    assert client.post("/auth/logout", json={}).status_code == 204
    assert not signed_in(client)


def test_a_host_that_reads_the_session_sees_its_own_keys(app, phoneauth_login):
    app.add_url_rule("/put", endpoint="put", view_func=lambda: session.update(request.args) or "")
    app.add_url_rule("/all", endpoint="all", view_func=lambda: jsonify(sorted(session)))
    client = app.test_client()
    client.get("/put?colour=red")
    phoneauth_login(client)
    assert "colour" in client.get("/all").get_json()
    client.post("/auth/logout", json={})
    assert client.get("/all").get_json() == ["colour"]

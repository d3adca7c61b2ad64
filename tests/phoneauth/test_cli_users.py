"""`flask phoneauth users ...`: an operator lists, makes, blocks, removes and signs out."""

from __future__ import annotations

import json

import pytest
from web_steps import OTHER_PHONE, PHONE, problem, rows

from flask_phoneauth import CallableUsers, signals
from flask_phoneauth.records import Client


@pytest.fixture
def run(app):
    """`run("list", "--json")`: a command's exit code, output and errors."""

    def invoke(*words, code=0, **options):
        done = app.test_cli_runner().invoke(args=["phoneauth", "users", *words], **options)
        assert done.exit_code == code, done.output
        return done

    return invoke


def shown(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def signed_in(app, phoneauth_login, phone=PHONE):
    client = app.test_client()
    phoneauth_login(client, phone=phone)
    return client


def test_users_are_listed_with_masked_numbers_unless_asked_in_full(run):
    run("create", PHONE)
    run("create", OTHER_PHONE)
    masked = run("list")
    assert PHONE not in masked.output
    assert masked.stdout.splitlines() == ["1  +44 •••• ••3456", "2  +44 •••• ••3457"]
    first, second = shown(run("list", "--full", "--json"))
    assert (first["id"], first["phone"], first["blocked_at"]) == ("1", PHONE, None)
    assert first["phone_verified_at"].endswith("+00:00")
    assert second["phone"] == OTHER_PHONE


def test_a_long_list_is_gone_on_with_and_searched_by_digits(run):
    for phone in (PHONE, OTHER_PHONE):
        run("create", phone)
    page = run("list", "--limit", "1")
    assert "--after 1" in page.stderr
    assert run("list", "--after", "1").stdout.startswith("2  ")
    (found,) = shown(run("list", "--search", "123 457", "--json"))
    assert found["id"] == "2"
    assert "--search" in run("list", "--search", "abc", code=2).stderr


def test_an_account_made_by_an_operator_is_the_one_that_signs_in(app, run, phoneauth_login):
    assert run("create", "0044 (0)7400 123456").stdout == "1  +44 •••• ••3456\n"
    assert phoneauth_login(app.test_client())["new_user"] is False
    assert rows(app)["users"] == 1


@pytest.mark.parametrize(
    ("number", "cure"),
    [(PHONE, "belongs to another account"), ("+4", "digits"), ("12", "own number")],
)
def test_an_account_that_cannot_be_made_is_refused_in_words(run, number, cure):
    run("create", PHONE)
    done = run("create", number, code=1)
    assert cure in done.stderr
    assert PHONE not in done.output


def test_a_country_that_is_not_served_gets_no_account(make_app):
    app = make_app(ALLOWED_REGIONS=["US"])
    done = app.test_cli_runner().invoke(args=["phoneauth", "users", "create", PHONE])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "country" in done.stderr


@pytest.mark.parametrize("spelling", ["1", "id:1", PHONE, "+44 (0)7400-123456", "00447400123456"])
def test_a_user_is_found_by_any_spelling_and_by_id(run, spelling):
    run("create", PHONE)
    assert run("sessions", spelling).stderr == "No sessions.\n"


@pytest.mark.parametrize("nobody", ["2", "id:x", OTHER_PHONE, "hello", "id:"])
def test_a_user_that_is_not_there_is_told(run, nobody):
    run("create", PHONE)
    assert "no such user" in run("block", nobody, code=1).stderr


def test_what_is_no_number_is_told_with_its_cure(run):
    assert "calling code" in run("block", "+999 123456", code=1).stderr


def test_digits_that_are_one_users_id_and_anothers_number_are_not_guessed(make_app):
    class Person:
        blocked_at = None

        def __init__(self, user_id, phone):
            self.id, self.phone = user_id, phone

        def get_id(self):
            return self.id

    people = [Person("07400123456", OTHER_PHONE), Person("2", PHONE)]
    blocked = []
    users = CallableUsers(
        get=lambda user_id: next((one for one in people if one.id == user_id), None),
        by_phone=lambda phone: next((one for one in people if one.phone == phone), None),
        create=lambda phone, **fields: None,
        set_blocked=lambda user_id, blocked_: blocked.append(user_id),
    )
    app = make_app(users=users, DEFAULT_REGION="GB")
    runner = app.test_cli_runner()
    done = runner.invoke(args=["phoneauth", "users", "block", "07400123456"])
    assert done.exit_code == 1
    assert "write id:07400123456, or the number with +" in done.stderr
    assert not blocked
    assert not runner.invoke(args=["phoneauth", "users", "block", PHONE]).exit_code
    assert not runner.invoke(args=["phoneauth", "users", "block", "id:07400123456"]).exit_code
    assert blocked == ["2", "07400123456"]


def test_blocking_ends_all_sessions_is_told_and_lasts(app, run, phoneauth_login):
    phones = [signed_in(app, phoneauth_login)]
    other = signed_in(app, phoneauth_login, OTHER_PHONE)
    heard = []

    def listen(sender, user):
        heard.append((sender, user.phone))

    with signals.user_blocked.connected_to(listen, app):
        done = run("block", PHONE)
    assert "blocked since" in done.stdout
    assert heard == [(app, PHONE)]
    assert rows(app)["sessions"] == 1
    problem(phones[0].get("/auth/me"), 401, "not_signed_in")
    assert other.get("/auth/me").status_code == 200
    assert shown(run("list", "--json"))[0]["blocked_at"]


def test_unblocking_lets_in_again_but_revives_no_session(app, run, phoneauth_login):
    client = signed_in(app, phoneauth_login)
    run("block", PHONE)
    assert shown(run("unblock", PHONE, "--json"))[0]["blocked_at"] is None
    problem(client.get("/auth/me"), 401, "not_signed_in")
    assert run("sessions", PHONE).stdout == ""


def test_a_login_that_overtook_the_block_is_not_let_in_by_the_unblocking(app, run):
    run("create", PHONE)
    registry = app.extensions["phoneauth"].live.registry
    run("block", PHONE)
    token, _ = registry.start("1", Client("192.0.2.1"), remember=False)
    run("unblock", PHONE)
    assert registry.find(token) is None


def test_deleting_asks_first_and_takes_the_sessions_along(app, run, phoneauth_login):
    client = signed_in(app, phoneauth_login)
    signed_in(app, phoneauth_login)  # a device that does not come again
    asked = run("delete", PHONE, code=1, input="n\n")
    assert "Delete user 1" in asked.stderr
    assert PHONE not in asked.output
    assert client.get("/auth/me").status_code == 200
    assert run("delete", PHONE, input="y\n").stdout == "User 1 is deleted.\n"
    problem(client.get("/auth/me"), 401, "not_signed_in")
    assert (rows(app)["users"], rows(app)["sessions"]) == (0, 0)


def test_deleting_without_asking_speaks_json(run):
    run("create", PHONE)
    assert shown(run("delete", PHONE, "--yes", "--json")) == [{"id": "1", "deleted": True}]
    assert run("list").output == ""


def test_sessions_are_listed_and_ended_one_by_one_or_all(app, run, phoneauth_login):
    clients = [signed_in(app, phoneauth_login) for _ in range(3)]
    assert len(run("sessions", PHONE).stdout.splitlines()) == 3
    listed = shown(run("sessions", PHONE, "--json"))
    assert set(listed[0]) == {
        "id",
        "created_at",
        "authenticated_at",
        "last_seen_at",
        "expires_at",
        "ip",
        "place",
        "user_agent",
    }
    entries = clients[0].get("/auth/sessions", headers={"Accept": "application/json"}).json
    own = next(one["id"] for one in entries["sessions"] if one["current"])
    heard = []

    def listen(sender, user, session_id):
        heard.append(session_id)

    with signals.session_revoked.connected_to(listen, app):
        assert (
            run("sign-out", PHONE, "--session", own).stdout == f"Session {own} of user 1 ended.\n"
        )
        assert "no such session" in run("sign-out", PHONE, "--session", own, code=1).stderr
        problem(clients[0].get("/auth/me"), 401, "not_signed_in")
        assert clients[1].get("/auth/me").status_code == 200
        assert run("sign-out", PHONE).stdout == "All sessions of user 1 ended.\n"
    assert heard == [own, None]
    for client in clients:
        problem(client.get("/auth/me"), 401, "not_signed_in")


def test_commands_run_where_production_would_be_refused(make_app):
    app = make_app(testing=False)
    runner = app.test_cli_runner()
    assert not runner.invoke(args=["phoneauth", "init-db"]).exit_code
    done = runner.invoke(args=["phoneauth", "users", "create", PHONE])
    assert (done.exit_code, done.stdout) == (0, "1  +44 •••• ••3456\n")


def test_a_database_without_tables_is_told_with_its_cure(make_app):
    app = make_app(testing=False)
    done = app.test_cli_runner().invoke(args=["phoneauth", "users", "list"])
    assert done.exit_code == 1
    assert "run 'flask phoneauth init-db'" in done.stderr

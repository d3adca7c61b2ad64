"""One address for people and programs: which form an answer has, and its common headers."""

from __future__ import annotations

import pytest
from flask import Flask
from web_steps import BROWSER, PHONE, PROBLEM, ask, entry, post_form, start_form

from flask_phoneauth import PhoneAuth

HTML, JSON = "text/html", "application/json"
ROUTES = [
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
    ("POST", "/auth/sessions/revoke"),
    ("DELETE", "/auth/sessions/x"),
    ("POST", "/auth/sessions/x/revoke"),
]
ALWAYS_JSON = [
    ("GET", "/auth/challenges/x"),
    ("GET", "/auth/me"),
    ("DELETE", "/auth/sessions"),
    ("DELETE", "/auth/sessions/x"),
]


@pytest.fixture(scope="module")
def open_app(tmp_path_factory):
    app = Flask("example", instance_path=str(tmp_path_factory.mktemp("instance")))
    app.config.update(TESTING=True, SECRET_KEY="a secret of the tests, long enough")
    app.config["PHONEAUTH_ROUTE_LIMIT"] = "10000 per minute"
    PhoneAuth(app)
    return app


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, HTML),
        ("*/*", HTML),
        ("text/html", HTML),
        ("text/*", HTML),
        ("application/json", JSON),
        ("application/*", JSON),
        ("application/json, text/html", HTML),
        ("text/html, application/json", HTML),
        ("application/json, text/html;q=0.9", JSON),
        ("application/json;q=0.5, text/html;q=0.9", HTML),
        ("application/json, */*;q=0.5", JSON),
        ("image/png", HTML),
        ("", HTML),
        ("nonsense;;q=x,,", HTML),
    ],
)
def test_json_must_be_preferred_strictly_over_html(open_app, accept, form):
    headers = {} if accept is None else {"Accept": accept}
    answer = open_app.test_client().post("/auth/login", data={"phone": PHONE}, headers=headers)
    assert answer.status_code == 403
    assert answer.mimetype == (PROBLEM if form == JSON else HTML)


def test_a_json_body_is_answered_in_json_whatever_is_accepted(open_app):
    answer = open_app.test_client().post("/auth/login", json={"phone": "x"}, headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (422, PROBLEM)


def test_a_form_is_answered_in_json_where_that_is_preferred(app, phoneauth_code):
    client = app.test_client()
    token = client.get("/auth/login", headers=BROWSER)
    data = {
        "csrf_token": token.text.split('name="csrf_token"')[1].split('value="')[1].split('"')[0]
    }
    wanted = {"Accept": "application/json"}
    asked = client.post("/auth/login", data={**data, "phone": PHONE}, headers=wanted)
    assert (asked.status_code, asked.mimetype) == (202, JSON)
    fields = {**data, **entry(asked.get_json(), phoneauth_code(PHONE))}
    verified = client.post("/auth/verify", data=fields, headers=wanted)
    assert (verified.status_code, verified.get_json()["new_user"]) == (200, True)


@pytest.mark.parametrize(("method", "path"), ALWAYS_JSON)
def test_some_addresses_are_json_for_everybody(open_app, method, path):
    answer = open_app.test_client().open(path, method=method, headers=BROWSER)
    assert answer.mimetype == PROBLEM


@pytest.mark.parametrize(("method", "path"), ALWAYS_JSON)
def test_their_refusals_are_json_too(make_app, method, path):
    client = make_app(ROUTE_LIMIT="1 per hour").test_client()
    client.open(path, method=method, headers=BROWSER)
    answer = client.open(path, method=method, headers=BROWSER)
    assert (answer.status_code, answer.mimetype) == (429, PROBLEM)


@pytest.mark.parametrize(("method", "path"), ROUTES)
@pytest.mark.parametrize("accept", [HTML, JSON])
def test_no_answer_is_cached_shared_or_framed(open_app, method, path, accept):
    body = {"data": b""} if method == "POST" else {}
    answer = open_app.test_client().open(path, method=method, headers={"Accept": accept}, **body)
    assert answer.status_code < 500
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"accept", "cookie"} <= {name.lower() for name in answer.vary}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_good_answers_are_never_cached_either(app, phoneauth_code):
    client = app.test_client()
    asked = client.post("/auth/login", json={"phone": PHONE})
    done = client.post("/auth/verify", json=entry(asked.get_json(), phoneauth_code(PHONE)))
    devices = client.get("/auth/sessions", headers=BROWSER)
    for answer in (asked, done, client.get("/auth/me"), devices):
        assert answer.status_code in (200, 202)
        assert answer.headers["Cache-Control"] == "no-store"
    assert post_form(client, "/auth/logout", devices.text).headers["Cache-Control"] == "no-store"


def test_the_code_page_is_never_cached(app):
    client = app.test_client()
    start_form(client)
    page = client.get(f"/auth/verify?challenge_id={ask(client)['challenge_id']}", headers=BROWSER)
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")


def test_static_files_may_be_cached(open_app):
    answer = open_app.test_client().get("/auth/static/phoneauth.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] != "no-store"
    answer.close()


def test_a_protected_page_of_the_app_tells_programs_and_people_apart(app):
    client = app.test_client()
    program = client.get("/mine", headers={"Accept": JSON})
    assert (program.status_code, program.mimetype) == (401, PROBLEM)
    assert program.get_json()["code"] == "not_signed_in"
    person = client.get("/mine", headers=BROWSER)
    assert (person.status_code, person.location) == (303, "/auth/login?next=%2Fmine")
    assert {"accept", "cookie"} <= {name.lower() for name in program.vary}


def test_a_page_for_fresh_logins_tells_programs_and_people_apart(
    app, phoneauth_login, phoneauth_clock
):
    client = app.test_client()
    assert client.get("/fresh", headers={"Accept": JSON}).status_code == 401
    phoneauth_login(client)
    phoneauth_clock.advance(601)
    program = client.get("/fresh", headers={"Accept": JSON})
    assert (program.status_code, program.get_json()["code"]) == (403, "fresh_login_required")
    person = client.get("/fresh", headers=BROWSER)
    assert (person.status_code, person.location) == (303, "/auth/login?next=/fresh&again=1")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/auth/login", 200),
        ("/auth/verify", 303),
        ("/auth/me", 401),
        ("/auth/sessions", 303),
        ("/auth/challenges/x", 404),
    ],
)
def test_head_answers_as_get_without_a_body(open_app, path, status):
    client = open_app.test_client()
    answer = client.head(path, headers=BROWSER)
    assert (answer.status_code, answer.data) == (status, b"")
    assert client.get(path, headers=BROWSER).status_code == status


@pytest.mark.parametrize("path", sorted({path for _, path in ROUTES}))
def test_options_names_the_methods(open_app, path):
    answer = open_app.test_client().options(path)
    assert answer.status_code == 200
    allowed = {method for method, known in ROUTES if known == path}
    assert allowed <= answer.allow


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/auth/login"),
        ("DELETE", "/auth/login"),
        ("GET", "/auth/logout"),
        ("GET", "/auth/resend"),
        ("POST", "/auth/me"),
        ("POST", "/auth/sessions"),
        ("PATCH", "/auth/verify"),
        ("TRACE", "/auth/login"),
    ],
)
def test_a_wrong_method_is_not_allowed_and_does_nothing(open_app, method, path):
    answer = open_app.test_client().open(path, method=method, json={"phone": PHONE})
    assert answer.status_code == 405
    assert answer.headers["Allow"]


@pytest.mark.parametrize(
    "value", ["de", "xx", "../../etc/passwd", "en;q=x", "*", "a" * 5_000, ",".join(["zz"] * 500)]
)
def test_any_accept_language_gets_an_answer(open_app, value):
    answer = open_app.test_client().get("/auth/login", headers={"Accept-Language": value})
    assert answer.status_code == 200
    assert "<html lang=" in answer.text


@pytest.mark.parametrize("path", ["/auth/login", "/auth/verify", "/auth/phone", "/auth/sessions"])
def test_a_query_that_is_no_utf8_is_refused(open_app, path):
    query = {"QUERY_STRING": "next=\xff"}  # as a server hands raw bytes on
    client = open_app.test_client()
    answered = client.open(path, environ_overrides=query, headers={"Accept": "text/html"})
    assert answered.status_code == 400
    assert "could not be understood" in answered.text

"""Whose request is it, and where may a redirect lead (RULES 30, 31)."""

from __future__ import annotations

import itertools

import pytest
from flask import Flask
from web_steps import BROWSER, PHONE, ask, entry, post_form, problem, rows, start_form, type_code

from flask_phoneauth import PhoneAuth
from flask_phoneauth.delivery import failover

OWN = "http://localhost"
ORIGINS = {
    "none": (None, False),
    "own": (OWN, False),
    "null": ("null", True),
    "other": ("https://evil.example", True),
    "other scheme": ("https://localhost", True),
    "other port": ("http://localhost:8080", True),
    "looks alike": ("http://localhost.evil.example", True),
    "empty": ("", True),
    "allowed": ("https://shop.example", False),
}
SITES = {None: False, "same-origin": False, "none": False, "same-site": True, "cross-site": True}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    app = Flask("example", instance_path=str(tmp_path_factory.mktemp("instance")))
    app.config.update(
        TESTING=True,
        SECRET_KEY="a secret of the tests, long enough",
        PHONEAUTH_ALLOWED_ORIGINS=["https://shop.example"],
        PHONEAUTH_ROUTE_LIMIT="10000 per minute",
    )
    PhoneAuth(app)
    return app.test_client()


@pytest.mark.parametrize(
    ("origin", "site"),
    list(itertools.product(ORIGINS, SITES)),
    ids=lambda value: str(value),
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/auth/logout"), ("DELETE", "/auth/sessions")]
)
def test_json_needs_an_own_origin_and_no_token(client, method, path, origin, site):
    value, foreign_origin = ORIGINS[origin]
    foreign = foreign_origin or (SITES[site] and origin != "allowed")
    headers = {"Origin": value, "Sec-Fetch-Site": site}
    headers = {name: text for name, text in headers.items() if text is not None}
    body = {"json": {}} if method == "POST" else {}
    answer = client.open(path, method=method, headers=headers, **body)
    if foreign:
        problem(answer, 403, "cross_site")
    elif method == "POST":
        assert answer.status_code == 204
    else:
        problem(answer, 401, "not_signed_in")


@pytest.mark.parametrize(
    ("content_type", "status", "code"),
    [
        ("application/json", 422, "invalid_phone"),
        ("application/json; charset=utf-8", 422, "invalid_phone"),
        ("Application/JSON", 422, "invalid_phone"),
        ("application/x-www-form-urlencoded", 403, "csrf"),
        ("multipart/form-data; boundary=x", 403, "csrf"),
        ("text/plain", 415, "unsupported_media_type"),
        ("text/json", 415, "unsupported_media_type"),
        ("application/vnd.api+json", 415, "unsupported_media_type"),
        ("text/plain; application/json", 415, "unsupported_media_type"),
        ("", 415, "unsupported_media_type"),
    ],
)
def test_only_the_label_of_json_stands_for_a_token(client, content_type, status, code):
    answer = client.post(
        "/auth/login",
        data=b'{"phone": "x"}',
        content_type=content_type,
        headers={"Accept": "application/json"},
    )
    problem(answer, status, code)


def test_a_form_with_its_token_is_ours_whatever_the_origin_says(client):
    page = client.get("/auth/login", headers=BROWSER).text
    assert post_form(client, "/auth/login", page, phone="x").status_code == 422


def test_a_foreign_page_cannot_sign_anybody_out(app, phoneauth_login):
    client = app.test_client()
    phoneauth_login(client)
    foreign = {"Origin": "https://evil.example"}
    problem(client.post("/auth/logout", json={}, headers=foreign), 403, "cross_site")
    problem(client.delete("/auth/sessions/current", headers=foreign), 403, "cross_site")
    assert client.get("/auth/me").status_code == 200


@pytest.fixture
def bodies():
    """The texts of the messages that are sent."""
    sent = []

    def watch(outbound):
        sent.append(outbound.body)

    failover.watchers.append(watch)
    yield sent
    failover.watchers.remove(watch)


HOSTS = ["evil.example", "localhost", "127.0.0.1:5000", "login.example@evil.example"]


@pytest.mark.parametrize("host", HOSTS)
def test_with_a_public_url_the_host_header_is_never_used(make_app, bodies, host):
    app = make_app(PUBLIC_URL="https://login.example/app")
    client = app.test_client()
    headers = {"Host": host, "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    own = {**headers, "Origin": "https://login.example"}
    asked = client.post("/auth/login", json={"phone": PHONE, "next": "/a"}, headers=own)
    assert asked.status_code == 202
    assert bodies[0].splitlines()[-1].startswith("@login.example #")
    assert "evil" not in asked.text + bodies[0]
    from_host = {**headers, "Origin": f"http://{host}"}
    problem(client.post("/auth/login", json={"phone": PHONE}, headers=from_host), 403, "cross_site")


@pytest.mark.parametrize(
    ("host", "line"),
    [
        ("localhost:5000", "@localhost #"),
        ("127.0.0.1", "@127.0.0.1 #"),
        ("app.localhost:80", "@app.localhost #"),
        ("evil.example", None),
        ("192.168.1.5", None),
        ("localhost.evil.example", None),
        ("evil.example#@localhost", None),
        ("evil.example\\@localhost", None),
        ("localhost:port", None),
        ("localhost:99999", None),
        ("[::1", None),
    ],
)
def test_without_a_public_url_only_a_loopback_host_is_named(app, bodies, host, line):
    answer = app.test_client().post("/auth/login", json={"phone": PHONE}, headers={"Host": host})
    assert answer.status_code in (202, 400)
    if line is None:
        assert not bodies or "@" not in bodies[0]
    else:
        assert bodies[0].splitlines()[-1].startswith(line)


def test_without_a_public_url_a_foreign_host_owns_no_origin(app):
    headers = {"Host": "evil.example", "Origin": "http://evil.example"}
    answer = app.test_client().post("/auth/login", json={"phone": PHONE}, headers=headers)
    problem(answer, 403, "cross_site")
    assert rows(app)["challenges"] == 0


def test_an_allowed_origin_may_be_written_with_a_slash(make_app):
    app = make_app(ALLOWED_ORIGINS=["https://shop.example/"])
    headers = {"Origin": "https://shop.example", "Sec-Fetch-Site": "cross-site"}
    assert app.test_client().post("/auth/logout", json={}, headers=headers).status_code == 204


ELSEWHERE = [
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "\\\\\\github.com",
    "/\\/evil.example",
    "/\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "/ /evil.example",
    "/\x00/evil.example",
    "/\x7f/evil.example",
    "/\u00a0/evil.example",
    "/\u2028/evil.example",
    "/\u200b/evil.example",
    "/\ud800",
    "https:evil.example",
    "https:/evil.example",
    "https://evil.example",
    "https:///evil.example",
    "HTTPS://EVIL.EXAMPLE",
    "http://localhost@evil.example/",
    "http://localhost.evil.example/",
    "http://localhost:80@evil.example/",
    "http://localhost//evil.example",
    "http://localhost/\\evil.example",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "mailto:a@evil.example",
    "evil.example",
    "mine",
    "",
    "?next=//evil.example",
    "#x",
    ".//evil.example",
    "／／evil.example",
    "http://[::1",
    "/" + "a" * 2_000,
]
HERE = [
    ("/mine", "/mine"),
    ("/", "/"),
    ("/mine?a=1&b=%2F%2Fevil.example#top", "/mine?a=1&b=%2F%2Fevil.example#top"),
    ("/%09/evil.example", "/%09/evil.example"),
    ("/%0d%0aSet-Cookie:a=b", "/%0d%0aSet-Cookie:a=b"),
    ("/%5cevil.example", "/%5cevil.example"),
    ("/a//b", "/a//b"),
    ("/https://evil.example", "/https://evil.example"),
    ("/@evil.example", "/@evil.example"),
    ("/mine?to=http://evil.example", "/mine?to=http://evil.example"),
    ("http://localhost/mine?x=1", "/mine?x=1"),
    ("/\u00fcber/\u53f0\u5317", "/\u00fcber/\u53f0\u5317"),
]


@pytest.mark.parametrize("target", ELSEWHERE, ids=lambda value: ascii(value)[:30])
def test_next_never_leads_elsewhere(app, phoneauth_login, phoneauth_code, target):
    client = app.test_client()
    asked = ask(client, next=target)
    done = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE))).get_json()
    assert done["next"] == "/"
    sent_on = client.get("/auth/login", query_string={"next": printable(target)}, headers=BROWSER)
    assert sent_on.location == "/"


def printable(target: str) -> str:
    return target.encode(errors="replace").decode()


@pytest.mark.parametrize(("target", "kept"), HERE, ids=lambda value: ascii(value)[:30])
def test_next_leads_to_any_page_of_this_site(app, phoneauth_code, target, kept):
    client = app.test_client()
    asked = ask(client, next=target)
    done = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE))).get_json()
    assert done["next"] == kept


def test_next_of_a_form_is_judged_too(app, phoneauth_code):
    client = app.test_client()
    page = start_form(client, next="//evil.example/")
    assert type_code(client, page, phoneauth_code(PHONE)).location == "/"


def test_with_a_public_url_its_origin_is_this_site(make_app, phoneauth_code):
    app = make_app(PUBLIC_URL="https://login.example")
    client = app.test_client()
    asked = ask(client, next="https://login.example/mine")
    done = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE))).get_json()
    assert done["next"] == "/mine"
    sent_on = client.get("/auth/login?next=http://localhost/mine", headers=BROWSER)
    assert sent_on.location == "/"


@pytest.mark.parametrize(
    ("path", "comes_back_to"),
    [
        ("/mine", "/mine"),
        ("/mine?a=1&b=2", "/mine?a=1&b=2"),
        ("/mine?q=%20%C3%BC", "/mine?q=%20%C3%BC"),
    ],
)
def test_who_was_sent_to_sign_in_comes_back(app, phoneauth_code, path, comes_back_to):
    client = app.test_client()
    login_page = client.get(path, headers=BROWSER).location
    page = client.get(login_page, headers=BROWSER).text
    assert "data-phoneauth" in page
    phoneauth = client.get(login_page, headers=BROWSER).request.args["next"]
    asked = ask(client, next=phoneauth)
    done = client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE))).get_json()
    assert done["next"] == comes_back_to


def test_a_mounted_app_comes_back_under_its_own_path(app):
    answer = app.test_client().get("/mine", base_url="http://localhost/shop", headers=BROWSER)
    assert answer.location == "/shop/auth/login?next=%2Fshop%2Fmine"


def test_the_target_of_a_form_is_no_page_to_come_back_to(app):
    from flask_login import login_required

    app.add_url_rule("/buy", view_func=login_required(lambda: "bought"), methods=["POST"])
    answer = app.test_client().post("/buy", headers=BROWSER)
    assert (answer.status_code, answer.location) == (303, "/auth/login")

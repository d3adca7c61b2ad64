import base64
import logging
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sandbox.control_calls import SEND, problem
from sandbox.twilio_calls import ACCOUNT, FROM, ROOT, TO, basic

from sms_sandbox.app import Sandbox, create_app
from sms_sandbox.inbox import Inbox
from sms_sandbox.storage import Filter

READ, WRITE = "/api/v1/messages", "/api/v1/messages"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8025",
        "LOCALHOST",
        "127.0.0.1:1",
        "127.3.2.1",
        "[::1]:80",
        "[::1]",
        "sms.localhost:8025",
    ],
)
def test_own_hosts_are_served(web: FlaskClient, host: str) -> None:
    assert web.get(READ, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["api.plivo.com", "rest.nexmo.com", "API.Twilio.com:443"])
def test_vendors_hosts_are_served(web: FlaskClient, host: str) -> None:
    # Where a vendor is imitated, the path is one of its own.
    assert web.get(READ, headers={"Host": host}).status_code in (200, 401, 404)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.nip.io",
        "twilio.com.evil.example",
        "eviltwilio.com",
        "s3.amazonaws.com",
        "0.0.0.0",
        "192.168.1.5:8025",
        "localhost@evil",
        "",
        "localhost:8025:1",
        "[::2]",
        "a b",
        "localhost/",
        "127.0.0.1:999999999",
    ],
)
@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/api/v1/messages", "/api/v1/events", "/nothing"]
)
def test_foreign_host_is_421_on_every_path(web: FlaskClient, host: str, path: str) -> None:
    problem(web.get(path, headers={"Host": host}), 421, "misdirected")


def test_allowed_host_is_served(make_sandbox: Callable[..., Sandbox]) -> None:
    web = create_app(make_sandbox(allow_hosts=("sms", "Box.Example"))).test_client()
    for host in ("sms:8025", "box.example"):
        assert web.get(READ, headers={"Host": host}).status_code == 200
    problem(web.get(READ, headers={"Host": "other"}), 421, "misdirected")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "file://"},
        {"Origin": "app://localhost"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", WRITE),
        ("DELETE", "/api/v1/messages?all=true"),
        ("POST", "/api/v1/reset?all=true"),
        ("PUT", "/api/v1/settings"),
        ("POST", "/api/v1/wait"),
    ],
)
def test_foreign_page_cannot_write(web: FlaskClient, headers: dict, method: str, path: str) -> None:
    body = None if method == "DELETE" else SEND
    problem(web.open(path, method=method, json=body, headers=headers), 403, "cross_site")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_own_page_and_programs_can_write(web: FlaskClient, headers: dict) -> None:
    assert web.post(WRITE, json=SEND, headers=headers).status_code == 201


FOREIGN = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{ROOT}/Messages.json"),
        ("POST", "/twilio/v2/Services"),
        ("POST", "/plivo/v1/Account/MA123456789012345678/Message/"),
        ("POST", "/aws"),
        ("DELETE", "/_aws/sns/sms-messages"),
    ],
)
def test_foreign_page_cannot_write_to_a_facade(
    web: FlaskClient, inbox: Inbox, method: str, path: str
) -> None:
    # A form's address may hold a user name and a password, and a browser sends them.
    form = {"To": TO, "From": FROM, "Body": "x"}
    answer = web.open(path, method=method, data=form, headers=basic() | FOREIGN)
    assert answer.status_code >= 400
    assert "Another site's page sent this request." in answer.text
    assert inbox.find(Filter(), 1) == []


def test_foreign_page_cannot_read_a_facade_but_may_lead_there(web: FlaskClient) -> None:
    path = f"{ROOT}/Messages.json"
    answer = web.get(path, headers=basic() | FOREIGN | {"Sec-Fetch-Mode": "no-cors"})
    assert (answer.status_code, answer.json["code"]) == (403, 20403)
    answer = web.get(path, headers=basic() | FOREIGN | {"Sec-Fetch-Mode": "navigate"})
    assert answer.status_code == 200


def test_another_host_is_turned_away_in_twilios_form_with_the_cure(web: FlaskClient) -> None:
    answer = web.get(f"{ROOT}.json", headers=basic() | {"Host": "evil.example"})
    assert (answer.status_code, answer.json["code"]) == (421, 20403)
    assert answer.json["message"].endswith("or start it with --allow-host.")


@pytest.mark.parametrize(
    "label",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
def test_write_must_be_labelled_json(web: FlaskClient, label: str) -> None:
    answer = web.post(WRITE, data=b'{"to": "+9901234567"}', content_type=label)
    problem(answer, 415, "unsupported_media_type")


def test_write_without_a_body_must_be_labelled_too(web: FlaskClient) -> None:
    problem(web.post("/api/v1/reset?all=true"), 415, "unsupported_media_type")


def test_delete_with_a_body_must_be_labelled(web: FlaskClient) -> None:
    answer = web.delete("/api/v1/messages?all=true", data=b"x", content_type="text/plain")
    problem(answer, 415, "unsupported_media_type")


def test_delete_with_a_body_of_untold_length_must_be_labelled_too(web: FlaskClient) -> None:
    headers = {"Transfer-Encoding": "chunked"}
    answer = web.delete("/api/v1/messages?all=true", headers=headers)
    problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "name", ["Authorization", "Cookie", "Proxy-Authorization", "X-Amz-Security-Token"]
)
def test_header_that_holds_a_secret_is_blank_in_the_raw_view(sandbox: Sandbox, name: str) -> None:
    web = create_app(sandbox).test_client(use_cookies=False)  # or it would send its own alone
    message = web.post(WRITE, json=SEND, headers={name: "swordfish", "X-Plain": "shown"}).json
    raw = web.get(f"{READ}/{message['id']}/raw").text
    assert "swordfish" not in raw
    assert f"{name}: (hidden)" in raw
    assert "X-Plain: shown" in raw


def test_no_answer_opens_the_sandbox_to_other_origins(web: FlaskClient) -> None:
    for method in ("GET", "OPTIONS"):
        answer = web.open(READ, method=method, headers={"Origin": "https://evil.example"})
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def _basic(user: str, password: str) -> dict[str, str]:
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


@pytest.fixture
def locked(make_sandbox: Callable[..., Sandbox]) -> FlaskClient:
    return create_app(make_sandbox(password="hünter:2")).test_client()


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/messages", "/api/v1/events", "/metrics", "/api/v1/openapi.json", "/x"]
)
def test_password_guards_reads_too(locked: FlaskClient, path: str) -> None:
    answer = locked.get(path)
    problem(answer, 401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Basic ")


OWN_SECRETS = ("/silent-auth/", "/operator/login", "/camara/oauth/callback")
"""Ways of a device: what opens them is a secret in the address."""


AUTH_ID = "MA" + "A" * 18
OPEN = {
    "/twilio/": basic(secret="another secret"),
    "/plivo/": _basic(AUTH_ID, "another secret"),
    "/messagebird/": {"Authorization": "AccessKey live_key:another-secret"},
    "/vonage/": _basic("abcd1234", "another secret"),
}
"""What opens each façade of a sandbox that has no password."""


@pytest.mark.parametrize("prefix", OPEN)
def test_no_path_of_a_facade_opens_without_the_password(locked: FlaskClient, prefix: str) -> None:
    rules = {rule.rule for rule in locked.application.url_map.iter_rules()}
    paths = [
        rule.replace("<account>", ACCOUNT).replace("<auth_id>", AUTH_ID)
        for rule in sorted(rules)
        if rule.startswith(prefix) and not rule.endswith((prefix, "<path:_rest>"))
    ]
    assert len(paths) > 5
    for path in paths:
        answers = [
            locked.open(re.sub("<[^>]+>", "x", path), method=method, headers=headers)
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
            for headers in ({}, OPEN[prefix])
        ]
        refused = [one.status_code == 401 or _is_refused(one.text) for one in answers]
        opened = [one for one, said in zip(answers, refused, strict=True) if not said]
        if any(one in path for one in OWN_SECRETS):
            assert all(one.status_code >= 400 for one in opened), path
        else:
            assert any(refused), path
            # What is not refused is no address of this method.
            assert all(one.status_code in (404, 405) for one in opened), path


def _is_refused(text: str) -> bool:
    """The older APIs refuse with status 200."""
    return "Bad Credentials" in text or "Missing api_key" in text


@pytest.mark.parametrize(
    "headers",
    [
        _basic("", "wrong"),
        _basic("hünter:2", ""),
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Digest x"},
        {"Authorization": ""},
    ],
    ids=str,
)
def test_wrong_password_is_refused(locked: FlaskClient, headers: dict) -> None:
    problem(locked.get(READ, headers=headers), 401, "unauthorized")


def test_password_opens_by_basic_with_any_user_and_by_bearer(locked: FlaskClient) -> None:
    for user in ("", "anyone"):
        assert locked.get(READ, headers=_basic(user, "hünter:2")).status_code == 200
    bearer = "Bearer hünter:2".encode().decode("latin-1")
    assert locked.get(READ, headers={"Authorization": bearer}).status_code == 200


def test_health_needs_no_password(locked: FlaskClient) -> None:
    assert locked.get("/healthz").status_code == locked.get("/readyz").status_code == 200


def test_password_never_reaches_the_log(
    locked: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        locked.get(READ, headers=_basic("", "hünter:2"))
        locked.get(READ, headers=_basic("", "swordfish"))
    assert "hünter" not in caplog.text
    assert "swordfish" not in caplog.text


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/api/v1/messages", "/api/v1/events"])
def test_foreign_page_takes_up_no_stream_and_no_read(
    web: FlaskClient, site: str, path: str
) -> None:
    problem(web.get(path, headers={"Sec-Fetch-Site": site}), 403, "cross_site")


def test_a_link_from_elsewhere_opens_an_address(web: FlaskClient) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert web.get(READ, headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/", "no-store"),
        ("/assets/base.css", "no-cache"),
        ("/healthz", "no-store"),
        ("/metrics", "no-store"),
        ("/nothing", "no-store"),
        ("/api/v1/messages", "no-store"),
        ("/api/v1/events", "no-store"),
        ("/api/v1/messages?nothing=1", "no-store"),
        ("/twilio/v1/Services", "no-store"),
        (f"{ROOT}/IncomingPhoneNumbers.json", "no-store"),
    ],
)
def test_every_answer_says_once_how_it_is_read_and_kept(
    web: FlaskClient, path: str, kept: str
) -> None:
    answer = web.get(path)
    assert answer.headers.getlist("X-Content-Type-Options") == ["nosniff"]
    assert answer.headers.getlist("Cache-Control") == [kept]
    answer.close()

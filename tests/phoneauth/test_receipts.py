"""A vendor's callback: verified, matched, moved forward, else without effect (RULES 29)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf import CSRFProtect
from scripted_server import ScriptedServer, answer, drop
from twilio.request_validator import RequestValidator
from web_steps import PHONE, ask, database_of, entry, problem
from werkzeug.test import TestResponse

from flask_phoneauth import PhoneAuth
from flask_phoneauth.signals import delivery_updated
from flask_phoneauth.web.inputs import MAX_BODY

TOKEN = "a-token-of-the-account"
ACCOUNT, MESSAGE = "AC" + "a" * 32, "SM" + "b" * 32
TAKEN = answer(201, {"sid": MESSAGE, "status": "queued"})
PUBLIC = "https://notes.example/app"


class Vendor:
    """Twilio as the app meets it: takes messages, and posts callbacks when told."""

    def __init__(self, server: ScriptedServer) -> None:
        self.server = server

    @property
    def callback(self) -> str:
        """The address that came with the newest message."""
        return self.server.requests[-1].form["StatusCallback"]

    def report(self, client: FlaskClient, status: str, **changes: Any) -> TestResponse:
        """Post that status to where the newest message said."""
        url = changes.pop("url", "") or self.callback
        path = changes.pop("path", urlsplit(url).path.removeprefix("/app"))
        fields = {
            "AccountSid": ACCOUNT,
            "MessageSid": MESSAGE,
            "MessageStatus": status,
            "To": PHONE,
            **changes.pop("fields", {}),
        }
        signature = RequestValidator(changes.pop("token", TOKEN)).compute_signature(url, fields)
        headers = {"X-Twilio-Signature": signature, **changes.pop("headers", {})}
        return client.post(path, data=urlencode(fields), headers=headers, content_type=FORM)


FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with ScriptedServer(TAKEN) as server:
        yield Vendor(server)


@pytest.fixture
def settings(vendor: Vendor) -> dict[str, Any]:
    return {
        "PROVIDERS": ["twilio"],
        "SANDBOX_URL": vendor.server.url,
        "PUBLIC_URL": PUBLIC,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
    }


@pytest.fixture
def app(make_app: Callable[..., Flask], settings: dict[str, Any]) -> Flask:
    return make_app(**settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """The deliveries that the app's own code hears of."""
    told: list[str] = []

    def listen(_: Any, *, delivery: str, **__: Any) -> None:
        told.append(delivery)

    with delivery_updated.connected_to(listen):
        yield told


def delivery(client: FlaskClient, asked: dict[str, Any]) -> str:
    headers = {"PhoneAuth-Challenge-Secret": asked["challenge_secret"]}
    path = f"/auth/challenges/{asked['challenge_id']}"
    return str(client.get(path, headers=headers).get_json()["delivery"])


def test_a_receipt_turns_page_and_status_to_delivered(
    client: FlaskClient, vendor: Vendor, heard: list[str]
) -> None:
    asked = ask(client)
    assert vendor.callback.startswith(f"{PUBLIC}/auth/receipts/twilio/")
    for status, shown in (("queued", "sent"), ("sent", "sent"), ("delivered", "delivered")):
        answer = vendor.report(client, status)
        assert (answer.status_code, answer.data) == (200, b"")
        assert delivery(client, asked) == shown
    assert heard == ["sent", "delivered"]


def test_the_code_page_says_what_the_receipt_said(client: FlaskClient, vendor: Vendor) -> None:
    browser = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    asked = client.post("/auth/login", json={"phone": PHONE}, headers=browser).get_json()
    vendor.report(client, "delivered")
    page = client.get(f"/auth/verify?challenge_id={asked['challenge_id']}", headers=browser)
    assert 'data-state="delivered"' in page.text
    assert ">The message was delivered.<" in page.text


def test_a_lost_message_is_sent_once_more_with_the_same_code(
    client: FlaskClient, vendor: Vendor, heard: list[str], phoneauth_code: Callable[[str], str]
) -> None:
    asked = ask(client)
    lost = vendor.server.requests[-1]
    vendor.report(client, "undelivered", fields={"ErrorCode": "30003"})
    again = vendor.server.requests[-1]
    assert len(vendor.server.requests) == 2
    assert again.form["Body"].rpartition("#")[2] == lost.form["Body"].rpartition("#")[2]
    assert again.form["StatusCallback"] != lost.form["StatusCallback"]
    assert delivery(client, asked) == "sent"
    assert heard == ["sent", "failed", "sent"]
    vendor.report(client, "delivered", url=lost.form["StatusCallback"])
    assert delivery(client, asked) == "sent"  # the lost one's word counts no more
    vendor.report(client, "delivered")
    assert delivery(client, asked) == "delivered"
    entered = entry(asked, phoneauth_code(PHONE))
    assert client.post("/auth/verify", json=entered).status_code == 200


def test_a_message_that_is_lost_twice_is_told_and_its_code_stays_good(
    client: FlaskClient, vendor: Vendor, heard: list[str], phoneauth_code: Callable[[str], str]
) -> None:
    asked = ask(client)
    first = vendor.callback
    vendor.report(client, "undelivered", fields={"ErrorCode": "30003"})
    for url in (vendor.callback, vendor.callback, first):
        assert vendor.report(client, "undelivered", url=url).status_code == 200
    assert len(vendor.server.requests) == 2
    assert delivery(client, asked) == "failed"
    assert heard == ["sent", "failed", "sent", "failed"]
    entered = entry(asked, phoneauth_code(PHONE))
    assert client.post("/auth/verify", json=entered).status_code == 200


def test_a_full_queue_sends_a_lost_message_no_more_and_the_vendor_is_answered(
    app: Flask, client: FlaskClient, vendor: Vendor
) -> None:
    asked = ask(client)
    app.extensions["phoneauth"].live.parts.dispatch.close()
    assert vendor.report(client, "undelivered").status_code == 200
    assert len(vendor.server.requests) == 1
    assert delivery(client, asked) == "failed"


def test_a_repeated_or_reordered_receipt_changes_nothing(
    client: FlaskClient, vendor: Vendor, heard: list[str]
) -> None:
    asked = ask(client)
    for status in ("delivered", "delivered", "sent", "undelivered", "queued", "delivered"):
        assert vendor.report(client, status).status_code == 200
    assert delivery(client, asked) == "delivered"
    assert heard == ["sent", "delivered"]


@pytest.mark.parametrize(
    ("early", "shown"), [("delivered", "delivered"), ("undelivered", "failed"), ("sent", "sent")]
)
def test_a_receipt_that_is_quicker_than_the_answer_is_kept(
    app: Flask, client: FlaskClient, vendor: Vendor, heard: list[str], early: str, shown: str
) -> None:
    def behave(handler: Any) -> None:
        assert vendor.report(app.test_client(), early).status_code == 200
        TAKEN(handler)

    vendor.server.behaviour = behave
    asked = ask(client)
    assert delivery(client, asked) == shown
    assert heard[0] == shown


def test_a_message_whose_answer_was_lost_has_its_receipt_all_the_same(
    client: FlaskClient, vendor: Vendor
) -> None:
    vendor.server.behaviour = drop
    asked = ask(client)
    assert delivery(client, asked) == "sent"
    vendor.report(client, "delivered")
    assert delivery(client, asked) == "delivered"


def test_a_forged_receipt_is_refused_and_changes_nothing(
    client: FlaskClient, vendor: Vendor, heard: list[str]
) -> None:
    asked = ask(client)
    for forged in (
        {"token": "another"},
        {"headers": {"X-Twilio-Signature": ""}},
        {"url": vendor.callback.replace("notes.example", "localhost")},
        {"url": vendor.callback + "?a=1"},
        {"path": "/auth/receipts/twilio/x"},
        {"path": urlsplit(vendor.callback).path.removeprefix("/app").replace("twilio", "plivo")},
        {"path": urlsplit(vendor.callback).path.removeprefix("/app") + "?a=1"},
    ):
        problem(vendor.report(client, "delivered", **forged), 403, "bad_signature")
    assert delivery(client, asked) == "sent"
    assert heard == ["sent"]


def test_the_requests_own_host_and_scheme_do_not_count(client: FlaskClient, vendor: Vendor) -> None:
    asked = ask(client)
    path = urlsplit(vendor.callback).path.removeprefix("/app")
    seen = f"http://localhost{path}"
    fields = {"MessageSid": MESSAGE, "MessageStatus": "delivered"}
    signature = RequestValidator(TOKEN).compute_signature(seen, fields)
    forged = client.post(path, data=fields, headers={"X-Twilio-Signature": signature})
    problem(forged, 403, "bad_signature")
    headers = {"Host": "elsewhere.example", "X-Forwarded-Host": "elsewhere.example"}
    assert vendor.report(client, "delivered", headers=headers).status_code == 200
    assert delivery(client, asked) == "delivered"


def test_a_well_signed_receipt_for_no_message_of_ours_is_taken_and_forgotten(
    client: FlaskClient, vendor: Vendor, heard: list[str]
) -> None:
    asked = ask(client)
    for token in ("x", "a" * 80, "é", vendor.callback.rpartition("/")[2] + "A"):
        url = f"{PUBLIC}/auth/receipts/twilio/{token}"
        path = f"/auth/receipts/twilio/{token}"
        assert vendor.report(client, "delivered", url=url, path=path).status_code == 200
    assert delivery(client, asked) == "sent"
    assert heard == ["sent"]


def test_a_receipt_is_ignored_after_use_and_after_expiry(
    client: FlaskClient,
    vendor: Vendor,
    heard: list[str],
    phoneauth_code: Callable[[str], str],
    phoneauth_clock: Any,
) -> None:
    asked = ask(client)
    assert client.post("/auth/verify", json=entry(asked, phoneauth_code(PHONE))).status_code == 200
    assert vendor.report(client, "delivered").status_code == 200
    assert delivery(client, asked) == "sent"
    again = ask(client)
    for seconds in (301, 601, 24 * 3600):
        phoneauth_clock.advance(seconds)
        assert vendor.report(client, "delivered").status_code == 200
    assert again["challenge_id"] != asked["challenge_id"]
    assert heard == ["sent", "sent"]


def test_an_oversized_body_is_refused_before_it_is_read(
    client: FlaskClient, vendor: Vendor
) -> None:
    asked = ask(client)
    huge = vendor.report(client, "delivered", fields={"Body": "x" * MAX_BODY})
    problem(huge, 400, "invalid_request")
    assert delivery(client, asked) == "sent"
    large = vendor.report(client, "delivered", fields={"Body": "x" * (MAX_BODY - 1000)})
    assert large.status_code == 200
    assert delivery(client, asked) == "delivered"


def test_a_callback_by_get_is_verified_by_its_query(client: FlaskClient, vendor: Vendor) -> None:
    asked = ask(client)
    query = urlencode({"MessageSid": MESSAGE, "MessageStatus": "delivered"})
    signature = RequestValidator(TOKEN).compute_signature(f"{vendor.callback}?{query}", {})
    path = urlsplit(vendor.callback).path.removeprefix("/app")
    headers = {"X-Twilio-Signature": signature}
    problem(client.get(f"{path}?{query}&a=1", headers=headers), 403, "bad_signature")
    assert client.get(f"{path}?{query}", headers=headers).status_code == 200
    assert delivery(client, asked) == "delivered"


def test_csrf_and_every_limit_are_for_visitors_not_for_vendors(
    vendor: Vendor, settings: dict[str, Any], tmp_path: Any
) -> None:
    app = Flask("limited", instance_path=str(tmp_path))
    app.config.update(TESTING=True, SECRET_KEY="a secret of the tests, long enough")
    app.config.update({f"PHONEAUTH_{name}": value for name, value in settings.items()})
    app.config["PHONEAUTH_ROUTE_LIMIT"] = "2 per minute"
    CSRFProtect(app)
    limits: Any = {"default_limits": ["3 per day"], "application_limits": ["5 per day"]}
    Limiter(get_remote_address, app=app, storage_uri="memory://", **limits)
    PhoneAuth(app)
    client = app.test_client()
    asked = ask(client)
    for _ in range(12):
        assert vendor.report(client, "sent").status_code == 200
    assert vendor.report(client, "delivered").status_code == 200
    assert delivery(client, asked) == "delivered"


def test_it_sets_no_cookie_and_answers_a_problem_whatever_is_preferred(
    client: FlaskClient, vendor: Vendor
) -> None:
    ask(client)
    html = {"Accept": "text/html"}
    assert "Set-Cookie" not in vendor.report(client, "sent", headers=html).headers
    forged = vendor.report(client, "sent", token="another", headers=html)
    problem(forged, 403, "bad_signature")
    assert "Set-Cookie" not in forged.headers


def test_without_a_store_the_vendor_is_asked_to_come_again(
    app: Flask, client: FlaskClient, vendor: Vendor
) -> None:
    asked = ask(client)
    database, away = database_of(app), database_of(app).with_suffix(".away")
    database.rename(away)
    late = vendor.report(client, "delivered")
    problem(late, 503, "store_unavailable")
    assert int(late.headers["Retry-After"]) >= 1
    away.rename(database)
    assert vendor.report(client, "delivered").status_code == 200
    assert delivery(client, asked) == "delivered"


def test_a_provider_without_receipts_takes_none(
    make_app: Callable[..., Flask], vendor: Vendor, settings: dict[str, Any]
) -> None:
    plain = make_app(**{**settings, "PROVIDERS": ["sandbox"]}).test_client()
    for name in ("sandbox", "twilio", "nobody"):
        url = f"{PUBLIC}/auth/receipts/{name}/x"
        path = f"/auth/receipts/{name}/x"
        problem(vendor.report(plain, "delivered", url=url, path=path), 403, "bad_signature")


def test_another_prefix_moves_the_callback_too(
    make_app: Callable[..., Flask], vendor: Vendor, settings: dict[str, Any]
) -> None:
    client = make_app(**{**settings, "URL_PREFIX": "/phone"}).test_client()
    assert client.post("/phone/login", json={"phone": PHONE}).status_code == 202
    assert vendor.callback.startswith(f"{PUBLIC}/phone/receipts/twilio/")
    assert vendor.report(client, "delivered").status_code == 200


def test_with_sign_up_off_a_receipt_tells_no_visitor_who_has_an_account(
    make_app: Callable[..., Flask],
    vendor: Vendor,
    settings: dict[str, Any],
    heard: list[str],
    phoneauth_login: Callable[..., Any],
    phoneauth_clock: Any,
) -> None:
    open_app = make_app(**settings)
    phoneauth_login(open_app.test_client(), PHONE)
    # the job runs in its own thread then, as it must: an inline one would tell by its time
    closed = make_app(**settings, SIGNUP=False)
    client = closed.test_client()
    seen = len(vendor.server.requests)
    known, unknown = ask(client, PHONE), ask(client, "+447400123457")
    closed.extensions["phoneauth"].live.parts.dispatch.close()
    assert len(vendor.server.requests) == seen + 1
    assert vendor.report(client, "undelivered").status_code == 200
    assert heard[-1] == "failed"  # and nothing is sent anew: what that costs would tell
    assert len(vendor.server.requests) == seen + 1
    assert vendor.report(client, "delivered").status_code == 200
    assert heard[-1] == "delivered"
    assert delivery(client, known) == delivery(client, unknown) == "sent"
    phoneauth_clock.advance(31)
    assert delivery(client, known) == delivery(client, unknown) == "failed"


def test_twilio_stops_and_the_visitor_is_told_in_plain_words(
    client: FlaskClient, vendor: Vendor
) -> None:
    vendor.server.behaviour = answer(500, {"code": 20500, "message": "x", "status": 500})
    browser = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    asked = client.post("/auth/login", json={"phone": PHONE}, headers=browser).get_json()
    page = client.get(f"/auth/verify?challenge_id={asked['challenge_id']}", headers=browser)
    assert "The message could not be sent." in page.text

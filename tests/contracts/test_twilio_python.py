"""Twilio's own Python SDK, unmodified, pointed at the sandbox by its documented attribute."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
import urllib3
from contracts.sides import ended
from sandbox.receiver import Receiver, receiving
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from sms_sandbox.server import SandboxServer

ACCOUNT, TOKEN = "AC" + "a" * 32, "test_auth_token"
TO, FROM = "+15558675310", "+15017122661"


@pytest.fixture
def twilio(server: SandboxServer) -> Client:
    server.sandbox.inbox.reset(None)
    return point(Client(ACCOUNT, TOKEN), server)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def point(client: Client, server: SandboxServer) -> Client:
    client.api.base_url = f"{server.url}/twilio"
    return client


def test_create_and_fetch(twilio: Client, server: SandboxServer) -> None:
    made = twilio.messages.create(to=TO, from_=FROM, body="Your code is 482913")
    assert (made.status, made.to, made.from_, made.num_segments) == ("queued", TO, FROM, "1")
    assert abs(datetime.now(UTC) - made.date_created) < timedelta(seconds=30)
    assert made.date_sent is None
    ended(server.url, "delivered", body_contains="482913")
    found = twilio.messages(made.sid).fetch()
    assert (found.status, found.error_code, found.price) == ("delivered", None, "-0.00750")
    assert found.date_sent is not None


def test_a_messaging_service(twilio: Client) -> None:
    made = twilio.messages.create(to=TO, messaging_service_sid="MG" + "c" * 32, body="x")
    assert (made.status, made.from_, made.num_segments) == ("accepted", None, "0")


def test_list_stream_and_pages(twilio: Client) -> None:
    for number in range(7):
        twilio.messages.create(to=TO, from_=FROM, body=f"text {number}")
    assert [one.body for one in twilio.messages.list(page_size=3)] == [
        f"text {number}" for number in reversed(range(7))
    ]
    assert len(twilio.messages.list(limit=2)) == 2
    first = twilio.messages.page(page_size=3)
    second = first.next_page()
    assert [one.body for one in second] == ["text 3", "text 2", "text 1"]
    assert [one.body for one in second.previous_page()] == ["text 6", "text 5", "text 4"]
    assert second.next_page().next_page() is None


def test_list_by_number_and_time(twilio: Client, server: SandboxServer) -> None:
    twilio.messages.create(to=TO, from_=FROM, body="one")
    twilio.messages.create(to="+447700900123", from_=FROM, body="two")
    ended(server.url, "delivered", body_contains="one")
    ended(server.url, "delivered", body_contains="two")
    assert [one.body for one in twilio.messages.list(to="+447700900123")] == ["two"]
    now = datetime.now(UTC)
    assert len(twilio.messages.list(date_sent_after=now - timedelta(minutes=5))) == 2
    assert twilio.messages.list(date_sent_before=now - timedelta(minutes=5)) == []
    assert len(twilio.messages.list(date_sent=now.date())) == 2


def test_redact_and_delete(twilio: Client, server: SandboxServer) -> None:
    made = twilio.messages.create(to=TO, from_=FROM, body="a secret text")
    ended(server.url, "delivered", body_contains="a secret text")
    assert twilio.messages(made.sid).update(body="").body == ""
    assert twilio.messages(made.sid).delete() is True
    with pytest.raises(TwilioRestException) as caught:
        twilio.messages(made.sid).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)


@pytest.mark.parametrize(
    ("values", "status", "code", "text"),
    [
        ({"to": "+1"}, 400, 21211, "Unable to create record: Invalid 'To' Phone Number: XXXX"),
        ({"from_": "+15005550001"}, 400, 21212, None),
        ({"from_": "+15005550007"}, 400, 21606, None),
        ({"from_": "+15005550008"}, 429, 21611, "Unable to create record: SMS queue is full."),
        ({"to": "+15005550004"}, 400, 21610, None),
        ({"body": "x" * 1601}, 400, 21617, None),
    ],
)
def test_errors_carry_twilios_codes(
    twilio: Client, values: dict[str, str], status: int, code: int, text: str | None
) -> None:
    with pytest.raises(TwilioRestException) as caught:
        twilio.messages.create(**({"to": TO, "from_": FROM, "body": "x"} | values))
    assert (caught.value.status, caught.value.code) == (status, code)
    assert text is None or caught.value.msg == text
    assert caught.value.uri == f"/Accounts/{ACCOUNT}/Messages.json"


def test_a_wrong_token_is_refused(twilio: Client, server: SandboxServer) -> None:
    twilio.messages.list()
    stranger = point(Client(ACCOUNT, "wrong"), server)
    with pytest.raises(TwilioRestException) as caught:
        stranger.messages.create(to=TO, from_=FROM, body="x")
    assert (caught.value.status, caught.value.code) == (401, 20003)
    with pytest.raises(TwilioException, match="Unable to fetch page"):
        stranger.messages.list()


def test_an_api_key(server: SandboxServer) -> None:
    keyed = point(Client("SK" + "e" * 32, "secret of the key", "AC" + "f" * 32), server)
    assert keyed.messages.create(to=TO, from_=FROM, body="x").account_sid == "AC" + "f" * 32


def test_the_account_is_a_harmless_probe(twilio: Client) -> None:
    assert twilio.api.v2010.accounts(ACCOUNT).fetch().status == "active"


def test_twilios_validator_accepts_every_callback_and_no_changed_one(
    twilio: Client, receiver: Receiver
) -> None:
    url = f"{receiver.url}/status?tenant=42&name=%C3%BC"
    twilio.messages.create(
        to=TO, messaging_service_sid="MG" + "c" * 32, body="x", status_callback=url
    )
    posts = receiver.await_posts(3)
    validator = RequestValidator(TOKEN)
    for post in posts:
        signature = post.headers["X-Twilio-Signature"]
        parameters = dict(parse_qsl(post.body, keep_blank_values=True))
        assert validator.validate(url, parameters, signature)
        assert not validator.validate(url, parameters | {"MessageStatus": "read"}, signature)
        assert not validator.validate(url + "3", parameters, signature)
        assert not RequestValidator("another").validate(url, parameters, signature)


def test_a_connection_is_kept_or_closed_as_the_client_says(server: SandboxServer) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    with urllib3.HTTPConnectionPool(host, int(port), maxsize=1) as pool:
        kept = pool.request("GET", "/twilio/x")
        assert kept.headers.get("Connection") is None
        closed = pool.request("GET", "/twilio/x", headers={"Connection": "close"})
        assert closed.headers["Connection"] == "close"
        assert pool.num_connections == 1

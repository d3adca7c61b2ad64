"""Vonage's own Python SDK, unmodified, with its SMS and Messages APIs and its own validators."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from contracts.vonage_sdk import led
from sandbox.receiver import Post, Receiver, receiving
from sandbox.vonage_calls import APPLICATION, FROM, KEY, SECRET, TO, private_pem
from vonage import Auth, Vonage
from vonage_http_client.errors import (
    AuthenticationError,
    HttpRequestError,
    NotFoundError,
    RateLimitedError,
    ServerError,
)
from vonage_jwt import VonageVerifyJwtError, verify_signature
from vonage_messages import Sms
from vonage_messages.models import MessengerText, SmsOptions
from vonage_sms import SmsMessage
from vonage_sms.errors import SmsError

from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer

NOWHERE = "00000000-0000-4000-8000-000000000000"
PARTS = "Vonage writes long texts in parts. " * 8

Point = Callable[..., Vonage]


@pytest.fixture
def point(server: SandboxServer) -> Iterator[Point]:
    """Makes clients of the sandbox."""
    opened: list[Vonage] = []

    def client(**credentials: Any) -> Vonage:
        one, _ = led(server.url, **({"api_key": KEY, "api_secret": SECRET} | credentials))
        opened.append(one)
        return one

    server.sandbox.inbox.reset(None)
    yield client
    for one in opened:
        one.http_client._session.close()


@pytest.fixture
def api(point: Point) -> Vonage:
    return point()


@pytest.fixture
def application(point: Point) -> Vonage:
    given = {"application_id": APPLICATION, "private_key": private_pem()}
    return point(**given)


@pytest.fixture
def app() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def put(server: SandboxServer, account: str = KEY, **values: Any) -> None:
    answer = requests.put(
        f"{server.url}/api/v1/settings?account={account}", json=values, timeout=30
    )
    assert answer.ok, answer.text


def sms(**changes: Any) -> SmsMessage:
    return SmsMessage(**({"to": TO, "from_": FROM, "text": "Your code is 482913"} | changes))


def message(**changes: Any) -> Sms:
    return Sms(**({"to": TO, "from_": FROM, "text": "Your code is 482913"} | changes))


def seen(post: Post) -> dict[str, str]:
    """The parameters of a callback of the SMS API, in any of its forms."""
    if post.method == "GET":
        return dict(parse_qsl(urlsplit(post.path).query))
    is_json = post.headers["Content-Type"] == "application/json"
    found: dict[str, str] = json.loads(post.body) if is_json else post.form
    return found


def test_a_text_arrives_with_its_code(api: Vonage, control: SandboxClient) -> None:
    answer = api.sms.send(sms(client_ref="7", ttl=60_000, trusted_number=True, message_class=0))
    (one,) = answer.messages
    assert (answer.message_count, one.status, one.to, one.client_ref) == ("1", "0", TO, "7")
    assert one.message_id
    assert (one.network, one.message_price) == ("00101", "0.03330000")
    assert control.claim_code(f"+{TO}")["code"] == "482913"


def test_a_long_text_is_counted_in_its_parts(api: Vonage) -> None:
    answer = api.sms.send(sms(text=PARTS, type="text"))
    assert answer.message_count == str(len(answer.messages)) == "2"
    binary = api.sms.send(sms(type="binary", text="", body="00ff", udh="06050415811581"))
    assert binary.message_count == "1"


@pytest.mark.parametrize("method", ["md5", "sha1", "sha256", "sha512"])
def test_a_signed_text_is_judged_by_its_secret(
    server: SandboxServer, point: Point, method: str
) -> None:
    put(server, signing_key=SECRET)
    signed = point(api_secret=None, signature_secret=SECRET, signature_method=method)
    answer = signed.sms.send(sms(text="a=b & c", client_ref="r=&", status_report_req=True))
    assert answer.messages[0].status == "0"
    wrong = point(api_secret=None, signature_secret="x" * 32, signature_method=method)
    with pytest.raises(SmsError, match="error code 14: Invalid Signature"):
        wrong.sms.send(sms())


def test_the_sdks_headers_of_other_calls_do_not_disturb_the_next(
    server: SandboxServer, point: Point
) -> None:
    put(server, signing_key=SECRET)
    both = point(
        api_secret=SECRET,
        signature_secret=SECRET,
        application_id=APPLICATION,
        private_key=private_pem(),
    )
    # From now on its forms are labelled JSON, and bear the application's token.
    both.messages.send(message())
    assert both.sms.send(sms()).messages[0].status == "0"


def test_refusals_are_the_sdks_own_errors(api: Vonage, point: Point) -> None:
    for changes, sentence in (
        ({"to": "nobody"}, "error code 3: Invalid value for parameter: to"),
        ({"from_": "twelve letter"}, "error code 15: Invalid sender address"),
        ({"text": "x" * 3201}, "error code 12: Message too long"),
        ({"callback": "nowhere"}, "error code 23: Invalid callback URL"),
    ):
        with pytest.raises(SmsError, match=sentence):
            api.sms.send(sms(**changes))
    with pytest.raises(SmsError, match="error code 4: Bad Credentials"):
        point(api_secret="another").sms.send(sms())


def test_a_conversion_is_told(api: Vonage) -> None:
    (one,) = api.sms.send(sms()).messages
    assert one.message_id
    api.sms.submit_sms_conversion(one.message_id, True, datetime(2027, 1, 15, 8, tzinfo=UTC))
    with pytest.raises(HttpRequestError) as caught:
        api.sms.submit_sms_conversion("0A00000000000000", False)
    assert caught.value.response.status_code == 420


@pytest.mark.parametrize("method", ["md5", "sha1", "sha256", "sha512"])
def test_the_sdk_takes_every_receipt_and_no_altered_one(
    server: SandboxServer, api: Vonage, app: Receiver, method: str
) -> None:
    auth = Auth(api_key=KEY, signature_secret=SECRET, signature_method=method)
    for place, form in enumerate(("GET", "POST", None)):
        put(server, signature_method=method, webhook_method=form or "POST")
        if form is None:
            server.sandbox.inbox.reset(KEY)
            put(server, signature_method=method)
        api.sms.send(sms(callback=f"{app.url}/{place}", client_ref="a=b&c"))
        for post in app.await_posts(2 * place + 2)[-2:]:
            assert post.method == (form or "POST")
            assert auth.check_signature(seen(post))
            assert not auth.check_signature(seen(post) | {"status": "failed"})
            assert not Auth(
                api_key=KEY, signature_secret="x" * 32, signature_method=method
            ).check_signature(seen(post))
    assert [seen(post)["status"] for post in app.posts] == ["accepted", "delivered"] * 3


def test_the_sdk_refuses_a_plain_md5_as_it_refuses_vonages(
    server: SandboxServer, api: Vonage, app: Receiver
) -> None:
    put(server, signature_method="md5hash")
    api.sms.send(sms(callback=app.url))
    auth = Auth(api_key=KEY, signature_secret=SECRET, signature_method="md5")
    assert not auth.check_signature(seen(app.await_posts(1)[0]))


def test_the_messages_api_takes_key_and_application(
    api: Vonage, application: Vonage, control: SandboxClient
) -> None:
    for one in (api, application):
        options = SmsOptions(encoding_type="auto", content_id="1", entity_id="2")
        answer = one.messages.send(message(ttl=60, client_ref="7", sms=options))
        assert answer.message_uuid
        assert control.claim_code(f"+{TO}")["code"] == "482913"


def test_another_message_stands_by(api: Vonage, control: SandboxClient) -> None:
    nobody = "14045550100"
    answer = api.messages.send(message(to=nobody), failover=[message(text="Your code is 771203")])
    assert answer.workflow_id
    assert control.claim_code(f"+{TO}")["code"] == "771203"


def test_the_messages_apis_refusals_are_the_sdks_own_errors(
    server: SandboxServer, api: Vonage, application: Vonage, point: Point
) -> None:
    with pytest.raises(HttpRequestError) as caught:
        api.messages.send(message(from_="twelve letters"))
    assert caught.value.response.status_code == 422
    assert caught.value.response.json()["invalid_parameters"][0]["name"] == "from"
    with pytest.raises(HttpRequestError, match="only sms is imitated"):
        application.messages.send(MessengerText(to="1234567", from_="1234567", text="Hello"))
    with pytest.raises(NotFoundError, match=f"Message with ID {NOWHERE} not found"):
        application.messages.mark_whatsapp_message_read(NOWHERE)
    with pytest.raises(NotFoundError):
        application.messages.revoke_rcs_message(NOWHERE)
    with pytest.raises(AuthenticationError, match="You did not provide correct credentials"):
        point(api_secret="another").messages.send(message())
    for status, error in ((429, RateLimitedError), (500, ServerError), (503, HttpRequestError)):
        fault(server, {"type": "error", "status": status})
        with pytest.raises(error):
            api.messages.send(message())
        fault(server, {"type": "error", "status": status})
        with pytest.raises(error):
            api.sms.send(sms())


def fault(server: SandboxServer, effect: dict[str, Any], times: int = 1) -> None:
    rule = {"match": {"provider": "vonage"}, "times": times, "effect": effect}
    answer = requests.post(f"{server.url}/api/v1/faults", json=rule, timeout=30)
    assert answer.status_code == 201, answer.text


def test_the_sdk_sends_once_more_after_a_dropped_connection(
    server: SandboxServer, api: Vonage, control: SandboxClient
) -> None:
    fault(server, {"type": "disconnect"}, times=3)
    api.messages.send(message())
    adapter = api.http_client._session.get_adapter("https://api.nexmo.com")
    assert adapter.hosts == ["api.nexmo.com"] * 4  # type: ignore[attr-defined]
    assert requests.get(f"{server.url}/api/v1/messages", timeout=30).json()["total"] == 1


def test_the_sdk_takes_every_webhooks_token_and_no_foreign_one(
    server: SandboxServer, api: Vonage, application: Vonage, app: Receiver
) -> None:
    put(server, inbound_url=f"{app.url}/in", signature_method="jwt")
    put(server, APPLICATION, signing_key=SECRET)
    api.messages.send(message(webhook_url=f"{app.url}/key", webhook_version="v1"))
    application.messages.send(message(webhook_url=f"{app.url}/application"))
    text = {"account": KEY, "provider": "vonage", "from": f"+{TO}", "to": f"+{FROM}", "body": "x"}
    requests.post(f"{server.url}/api/v1/inbound", json=text, timeout=30)
    posts = app.await_posts(5)
    assert sorted(post.path for post in posts) == ["/application"] * 2 + ["/in"] + ["/key"] * 2
    for post in posts:
        token = post.headers["Authorization"].removeprefix("Bearer ")
        assert verify_signature(token, SECRET)
        assert not verify_signature(token, "x" * 40)
        with pytest.raises(VonageVerifyJwtError):
            verify_signature("x" + token, SECRET)

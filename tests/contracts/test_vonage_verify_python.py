"""Vonage's own Python SDK, unmodified, with Verify v2 and the older Verify API."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from contracts.vonage_sdk import led
from sandbox.receiver import Receiver, receiving
from sandbox.vonage_calls import APPLICATION, KEY, SECRET, private_pem
from vonage import Vonage
from vonage_http_client.errors import (
    AuthenticationError,
    HttpRequestError,
    NotFoundError,
    RateLimitedError,
    ServerError,
)
from vonage_jwt import verify_signature
from vonage_verify import (
    SilentAuthChannel,
    SmsChannel,
    VerifyRequest,
    VoiceChannel,
    WhatsappChannel,
)
from vonage_verify_legacy import Psd2Request
from vonage_verify_legacy import VerifyRequest as LegacyRequest
from vonage_verify_legacy.errors import VerifyError

from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer

TO, OTHER = "447700900000", "447700900001"
EVEN, ODD, ERRS = "99012345678", "99012345677", "99011111199"
NOWHERE = "00000000-0000-4000-8000-000000000000"

Point = Callable[..., Vonage]


@pytest.fixture
def point(server: SandboxServer, inbox: SandboxClient) -> Iterator[Point]:
    """Makes clients of the sandbox."""
    opened: list[Vonage] = []

    def client(**credentials: Any) -> Vonage:
        one, _ = led(server.url, **(credentials or {"api_key": KEY, "api_secret": SECRET}))
        opened.append(one)
        return one

    yield client
    for one in opened:
        one.http_client._session.close()


@pytest.fixture
def app() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def code_of(inbox: SandboxClient, number: str) -> str:
    return str(inbox.claim_code(f"+{number}", timeout=15)["code"])


def wish(*channels: Any, **more: Any) -> VerifyRequest:
    return VerifyRequest(brand="Acme", workflow=list(channels) or [SmsChannel(to=TO)], **more)


def body(refusal: Any) -> dict[str, Any]:
    found: dict[str, Any] = refusal.value.response.json()
    return found


def test_code_is_sent_and_checked(point: Point, inbox: SandboxClient) -> None:
    verify = point().verify
    begun = verify.start_verification(wish(code_length=6, client_ref="ref", locale="en-us"))
    code = code_of(inbox, TO)
    assert len(code) == 6
    with pytest.raises(HttpRequestError) as refusal:
        verify.check_code(begun.request_id, "000")
    assert refusal.value.response.status_code == 400
    assert body(refusal)["title"] == "Invalid Code"
    done = verify.check_code(begun.request_id, code)
    assert (done.request_id, done.status) == (begun.request_id, "completed")
    with pytest.raises(NotFoundError) as gone:
        verify.check_code(begun.request_id, code)
    assert body(gone)["detail"].endswith("was not found or it has been verified already.")


def test_application_signs_with_its_own_key(point: Point, inbox: SandboxClient) -> None:
    verify = point(application_id=APPLICATION, private_key=private_pem()).verify
    begun = verify.start_verification(wish())
    assert verify.check_code(begun.request_id, code_of(inbox, TO)).status == "completed"
    assert inbox.messages()[0]["account"] == APPLICATION


def test_third_wrong_code_is_gone(point: Point) -> None:
    verify = point().verify
    begun = verify.start_verification(wish())
    for status in (400, 400, 410):
        with pytest.raises(HttpRequestError) as refusal:
            verify.check_code(begun.request_id, "000")
        assert refusal.value.response.status_code == status
    assert body(refusal)["type"] == "https://developer.nexmo.com/api-errors#gone"


def test_running_request_is_named_and_cancelled(point: Point) -> None:
    verify = point().verify
    begun = verify.start_verification(wish())
    with pytest.raises(HttpRequestError) as refusal:
        verify.start_verification(wish())
    assert refusal.value.response.status_code == 409
    assert body(refusal)["request_id"] == begun.request_id
    verify.cancel_verification(begun.request_id)
    with pytest.raises(NotFoundError):
        verify.cancel_verification(begun.request_id)
    verify.start_verification(wish())


def test_next_channel_is_triggered(point: Point, inbox: SandboxClient) -> None:
    verify = point().verify
    # This version of the SDK takes no number as a sender.
    text = WhatsappChannel(to=TO, from_="Acme")
    begun = verify.start_verification(
        wish(SmsChannel(to=TO, from_="Notes"), VoiceChannel(to=TO), text)
    )
    code = code_of(inbox, TO)
    verify.trigger_next_workflow(begun.request_id)
    assert code_of(inbox, TO) == code
    verify.trigger_next_workflow(begun.request_id)
    assert code_of(inbox, TO) == code
    with pytest.raises(HttpRequestError) as refusal:
        verify.trigger_next_workflow(begun.request_id)
    assert body(refusal)["detail"] == "There are no more events left to trigger."
    with pytest.raises(NotFoundError):
        verify.trigger_next_workflow(NOWHERE)


def test_phone_is_authenticated_silently(point: Point, inbox: SandboxClient) -> None:
    verify = point().verify
    begun = verify.start_verification(wish(SilentAuthChannel(to=EVEN)))
    assert begun.check_url is not None
    with pytest.raises(HttpRequestError) as refusal:
        verify.check_code(begun.request_id, "1234")
    assert refusal.value.response.status_code == 409
    answer = requests.get(begun.check_url, timeout=15)
    assert [one.status_code for one in answer.history] == [302, 302]
    found = answer.json()
    assert verify.check_code(found["request_id"], found["code"]).status == "completed"
    begun = verify.start_verification(wish(SilentAuthChannel(to=ODD), SmsChannel(to=TO)))
    assert requests.get(begun.check_url or "", timeout=15).status_code == 403
    assert verify.check_code(begun.request_id, code_of(inbox, TO)).status == "completed"


def test_webhooks_stand_the_sdks_own_validator(
    point: Point, inbox: SandboxClient, app: Receiver
) -> None:
    inbox.put_settings(APPLICATION, status_url=app.url, signing_key=SECRET)
    verify = point(application_id=APPLICATION, private_key=private_pem()).verify
    begun = verify.start_verification(wish(client_ref="ref"))
    verify.check_code(begun.request_id, code_of(inbox, TO))
    posts = app.await_posts(2)
    assert [json.loads(one.body)["type"] for one in posts] == ["event", "summary"]
    for one in posts:
        shown = one.headers["Authorization"].removeprefix("Bearer ")
        assert verify_signature(shown, SECRET) is True
        assert verify_signature(shown, "another secret that is long enough") is False


def test_virtual_numbers_end_as_their_last_digits_say(point: Point, inbox: SandboxClient) -> None:
    verify = point().verify
    begun = verify.start_verification(wish(SmsChannel(to=EVEN)))
    assert code_of(inbox, EVEN) == EVEN[-4:]
    assert verify.check_code(begun.request_id, EVEN[-4:]).status == "completed"
    begun = verify.start_verification(wish(SmsChannel(to=ODD)))
    with pytest.raises(HttpRequestError) as refusal:
        verify.check_code(begun.request_id, ODD[-4:])
    assert refusal.value.response.status_code == 400
    with pytest.raises(ServerError):
        verify.start_verification(wish(SmsChannel(to=ERRS)))


def test_refusals_are_the_sdks_own_exceptions(point: Point, inbox: SandboxClient) -> None:
    point().verify.start_verification(wish(SmsChannel(to=OTHER)))
    with pytest.raises(AuthenticationError):
        point(api_key=KEY, api_secret="wrong").verify.start_verification(wish())
    effect = {"type": "error", "status": 429, "retry_after": 2}
    inbox.add_fault({"match": {"to": f"+{TO}"}, "times": 1, "effect": effect})
    with pytest.raises(RateLimitedError) as refusal:
        point().verify.start_verification(wish())
    assert body(refusal)["title"] == "Rate Limit Hit"


def test_older_api_sends_checks_searches_and_controls(point: Point, inbox: SandboxClient) -> None:
    verify = point().verify_legacy
    begun = verify.start_verification(LegacyRequest(number=TO, brand="Acme", code_length=6))
    code = code_of(inbox, TO)
    with pytest.raises(VerifyError, match="does not match the expected value"):
        verify.check_code(begun.request_id, "000000")
    shown = verify.search(begun.request_id)
    assert (shown.status, shown.number, len(shown.checks)) == ("IN PROGRESS", TO, 1)
    assert verify.trigger_next_event(begun.request_id).command == "trigger_next_event"
    assert code_of(inbox, TO) == code
    done = verify.check_code(begun.request_id, code)
    assert (done.status, done.currency) == ("0", "EUR")
    with pytest.raises(VerifyError, match="no longer active"):
        verify.cancel_verification(begun.request_id)
    other = verify.start_psd2_verification(Psd2Request(number=OTHER, payee="Acme", amount=1.5))
    found = verify.search([begun.request_id, other.request_id])
    assert [one.status for one in found] == ["SUCCESS", "IN PROGRESS"]
    with pytest.raises(VerifyError, match="No response found"):
        verify.search(NOWHERE)
    with pytest.raises(VerifyError, match="first 30 seconds"):
        verify.cancel_verification(other.request_id)

"""Twilio's own Python SDK, unmodified: media, schedules, inbound messages and calls, with its own
TwiML and its own validator."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
import urllib3
from sandbox.receiver import Post, Receiver, receiving, status
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator, get_signature_algorithm
from twilio.rest import Client
from twilio.twiml.messaging_response import MessagingResponse
from twilio.twiml.voice_response import Gather, VoiceResponse

from sms_sandbox.server import SandboxServer

ACCOUNT, TOKEN = "AC" + "a" * 32, "test_auth_token"
TO, FROM = "+15558675310", "+15017122661"
SERVICE = "MG" + "c" * 32


@pytest.fixture
def twilio(server: SandboxServer) -> Client:
    server.sandbox.inbox.reset(None)
    client = Client(ACCOUNT, TOKEN)
    client.api.base_url = f"{server.url}/twilio"
    return client


@pytest.fixture
def app() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


Control = Callable[..., Any]


@pytest.fixture
def control(server: SandboxServer) -> Control:
    """Asks the control API; the answer's JSON."""

    def ask(method: str, path: str, **body: Any) -> Any:
        answer = urllib3.request(method, f"{server.url}/api/v1{path}", json=body, timeout=60)
        assert answer.status < 300, answer.data
        return answer.json()

    return ask


def await_message(control: Control, **match: Any) -> dict[str, Any]:
    found = control("POST", "/wait", match=match, timeout=15, claim=False)
    message: dict[str, Any] = found["messages"][0]
    return message


def is_genuine(post: Post, base: str) -> bool:
    """Whether Twilio's validator takes the request, and no changed one."""
    form = dict(parse_qsl(post.body, keep_blank_values=True))
    signature = post.headers["X-Twilio-Signature"]
    validator = RequestValidator(TOKEN)
    changed = validator.validate(base + post.path, form | {"From": "+1"}, signature)
    stranger = RequestValidator("another").validate(base + post.path, form, signature)
    return bool(validator.validate(base + post.path, form, signature) and not changed | stranger)


def twiml(document: Any) -> Any:
    return status(200, str(document).encode(), **{"Content-Type": "application/xml"})


def test_media_and_feedback(twilio: Client) -> None:
    urls = ["https://example.com/a.png", "https://example.com/b.pdf"]
    made = twilio.messages.create(to=TO, from_=FROM, media_url=urls)
    assert (made.num_media, made.num_segments, made.body) == ("2", "1", "")
    media = twilio.messages(made.sid).media.list()
    assert [one.content_type for one in media] == ["image/png", "application/pdf"]
    assert media[0].date_created is not None
    assert twilio.messages(made.sid).media(media[0].sid).fetch().parent_sid == made.sid
    assert twilio.messages(made.sid).media(media[0].sid).delete() is True
    feedback = twilio.messages(made.sid).feedback.create(outcome="confirmed")
    assert (feedback.outcome, feedback.message_sid) == ("confirmed", made.sid)
    with pytest.raises(TwilioRestException) as caught:
        twilio.messages(made.sid).media(media[0].sid).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_schedule_and_cancel(twilio: Client) -> None:
    at = datetime.now(UTC) + timedelta(hours=1)
    made = twilio.messages.create(
        to=TO, messaging_service_sid=SERVICE, body="x", schedule_type="fixed", send_at=at
    )
    assert made.status == "scheduled"
    assert twilio.messages(made.sid).update(status="canceled").status == "canceled"
    with pytest.raises(TwilioRestException) as caught:
        twilio.messages(made.sid).update(status="canceled")
    assert (caught.value.status, caught.value.code) == (400, 30409)
    with pytest.raises(TwilioRestException) as early:
        twilio.messages.create(
            to=TO,
            messaging_service_sid=SERVICE,
            body="x",
            schedule_type="fixed",
            send_at=datetime.now(UTC),
        )
    assert early.value.code == 35114


def test_every_steering_parameter_is_taken(twilio: Client) -> None:
    made = twilio.messages.create(
        to=TO,
        from_=FROM,
        body="it’s here",
        smart_encoded=True,
        validity_period=600,
        provide_feedback=True,
        attempt=1,
        force_delivery=True,
        content_retention="retain",
        address_retention="retain",
        max_price=0.5,
        risk_check="enable",
        shorten_urls=False,
        send_as_mms=True,
        traffic_type="free",
        fallback_from="+15017122662",
    )
    assert (made.body, made.sid[:2]) == ("it's here", "MM")


def test_an_inbound_message_and_its_reply(twilio: Client, app: Receiver, control: Control) -> None:
    twilio.messages.create(to=TO, from_=FROM, body="Hello")
    control("PUT", f"/settings?account={ACCOUNT}", inbound_url=f"{app.url}/sms?a=1")
    answer = MessagingResponse()
    answer.message("Thank you", status_callback=f"{app.url}/told")
    app.answers.append(twiml(answer))
    body = {"from": TO, "to": FROM, "body": "héllo 😀", "provider": "twilio"}
    control("POST", "/inbound", **body)
    await_message(control, body_contains="Thank you")
    posts = app.await_posts(3)
    assert all(is_genuine(post, app.url) for post in posts)
    assert (posts[0].path, posts[0].form["Body"]) == ("/sms?a=1", "héllo 😀")
    assert {post.path for post in posts[1:]} == {"/told"}
    directions = [one.direction for one in twilio.messages.list()]
    assert directions == ["outbound-reply", "inbound", "outbound-api"]
    received = twilio.messages.list()[1]
    assert (received.from_, received.to, received.status) == (TO, FROM, "received")


def test_stop_is_heeded(twilio: Client, control: Control) -> None:
    made = twilio.messages.create(to=TO, from_=FROM, body="Hello")
    (message,) = control("GET", "/messages")["messages"]
    control("POST", f"/messages/{message['id']}/reply", body="STOP")
    with pytest.raises(TwilioRestException) as caught:
        twilio.messages.create(to=TO, from_=FROM, body="More")
    assert (caught.value.status, caught.value.code) == (400, 21610)
    assert made.sid in [one.sid for one in twilio.messages.list()]


def test_a_call_with_a_key_press(twilio: Client, app: Receiver, control: Control) -> None:
    ask = VoiceResponse()
    gather = Gather(num_digits=1, action="/pressed", timeout=60)
    gather.say("Press one.")
    ask.append(gather)
    speak = VoiceResponse()
    speak.say("Your code is 482913.")
    app.answers.extend([twiml(ask), twiml(speak)])
    made = twilio.calls.create(to=TO, from_=FROM, url=f"{app.url}/voice")
    assert (made.status, made.direction, made.answered_by) == ("queued", "outbound-api", None)
    message = await_message(control, body_contains="Press one.")
    assert twilio.calls(made.sid).fetch().status == "in-progress"
    control("POST", f"/messages/{message['id']}/press", digits="1")
    spoken = await_message(control, status="delivered")
    assert spoken["code"] == "482913"
    posts = app.await_posts(2)
    assert [post.path for post in posts] == ["/voice", "/pressed"]
    assert all(is_genuine(post, app.url) for post in posts)
    done = twilio.calls(made.sid).fetch()
    assert (done.status, done.duration is not None) == ("completed", True)
    assert done.start_time is not None
    assert done.end_time is not None


def test_the_status_of_a_call_is_told(twilio: Client, app: Receiver) -> None:
    answer = VoiceResponse()
    answer.say("Hi")
    events = ["initiated", "ringing", "answered", "completed"]
    url = f"{app.url}/status"
    twilio.calls.create(
        to=TO, from_=FROM, twiml=answer, status_callback=url, status_callback_event=events
    )
    posts = app.await_posts(4)
    assert [post.form["CallStatus"] for post in posts] == [
        "initiated",
        "ringing",
        "in-progress",
        "completed",
    ]
    assert all(is_genuine(post, app.url) for post in posts)


def test_a_shared_key_signs_as_the_validator_expects(
    twilio: Client, app: Receiver, control: Control
) -> None:
    settings = {"signing_key": "a shared key", "signature_method": "HMAC_SHA256"}
    control("PUT", f"/settings?account={ACCOUNT}", **settings)
    url = f"{app.url}/status"
    twilio.messages.create(to=TO, from_=FROM, body="x", status_callback=url)
    post = app.await_posts(1)[0]
    header = post.headers["X-Twilio-Webhooks-Signature-Settings"]
    signature = post.headers["X-Twilio-Signature"]
    algorithm = get_signature_algorithm(header)
    assert RequestValidator("a shared key").validate(url, post.form, signature, algorithm)
    assert not RequestValidator(TOKEN).validate(url, post.form, signature, algorithm)


def test_end_redirect_list_and_forget_calls(twilio: Client, control: Control) -> None:
    pause = VoiceResponse()
    pause.pause(length=60)
    first = twilio.calls.create(to=TO, from_=FROM, twiml=pause)
    await_message(control, status="sent")
    other = VoiceResponse()
    other.say("Elsewhere")
    assert twilio.calls(first.sid).update(twiml=other).sid == first.sid
    await_message(control, body_contains="Elsewhere", status="delivered")
    second = twilio.calls.create(to=TO, from_=FROM, twiml=pause)
    await_message(control, status="sent")
    assert twilio.calls(second.sid).update(status="completed").status == "completed"
    assert [one.sid for one in twilio.calls.list(status="completed", page_size=1)] == [
        second.sid,
        first.sid,
    ]
    assert twilio.calls(first.sid).delete() is True
    with pytest.raises(TwilioRestException) as caught:
        twilio.calls(first.sid).fetch()
    assert (caught.value.status, caught.value.code) == (404, 20404)


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"to": "+15005550001"}, 21217),
        ({"from_": "+15005550007"}, 21210),
        ({"twiml": None, "url": "nowhere"}, 21205),
        ({"twiml": None}, 21205),
    ],
)
def test_errors_of_calls_carry_twilios_codes(
    twilio: Client, values: dict[str, Any], code: int
) -> None:
    asked = {"to": TO, "from_": FROM, "twiml": "<Response/>"} | values
    given = {name: value for name, value in asked.items() if value is not None}
    with pytest.raises(TwilioRestException) as caught:
        twilio.calls.create(**given)
    assert (caught.value.status, caught.value.code) == (400, code)
    assert caught.value.uri == f"/Accounts/{ACCOUNT}/Calls.json"

"""What a call posts to the application: its status, and the request for its script."""

from collections.abc import Iterable

from sms_sandbox.callback import Callback
from sms_sandbox.facades.twilio.calls.form import Script
from sms_sandbox.facades.twilio.calls.resource import duration, status_of
from sms_sandbox.facades.twilio.posting import Method, post
from sms_sandbox.facades.twilio.wire import API_VERSION, rfc2822
from sms_sandbox.inbox.hooks import Scene
from sms_sandbox.message import Message, Submission

SCRIPT = "script"
"""The kind of a request for a document."""
TOKEN = "I-Twilio-Idempotency-Token"  # noqa: S105

_PLACES = {"initiated": 0, "ringing": 1, "in-progress": 2}


def tell(
    message: Message, submission: Submission, scene: Scene, event: str, status: str | None = None
) -> tuple[Callback, ...]:
    """The callback of one event, if the application wants it."""
    if submission.callback_url is None or event not in submission.facts["events"]:
        return ()
    status = status or status_of(message)
    parameters = [
        *_common(message, submission, status),
        ("Timestamp", rfc2822(scene.now)),
        ("CallbackSource", "call-progress-events"),
        ("SequenceNumber", str(_PLACES.get(status, 3))),
    ]
    if event == "completed":
        seconds = duration(submission) or 0
        parameters += [
            ("CallDuration", str(seconds)),
            ("Duration", str(1 + seconds // 60)),
        ]
    method = _method(submission.facts["callback_method"])
    return (post("status", submission.callback_url, parameters, scene, method),)


def ask(
    message: Message,
    submission: Submission,
    scene: Scene,
    script: Script,
    more: Iterable[tuple[str, str]] = (),
) -> Callback:
    """The request for a document; ``more`` tells what led there."""
    assert script.url is not None
    parameters = [*_common(message, submission, "in-progress"), *more]
    return post(SCRIPT, script.url, parameters, scene, _method(script.method))


def _common(message: Message, submission: Submission, status: str) -> list[tuple[str, str]]:
    parameters = [
        ("Called", message.recipient),
        ("Caller", message.sender),
        ("CallSid", submission.vendor_id),
        ("AccountSid", message.account),
        ("From", message.sender),
        ("To", message.recipient),
        ("CallStatus", status),
        ("ApiVersion", API_VERSION),
        ("Direction", "outbound-api"),
    ]
    if submission.facts.get("answered_by") and status not in ("initiated", "ringing"):
        parameters.append(("AnsweredBy", submission.facts["answered_by"]))
    return parameters


def _method(text: str) -> Method:
    return "GET" if text.upper() == "GET" else "POST"

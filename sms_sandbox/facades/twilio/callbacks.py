"""The status callback: what it says, how it is signed, how often it is tried."""

import uuid
from datetime import UTC, datetime
from typing import cast
from urllib.parse import parse_qs, urldefrag, urlencode

from sms_sandbox.callback import Callback, Failure
from sms_sandbox.facades.twilio import wire
from sms_sandbox.facades.twilio.signature import sign
from sms_sandbox.message import Message, Submission

_POLICIES: dict[str, tuple[Failure, ...]] = {
    "ct": ("connection",),
    "rt": ("timeout",),
    "4xx": ("4xx",),
    "5xx": ("5xx",),
    "all": ("connection", "timeout", "4xx", "5xx", "other"),
}
_MAX_RETRIES = 5


def render(message: Message, submission: Submission, token: str | None) -> Callback | None:
    """The callback of the message's status. Without a token (only an API key was ever seen) it
    goes out unsigned."""
    if submission.callback_url is None:
        return None
    url, fragment = urldefrag(submission.callback_url)
    parameters = _parameters(message, submission)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "Accept": "*/*",
        "User-Agent": "TwilioProxy/1.1",
        "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        "X-Home-Region": "us1",
    }
    if token is not None:
        headers["X-Twilio-Signature"] = sign(token, url, parameters)
    return _tuned(url, fragment, headers, urlencode(parameters))


def _parameters(message: Message, submission: Submission) -> list[tuple[str, str]]:
    status = wire.status_of(message)
    parameters = [
        ("SmsSid", submission.vendor_id),
        ("SmsStatus", status),
        ("MessageStatus", status),
        ("To", message.recipient),
    ]
    if service := submission.facts.get("messaging_service_sid"):
        parameters.append(("MessagingServiceSid", service))
    parameters += [
        ("MessageSid", submission.vendor_id),
        ("AccountSid", message.account),
        ("From", message.sender),
        ("ApiVersion", wire.API_VERSION),
    ]
    if status in ("failed", "undelivered") and message.error_code is not None:
        parameters.append(("ErrorCode", str(message.error_code)))
    if status in ("delivered", "undelivered"):
        moment = datetime.fromtimestamp(message.updated_at, UTC)
        parameters.append(("RawDlrDoneDate", moment.strftime("%y%m%d%H%M")))
    return parameters


def _tuned(url: str, fragment: str, headers: dict[str, str], body: str) -> Callback:
    """The fragment of the callback's URL tunes its delivery (``#rc=2&rp=all&ct=1000``): it is
    neither sent nor signed. Source: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides."""
    asked = {name: values[-1] for name, values in parse_qs(fragment).items()}
    policies = asked.get("rp", "ct").split(",")
    chosen = {failure for policy in policies for failure in _POLICIES.get(policy, ())}
    return Callback(
        kind="status",
        url=url,
        headers=headers,
        body=body,
        retries=int(_between(asked.get("rc"), 1, 0, _MAX_RETRIES)),
        retry_on=cast(tuple[Failure, ...], tuple(sorted(chosen))),
        connect_timeout=_between(asked.get("ct"), 5_000, 100, 10_000) / 1000,
        total_timeout=min(
            _between(asked.get("rt"), 15_000, 100, 15_000),
            _between(asked.get("tt"), 15_000, 100, 15_000),
        )
        / 1000,
    )


def _between(text: str | None, default: int, low: int, high: int) -> int:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 6:
        return default
    return min(high, max(low, int(text)))

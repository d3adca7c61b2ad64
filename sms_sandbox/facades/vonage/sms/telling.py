"""Delivery receipts of the SMS API, one for each part of a text.

Source: https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts
"""

from dataclasses import replace
from datetime import UTC, datetime

from sms_sandbox.callback import Callback
from sms_sandbox.facades.vonage import wire
from sms_sandbox.facades.vonage.posting import post_parameters
from sms_sandbox.facades.vonage.sms.prices import PRICE
from sms_sandbox.inbox.hooks import Asked, Cause, Moved, Reaction, Scene
from sms_sandbox.message import Message, Submission

KIND = "status"
_UNKNOWN = "1"
_EXPIRED = "12"
_REJECTED = ("4", "6", "11", "13", "14", "15")


def render(message: Message, submission: Submission, scene: Scene) -> Callback | None:
    """The receipt of the first part."""
    return _receipt(message, submission, submission.vendor_id, scene)


def react(message: Message, submission: Submission, cause: Cause, scene: Scene) -> Reaction | None:
    """The receipts of the other parts; what the application says about a conversion is kept."""
    if isinstance(cause, Asked):
        facts = {**submission.facts, "converted": bool(cause.values.get("converted"))}
        return Reaction(submission=replace(submission, facts=facts))
    if not isinstance(cause, Moved):
        return None
    others = [
        receipt
        for part in submission.facts["parts"][1:]
        if (receipt := _receipt(message, submission, part, scene)) is not None
    ]
    return Reaction(callbacks=tuple(others)) if others else None


def hears(message: Message, submission: Submission) -> bool | None:  # noqa: ARG001
    """A text is no call."""
    return None


def state(message: Message) -> str | None:
    """The status of a receipt; ``None``: nothing is told yet."""
    if message.status == "sent":
        return "accepted"
    if message.status == "delivered":
        return "delivered"
    if message.status not in ("undelivered", "failed"):
        return None
    code = str(message.error_code)
    if code == _EXPIRED:
        return "expired"
    return "rejected" if code in _REJECTED else "failed"


def _receipt(message: Message, submission: Submission, part: str, scene: Scene) -> Callback | None:
    status = state(message)
    url = submission.callback_url
    if url is None or status is None:
        return None
    at = message.updated_at
    parameters = {
        "msisdn": wire.shown(message.recipient),
        "to": wire.shown(message.sender),
        "network-code": wire.NETWORK,
        "messageId": part,
        "price": wire.money(PRICE),
        "status": status,
        "scts": datetime.fromtimestamp(at, UTC).strftime("%y%m%d%H%M"),
        "err-code": _code(message),
        "api-key": str(submission.facts["api_key"]),
        "message-timestamp": wire.legacy_moment(at),
    }
    if "client_ref" in submission.facts:
        parameters["client-ref"] = str(submission.facts["client_ref"])
    return post_parameters(KIND, url, parameters, scene)


def _code(message: Message) -> str:
    """0 where nothing is wrong; a code that a hand or a fault rule names is said as it is."""
    if message.error_code is not None:
        return str(message.error_code)
    return _UNKNOWN if message.status in ("undelivered", "failed") else "0"

"""The message resource: exactly Twilio's twenty keys; and its media and feedback."""

from collections.abc import Mapping
from typing import Any

from sms_sandbox.facades.twilio.errors import DELIVERY_TEXTS
from sms_sandbox.facades.twilio.wire import API_VERSION, account_uri, rfc2822
from sms_sandbox.message import Message, Submission, is_final
from sms_sandbox.storage.submissions import Submitted

PRICE = 0.0075
"""Dollars for one part; the sandbox's own figure, shown once a message is sent."""

_UNCHOSEN = ("scheduled", "accepted", "canceled")


def show_message(one: Submitted, *, created: bool = False) -> dict[str, Any]:
    """The resource; the answer that creates it has no link to its feedback."""
    message, submission = one.message, one.submission
    facts = submission.facts
    chosen = message.status not in _UNCHOSEN
    code = error_code(message)
    links = {"media": f"{uri_of(message, submission)}/Media.json"}
    if not created:
        links["feedback"] = f"{uri_of(message, submission)}/Feedback.json"
    priced = message.status in ("sent", "delivered", "undelivered")
    parts = 1 if facts.get("media") else message.segments
    return {
        "account_sid": message.account,
        "api_version": API_VERSION,
        "body": "" if _is_gone(message, facts) else message.body,
        "date_created": rfc2822(message.created_at),
        "date_sent": None if one.sent_at is None else rfc2822(one.sent_at),
        "date_updated": rfc2822(message.updated_at),
        "direction": direction(message, submission),
        "error_code": code,
        "error_message": DELIVERY_TEXTS.get(code) if isinstance(code, int) else None,
        "from": message.sender if chosen else None,
        "messaging_service_sid": facts.get("messaging_service_sid"),
        "num_media": str(len(facts.get("media", ()))),
        "num_segments": str(parts) if chosen else "0",
        "price": f"-{parts * PRICE:.5f}" if priced else None,
        "price_unit": "USD",
        "sid": submission.vendor_id,
        "status": message.status,
        "subresource_uris": links,
        "to": message.recipient,
        "uri": f"{uri_of(message, submission)}.json",
    }


def show_media(one: Submitted, media: Mapping[str, Any]) -> dict[str, Any]:
    """One medium of a message; the file itself stays where it is."""
    message = one.message
    return {
        "account_sid": message.account,
        "content_type": media["type"],
        "date_created": rfc2822(message.created_at),
        "date_updated": rfc2822(message.created_at),
        "parent_sid": one.submission.vendor_id,
        "sid": media["sid"],
        "uri": f"{uri_of(message, one.submission)}/Media/{media['sid']}.json",
    }


def show_feedback(one: Submitted) -> dict[str, Any]:
    """What the application has said of a delivery."""
    message, feedback = one.message, one.submission.facts["feedback"]
    return {
        "account_sid": message.account,
        "date_created": rfc2822(feedback["created_at"]),
        "date_updated": rfc2822(feedback["updated_at"]),
        "message_sid": one.submission.vendor_id,
        "outcome": feedback["outcome"],
        "uri": f"{uri_of(message, one.submission)}/Feedback.json",
    }


def direction(message: Message, submission: Submission) -> str:
    """Who wrote, in Twilio's words."""
    if message.direction == "inbound":
        return "inbound"
    return "outbound-reply" if submission.facts.get("reply") else "outbound-api"


def error_code(message: Message) -> int | str | None:
    """The delivery's code as a number, where it is one."""
    code = message.error_code
    return int(code) if isinstance(code, str) and code.isascii() and code.isdigit() else code


def uri_of(message: Message, submission: Submission) -> str:
    """The message's own path, without ``.json``."""
    return f"{account_uri(message.account)}/Messages/{submission.vendor_id}"


def _is_gone(message: Message, facts: Mapping[str, Any]) -> bool:
    discarded = facts.get("discards") and is_final(message.status)
    return bool(facts.get("redacted") or discarded)

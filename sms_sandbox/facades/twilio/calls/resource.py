"""The call resource, and a call's status in Twilio's words."""

import re
from typing import Any

from sms_sandbox.facades.twilio.wire import API_VERSION, account_uri, rfc2822
from sms_sandbox.message import Message, Submission
from sms_sandbox.storage.submissions import Submitted

PRICE = 0.013
"""Dollars for a minute; the sandbox's own figure, shown once a call is over."""

STATUS_CODES: dict[str, tuple[str, ...]] = {
    "busy": ("busy", "30004"),
    "no-answer": ("no-answer", "30003", "30036"),
    "canceled": ("canceled",),
}
"""Which error codes of a lost call mean which status; any other means ``failed``."""
_STATUSES = {
    "accepted": "queued",
    "queued": "ringing",
    "sent": "in-progress",
    "delivered": "completed",
}
_SUBRESOURCES = (
    "events",
    "notifications",
    "recordings",
    "payments",
    "siprec",
    "streams",
    "transcriptions",
    "user_defined_message_subscriptions",
    "user_defined_messages",
)
_AMERICAN = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")


def status_of(message: Message) -> str:
    """How far a call has come, or how it was lost."""
    if message.status in _STATUSES:
        return _STATUSES[message.status]
    code = str(message.error_code or "")
    lost = next((status for status, codes in STATUS_CODES.items() if code in codes), None)
    return lost or ("no-answer" if message.status == "undelivered" and not code else "failed")


def show_call(one: Submitted) -> dict[str, Any]:
    """The resource, key for key as Twilio has it."""
    message, submission = one.message, one.submission
    facts = submission.facts
    seconds = duration(submission)
    root = f"{account_uri(message.account)}/Calls/{submission.vendor_id}"
    is_over = status_of(message) == "completed"
    return {
        "account_sid": message.account,
        "answered_by": facts.get("answered_by") if facts.get("answered_at") else None,
        "api_version": API_VERSION,
        "caller_name": None,
        "date_created": rfc2822(message.created_at),
        "date_updated": rfc2822(message.updated_at),
        "direction": "outbound-api",
        "duration": None if seconds is None else str(seconds),
        "end_time": _moment(facts.get("ended_at")),
        "forwarded_from": None,
        "from": message.sender,
        "from_formatted": _formatted(message.sender),
        "group_sid": None,
        "parent_call_sid": None,
        "phone_number_sid": None,
        "price": f"-{PRICE * (1 + (seconds or 0) // 60):.5f}" if is_over else None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": submission.vendor_id,
        "start_time": _moment(facts.get("answered_at")),
        "status": status_of(message),
        "subresource_uris": {name: f"{root}/{_camel(name)}.json" for name in _SUBRESOURCES},
        "to": message.recipient,
        "to_formatted": _formatted(message.recipient),
        "trunk_sid": None,
        "uri": f"{root}.json",
    }


def duration(submission: Submission) -> int | None:
    """How many whole seconds a call has lasted; ``None`` while it is not over."""
    facts = submission.facts
    if facts.get("ended_at") is None:
        return None
    answered = facts.get("answered_at")
    return 0 if answered is None else round(facts["ended_at"] - answered)


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else rfc2822(seconds)


def _formatted(number: str) -> str:
    found = _AMERICAN.fullmatch(number)
    return f"({found[1]}) {found[2]}-{found[3]}" if found else number


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))

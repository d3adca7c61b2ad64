"""The message detail record."""

from decimal import Decimal
from typing import Any

from sms_sandbox.facades.plivo import wire
from sms_sandbox.facades.plivo.caller import Caller
from sms_sandbox.facades.plivo.errors import DELIVERED, TEXTS
from sms_sandbox.message import Message, Status, Submission
from sms_sandbox.storage.submissions import Submitted

RATE = Decimal("0.00350")
"""Dollars for one unit; the sandbox's own figure."""

STATES: dict[Status, str] = {
    "scheduled": "queued",
    "accepted": "queued",
    "queued": "queued",
    "sent": "sent",
    "delivered": "delivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
    "received": "received",
}


def show(caller: Caller, one: Submitted) -> dict[str, Any]:
    """The record, key for key."""
    message, submission = one.message, one.submission
    code = error_code(message, submission)
    return {
        "error_code": code,
        "error_message": TEXTS.get(code or "", ""),
        "from_number": wire.shown(message.sender),
        "message_direction": message.direction,
        "message_sent_time": None if one.sent_at is None else wire.record_time(one.sent_at),
        "message_state": state(message, submission),
        "message_time": wire.record_time(message.created_at),
        "message_type": submission.facts["type"],
        "message_updated_time": wire.record_time(message.updated_at),
        "message_uuid": submission.vendor_id,
        "resource_uri": f"{caller.root}/Message/{submission.vendor_id}/",
        "to_number": _recipient(message, submission),
        "total_amount": wire.money(amount(message, submission)),
        "total_rate": wire.money(RATE),
        "units": units(message, submission),
    }


def state(message: Message, submission: Submission) -> str:
    """The state in Plivo's words: an inbound message's is what became of telling it."""
    return str(submission.facts.get("state") or STATES[message.status])


def error_code(message: Message, submission: Submission) -> str | None:
    """Why a message is lost; ``000`` for a delivery, ``None`` before the end is known."""
    if state(message, submission) == "delivered":
        return DELIVERED
    return None if message.error_code is None else str(message.error_code)


def units(message: Message, submission: Submission) -> int:
    """What is paid for: the parts of a text, one for a message with media."""
    return 1 if submission.facts.get("media") else message.segments


def amount(message: Message, submission: Submission) -> Decimal:
    """What the message costs: nothing where it never left."""
    paid = 0 if message.status in ("failed", "canceled") else units(message, submission)
    return RATE * paid


def _recipient(message: Message, submission: Submission) -> str:
    number = wire.shown(message.recipient)
    hidden = submission.facts.get("log") in ("false", "content_only")
    return wire.masked(number) if hidden else number

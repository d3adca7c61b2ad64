"""The message resource: one message, and how it stands with each of its recipients."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from babel import Locale

from sms_sandbox.facades.messagebird import wire
from sms_sandbox.facades.messagebird.errors import DELIVERED, EXPIRED, PENDING, reason_of
from sms_sandbox.facades.messagebird.messages import form
from sms_sandbox.message import Message, Status, Submission, is_final
from sms_sandbox.numbers import plan
from sms_sandbox.storage.submissions import Submitted

STATES: dict[str, str] = {
    "scheduled": "scheduled",
    "accepted": "sent",
    "queued": "sent",
    "sent": "buffered",
    "delivered": "delivered",
    "undelivered": "delivery_failed",
    "failed": "delivery_failed",
    "canceled": "delivery_failed",
    "received": "delivered",
}
"""MessageBird's word for each status; what a network has taken is ``buffered`` there."""
LOST: tuple[Status, ...] = ("undelivered", "failed", "canceled")
_FAILED = ("delivery_failed", "expired")


def show(texts: Sequence[Submitted], *, created: bool = False) -> dict[str, Any]:
    """The resource, key for key; just ``created``, it says less of its recipients."""
    first = texts[0]
    facts, message = first.submission.facts, first.message
    items = [_item(one.message, one.submission, created=created) for one in texts]
    states = [item["status"] for item in items]
    send_at = facts.get("send_at")
    return {
        "id": facts["message"],
        "href": wire.href("messages", facts["message"]),
        "direction": "mo" if message.direction == "inbound" else "mt",
        "type": facts["type"],
        "originator": facts["originator"],
        "body": message.body,
        "reference": facts["reference"],
        "validity": facts["validity"],
        "gateway": facts["gateway"],
        "typeDetails": facts["details"],
        "datacoding": facts["datacoding"],
        "mclass": facts["mclass"],
        "scheduledDatetime": None if send_at is None else wire.time(send_at),
        "createdDatetime": wire.time(message.created_at),
        "recipients": {
            "totalCount": len(items),
            "totalSentCount": sum(state in ("sent", "buffered") for state in states),
            "totalDeliveredCount": states.count("delivered"),
            "totalDeliveryFailedCount": sum(state in _FAILED for state in states),
            "items": items,
        },
    }


def state(message: Message, submission: Submission) -> str:
    """How a text stands, in MessageBird's words."""
    status = str(submission.facts.get("state") or message.status)
    is_expired = message.status in LOST and message.error_code == EXPIRED
    return "expired" if is_expired else STATES[status]


def error_code(message: Message) -> int | None:
    """Why a text is lost, as a number."""
    if message.status not in LOST:
        return None
    return message.error_code if isinstance(message.error_code, int) else 255


def reason(message: Message, submission: Submission) -> str:
    """What is said of the status."""
    shown = state(message, submission)
    if shown == "delivered":
        return DELIVERED
    return reason_of(error_code(message)) if shown in _FAILED else PENDING


def parts(message: Message, submission: Submission) -> int:
    """How many parts the text has, coded as it was asked for."""
    facts = submission.facts
    return form.parts_of(message.body, facts["type"], facts["datacoding"])


def price(message: Message, submission: Submission) -> Decimal:
    """What a text costs: nothing where it never left."""
    paid = 0 if message.status in ("failed", "canceled") else parts(message, submission)
    return wire.RATE * paid


def _item(message: Message, submission: Submission, *, created: bool) -> dict[str, Any]:
    is_test = bool(submission.facts.get("test"))
    at = message.created_at if is_test else message.updated_at
    item: dict[str, Any] = {
        "recipient": _address(message.recipient),
        "status": state(message, submission),
        "statusDatetime": wire.time(at),
        "messagePartCount": parts(message, submission),
    }
    if created or is_test or not is_final(message.status):
        return item
    planned = plan.read(message.recipient)
    return {
        "originator": None,
        **item,
        "recipientCountry": _country(planned.country),
        "recipientCountryPrefix": int(planned.calling_code) if planned.calling_code else None,
        "recipientOperator": wire.OPERATOR,
        "messageLength": len(message.body),
        "statusErrorCode": error_code(message),
        "statusReason": reason(message, submission),
        "price": {
            "amount": float(price(message, submission)),
            "currency": wire.CURRENCY,
        },
        "mccmnc": wire.MOBILE_COUNTRY_CODE + wire.MOBILE_NETWORK_CODE,
        "mcc": wire.MOBILE_COUNTRY_CODE,
        "mnc": wire.MOBILE_NETWORK_CODE,
    }


def _address(address: str) -> int | str:
    # An application's own address, which a handset writes to, may be a name.
    return wire.digits(address) if address.removeprefix("+").isdigit() else address


def _country(code: str) -> str | None:
    return Locale("en").territories.get(code) if code else None

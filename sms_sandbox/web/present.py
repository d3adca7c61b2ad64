"""Values of a message in words, for the page as the server draws it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from sms_sandbox.message import Message, Status, rfc3339
from sms_sandbox.web.numbers import code_groups, number_view
from sms_sandbox.web.text import inert


class StatusView(NamedTuple):
    """A status in words, with the icon and tone that repeat it."""

    label: str
    icon: str
    tone: str


_STATUS: dict[Status, StatusView] = {
    "scheduled": StatusView("Scheduled", "queued", "wait"),
    "accepted": StatusView("Accepted", "queued", "wait"),
    "queued": StatusView("Queued", "queued", "wait"),
    "sent": StatusView("Sent", "sent", "wait"),
    "delivered": StatusView("Delivered", "delivered", "good"),
    "undelivered": StatusView("Undelivered", "failed", "bad"),
    "failed": StatusView("Failed", "failed", "bad"),
    "canceled": StatusView("Canceled", "failed", "wait"),
    "received": StatusView("Received", "received", "good"),
}


class HandsetView(NamedTuple):
    """One number of one account, with its last message; `at` is seconds since 1970. `name` and
    `state` say in words what was set for it."""

    number: str
    account: str
    text: str
    at: float
    name: str = ""
    state: str = ""


def handset(message: Message) -> str:
    """The handset's number: who got an outbound message, who wrote an inbound one."""
    return message.sender if message.direction == "inbound" else message.recipient


def handsets(messages: list[Message]) -> list[HandsetView]:
    """Every number among `messages` (newest first) with its newest text, in that order."""
    found: dict[tuple[str, str], HandsetView] = {}
    for message in messages:
        number = handset(message)
        found.setdefault(
            (message.account, number),
            HandsetView(number, message.account, message.body, message.created_at),
        )
    return list(found.values())


def _status(message: Message) -> StatusView:
    return _STATUS[message.status]


def _badge(message: Message) -> str:
    # A native send has no vendor, so its account says it all.
    if message.provider == "sandbox":
        return message.account
    return f"{message.provider} · {message.account}"


def _sender(message: Message) -> str:
    return f"to {message.recipient}" if message.direction == "inbound" else message.sender


def _parts(message: Message) -> str:
    noun = "part" if message.segments == 1 else "parts"
    return f"{message.encoding} · {message.segments} {noun}"


def _clock(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%d %b %H:%M:%S UTC")


# What the templates call their filters.
FILTERS: dict[str, Callable[..., object]] = {
    "inert": inert,
    "number": number_view,
    "code_groups": code_groups,
    "handset": handset,
    "status": _status,
    "badge": _badge,
    "sender": _sender,
    "parts": _parts,
    "clock": _clock,
    "rfc3339": rfc3339,
}

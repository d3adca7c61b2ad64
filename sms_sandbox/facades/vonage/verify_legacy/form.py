"""What a new request of Verify v1 asks for, read value by value."""

import re
from collections.abc import Mapping
from typing import Any

from sms_sandbox.facades.vonage.verify_legacy.errors import invalid, missing
from sms_sandbox.facades.vonage.wire import parse_number, parse_sender

WORKFLOWS: Mapping[int, tuple[str, ...]] = {
    1: ("sms", "voice", "voice"),
    2: ("sms", "sms", "voice"),
    3: ("voice", "voice"),
    4: ("sms", "sms"),
    5: ("sms", "voice"),
    6: ("sms",),
    7: ("voice",),
}
WAIT = 120
"""Seconds until the next event, where the request does not say."""
EXPIRY = 300
"""Seconds that a code is valid, where the request does not say."""

_PIN = re.compile(r"[A-Za-z0-9]{4,10}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,4})?")
_AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,2})?")


def read(asked: Mapping[str, str], *, is_payment: bool) -> dict[str, Any]:
    """Number, names, code and events. Raises ``VerifyError`` and names the parameter."""
    number = parse_number(_needed(asked, "number"))
    if number is None:
        raise invalid("number")
    name = "payee" if is_payment else "brand"
    brand = _needed(asked, name)
    if len(brand) > 18 or not brand.isprintable():
        raise invalid(name)
    amount = _needed(asked, "amount") if is_payment else None
    if amount is not None and not _AMOUNT.fullmatch(amount):
        raise invalid("amount")
    sender = parse_sender(asked["sender_id"]) if asked.get("sender_id") else None
    if asked.get("sender_id") and sender is None:
        raise invalid("sender_id")
    if asked.get("lg") and not _LANGUAGE.fullmatch(asked["lg"]):
        raise invalid("lg")
    code = asked.get("pin_code") or None
    if code is not None and not _PIN.fullmatch(code):
        raise invalid("pin_code")
    length = _whole(asked, "code_length", 4, 6) or 4
    if length == 5:
        raise invalid("code_length")
    return {
        "number": number,
        "brand": brand,
        "amount": amount,
        "sender": sender,
        "code": code,
        "code_length": length,
        "steps": _steps(asked, number, sender),
    }


def _steps(asked: Mapping[str, str], number: str, sender: str | None) -> list[dict[str, Any]]:
    """The events with their times: the last one's ends with the code's."""
    channels = WORKFLOWS[_whole(asked, "workflow_id", 1, 7) or 1]
    wait = _whole(asked, "next_event_wait", 60, 900)
    expiry = _whole(asked, "pin_expiry", 60, 3600)
    if wait is not None and expiry is not None and expiry % wait:
        expiry = wait
    wait = wait or WAIT
    # All events of a request carry one code here: it lives at least until the last has come.
    expiry = max(expiry or EXPIRY, wait * (len(channels) - 1) + 60)
    lives = [wait] * (len(channels) - 1)
    return [
        {"channel": channel, "to": number, "from": sender, "life": life}
        for channel, life in zip(channels, [*lives, expiry - sum(lives)], strict=True)
    ]


def _needed(asked: Mapping[str, str], name: str) -> str:
    value = asked.get(name, "").strip()
    if not value:
        raise missing(name)
    return value


def _whole(asked: Mapping[str, str], name: str, low: int, high: int) -> int | None:
    text = asked.get(name)
    if not text:
        return None
    is_whole = text.isascii() and text.isdigit() and len(text) <= 6
    if not is_whole or not low <= int(text) <= high:
        raise invalid(name)
    return int(text)

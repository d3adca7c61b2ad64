"""What a request for a text message asks for, and what the API says where it cannot be had.

Source: https://developer.vonage.com/en/api/sms
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sms_sandbox.facades.posting import is_url
from sms_sandbox.facades.vonage import wire
from sms_sandbox.facades.vonage.caller import Caller
from sms_sandbox.facades.vonage.noun import API
from sms_sandbox.facades.vonage.sms.errors import LATE, SmsError, invalid, missing
from sms_sandbox.message import Draft, Submission
from sms_sandbox.segments import segment

NOUN = "sms"
MAX_TEXT = 3200
"""Characters of a text; a longer one is refused with status 12."""
EXPIRES = 72 * 3600.0
"""Seconds after which a message that was not delivered expires, where it does not say."""
MAX_REFERENCE = 100
MAX_CALLBACK = 100
"""Characters of a callback's address, as documented."""
TTL = (20_000, 604_800_000)
"""Milliseconds for which delivery may be tried."""

TYPES = ("text", "unicode", "binary")
_BINARY_BYTES = 140
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One request, read: ``recipient`` in E.164, an id for each part of the text."""

    recipient: str = field(repr=False)
    sender: str = field(repr=False)
    text: str = field(repr=False)
    parts: int
    callback: str | None
    validity: float
    reference: str | None


def read(asked: Mapping[str, str], caller: Caller) -> Wish:
    """The message that a request asks for. Raises ``SmsError``."""
    sender, recipient = _addresses(asked)
    text = _text(asked)
    _whole(asked, "message-class", 0, 3)
    _whole(asked, "protocol-id", 0, 255)
    _flag(asked, "trusted-number")
    lifetime = _whole(asked, "ttl", *TTL)
    reference = asked.get("client-ref") or None
    if reference is not None and len(reference) > MAX_REFERENCE:
        raise invalid("client-ref", f"at most {MAX_REFERENCE} characters")
    return Wish(
        recipient=recipient,
        sender=sender,
        text=text,
        parts=1 if asked.get("type") == "binary" else segment(text).count,
        callback=_callback(asked, caller),
        validity=EXPIRES if lifetime is None else lifetime / 1000,
        reference=reference,
    )


def draft(wish: Wish, caller: Caller, raw: str) -> Draft:
    """The message as the inbox takes it; its first part's id is its own."""
    ids = [f"0A{caller.room.ids.hex(caller.account, 7).upper()}" for _ in range(wish.parts)]
    facts: dict[str, Any] = {API: NOUN, "api_key": caller.api_key, "parts": ids}
    if wish.reference is not None:
        facts["client_ref"] = wish.reference
    return Draft(
        account=caller.account,
        provider=wire.PROVIDER,
        direction="outbound",
        sender=wish.sender,
        recipient=wish.recipient,
        body=wish.text,
        raw=raw,
        validity=wish.validity,
        late=LATE,
        submission=Submission(vendor_id=ids[0], callback_url=wish.callback, facts=facts),
    )


def _addresses(asked: Mapping[str, str]) -> tuple[str, str]:
    for name in ("to", "from"):
        if not asked.get(name, "").strip():
            raise missing(name)
    recipient = wire.parse_number(asked["to"].strip())
    if recipient is None:
        raise invalid("to", "7 to 15 digits, the country's code first")
    sender = wire.parse_sender(asked["from"])
    if sender is None:
        raise SmsError("15")
    return sender, recipient


def _text(asked: Mapping[str, str]) -> str:
    kind = asked.get("type") or "text"
    if kind not in TYPES:
        raise invalid("type", f"this sandbox imitates {', '.join(TYPES)}")
    if kind == "binary":
        return _binary(asked)
    text = asked.get("text", "")
    if not text:
        raise missing("text")
    if len(text) > MAX_TEXT:
        raise SmsError("12")
    return text


def _binary(asked: Mapping[str, str]) -> str:
    """Header and body in hexadecimal: nobody knows what they mean."""
    body, header = asked.get("body", ""), asked.get("udh", "")
    if not body:
        raise missing("body")
    for name, value in (("body", body), ("udh", header)):
        if value and not _HEX.fullmatch(value):
            raise invalid(name, "pairs of hexadecimal digits")
    if len(header + body) > 2 * _BINARY_BYTES:
        raise SmsError("12")
    return f"{header} {body}".strip()


def _callback(asked: Mapping[str, str], caller: Caller) -> str | None:
    own = asked.get("callback") or None
    if own is not None and (len(own) > MAX_CALLBACK or not is_url(own)):
        raise SmsError("23")
    if _flag(asked, "status-report-req") is False:
        return None
    return own or caller.room.inbox.account_settings(caller.account).status_url


def _whole(asked: Mapping[str, str], name: str, low: int, high: int) -> int | None:
    text = asked.get(name) or None
    if text is None:
        return None
    is_whole = text.isascii() and text.isdecimal() and len(text) <= 12
    value = int(text) if is_whole else -1
    if not low <= value <= high:
        raise invalid(name, f"a whole number from {low} to {high}")
    return value


def _flag(asked: Mapping[str, str], name: str) -> bool | None:
    """The Python SDK writes ``True``, others ``true`` or 1."""
    text = asked.get(name) or None
    if text is None:
        return None
    value = {"true": True, "1": True, "false": False, "0": False}.get(text.casefold())
    if value is None:
        raise invalid(name, "true or false")
    return value

"""What a request for messages asks for, and what Plivo says where they cannot be had.

Source: https://docs.plivo.com/docs/messaging/api/message/send-a-message
"""

import mimetypes
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sms_sandbox.facades.plivo import wire
from sms_sandbox.facades.plivo.caller import Caller
from sms_sandbox.facades.plivo.errors import LATE, TOO_LONG, PlivoError
from sms_sandbox.facades.plivo.fields import Fields
from sms_sandbox.facades.posting import is_url
from sms_sandbox.message import Draft, Submission
from sms_sandbox.numbers import plan
from sms_sandbox.segments import encoding_of

MAX_DESTINATIONS = 1000
"""How many destinations one request may name; the sandbox's own figure."""
MAX_MEDIA = 10
EXPIRES = 10_800
"""Seconds after which a message that was not delivered expires, where it does not say."""
SHORTEST_EXPIRY = 5
MAX_GSM, MAX_UCS = 1600, 737
"""Characters of a text; a longer one is taken and fails with code 110."""

KINDS = ("sms", "mms", "whatsapp")
NOT_IMITATED = ("template", "interactive", "location")
"""Parameters of WhatsApp messages: refused, so that no test passes by mistake."""

_BOTH = (
    "Both powerpack_uuid and src cannot be specified. Specify either powerpack_uuid or src in "
    "request params to send a message."
)
_NEITHER = "Specify either powerpack_uuid or src in request params to send a message"
_STEERING = ("dlt_entity_id", "dlt_template_id", "dlt_template_category")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One request: its ``recipients`` in E.164, those that are no numbers as they were given, and
    what their messages share."""

    sender: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    invalid: tuple[str, ...] = field(repr=False)
    text: str = field(repr=False)
    url: str | None
    expiry: int
    facts: dict[str, Any] = field(repr=False)


def read(asked: Fields, caller: Caller) -> Wish:
    """The messages that a request asks for. Raises ``PlivoError``."""
    for name in NOT_IMITATED:
        if name in asked:
            raise PlivoError(400, f"{name} is not imitated by this sandbox")
    kind = asked.one_of("type", KINDS) or "sms"
    if kind == "whatsapp":
        raise PlivoError(400, "type whatsapp is not imitated by this sandbox")
    powerpack = _powerpack(asked)
    sender = _sender(asked, powerpack)
    recipients, invalid = _destinations(asked)
    if sender in recipients:
        raise PlivoError(400, "destination number cannot be same as source number")
    settings = caller.room.inbox.account_settings(caller.account)
    asked.flag("trackable")
    for name in _STEERING:
        asked.text(name)
    return Wish(
        sender=sender,
        recipients=recipients,
        invalid=invalid,
        text=_text(asked, kind),
        url=asked.url("url") or settings.status_url,
        expiry=asked.whole("message_expiry", SHORTEST_EXPIRY, EXPIRES) or EXPIRES,
        facts={
            "type": kind,
            "auth_id": caller.auth_id,
            "method": asked.one_of("method", ("GET", "POST")) or settings.webhook_method or "POST",
            "powerpack_id": powerpack,
            "log": asked.logs("log"),
            "requester_ip": caller.address,
            "media": _media(asked, kind, caller),
        },
    )


def draft(wish: Wish, recipient: str, caller: Caller, raw: str) -> Draft:
    """The message to one of the recipients."""
    longest = MAX_GSM if encoding_of(wish.text) == "GSM-7" else MAX_UCS
    facts = {**wish.facts, "country": plan.country_of(recipient)}
    return Draft(
        account=caller.account,
        provider=wire.PROVIDER,
        direction="outbound",
        sender=wish.sender,
        recipient=recipient,
        body=wish.text,
        raw=raw,
        kind="media" if wish.facts["media"] else "text",
        # Plivo tells of "queued" as of every other state: only a change is told of.
        starts="accepted",
        validity=wish.expiry,
        fails=TOO_LONG if len(wish.text) > longest else None,
        late=LATE,
        submission=Submission(vendor_id=caller.new_uuid(), callback_url=wish.url, facts=facts),
    )


def _powerpack(asked: Fields) -> str | None:
    powerpack = asked.text("powerpack_uuid") or None
    has_source = bool(asked.text("src"))
    if powerpack is not None and has_source:
        raise PlivoError(400, _BOTH)
    if powerpack is None and not has_source:
        raise PlivoError(400, _NEITHER)
    if powerpack is not None and not wire.is_uuid(powerpack):
        raise PlivoError(400, "powerpack_uuid is not a UUID")
    return powerpack


def _sender(asked: Fields, powerpack: str | None) -> str:
    if powerpack is not None:
        # A powerpack picks from its pool: here always the same number of the range for fiction.
        return f"+12015550{100 + int(powerpack[:8], 16) % 100}"
    text = asked.text("src") or ""
    sender = wire.parse_sender(text)
    if sender is None:
        raise PlivoError(
            400,
            f"src {text[:32]!r} is not valid: use a number with its country's code, a short code, "
            "or a name of at most 11 letters and digits",
        )
    return sender


def _destinations(asked: Fields) -> tuple[tuple[str, ...], tuple[str, ...]]:
    text = asked.text("dst", most=MAX_DESTINATIONS * 64)
    if not text:
        raise PlivoError(400, "dst parameter not present")
    given = text.split("<")
    if len(given) > MAX_DESTINATIONS:
        raise PlivoError(400, f"dst must name at most {MAX_DESTINATIONS} numbers")
    read = [(one, wire.parse_number(one)) for one in given]
    invalid = tuple(one for one, number in read if number is None)
    numbers = tuple(number for _, number in read if number is not None)
    if not numbers:
        raise no_destination(invalid)
    return numbers, invalid


def no_destination(given: tuple[str, ...]) -> PlivoError:
    """The refusal where none of the destinations is a number."""
    return PlivoError(
        400,
        f"dst {given[0][:32]!r} is not a valid number: write the country's code first, and '<' "
        "between numbers",
    )


def _text(asked: Fields, kind: str) -> str:
    text = asked.text("text", most=100_000) or ""
    if not text and kind == "sms":
        raise PlivoError(400, "text parameter not present")
    return text


def _media(asked: Fields, kind: str, caller: Caller) -> list[dict[str, str]]:
    urls = asked.texts("media_urls", most=MAX_MEDIA)
    ids = asked.texts("media_ids", most=MAX_MEDIA)
    if kind != "mms" and (urls or ids):
        raise PlivoError(400, "media_urls and media_ids need type mms")
    if kind == "mms" and not (urls or ids or asked.text("text", most=100_000)):
        raise PlivoError(400, "an mms needs media_urls, media_ids or a text")
    if not all(is_url(url) for url in urls):
        raise PlivoError(400, "media_urls must be http or https URLs")
    named = [{"id": one, "type": "application/octet-stream"} for one in ids]
    return [{"id": caller.new_uuid(), "type": _media_type(url)} for url in urls] + named


def _media_type(url: str) -> str:
    """What the address's ending says; the file itself is never fetched."""
    return mimetypes.guess_type(urlsplit(url).path)[0] or "application/octet-stream"

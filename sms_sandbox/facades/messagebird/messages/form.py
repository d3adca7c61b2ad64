"""What a request for a message asks for, and what MessageBird says where it cannot be had.

Source: https://developers.messagebird.com/api/sms-messaging/#send-outbound-sms
"""

import re
from dataclasses import dataclass, field
from typing import Any

from sms_sandbox.facades.messagebird import wire
from sms_sandbox.facades.messagebird.caller import Caller
from sms_sandbox.facades.messagebird.errors import LATE, MessageBirdError, invalid, missing
from sms_sandbox.facades.messagebird.fields import Fields
from sms_sandbox.message import Draft, Submission
from sms_sandbox.segments import encoding_of, segment

MAX_RECIPIENTS = 50
"""How many recipients one message may have."""
MAX_PARTS = 9
"""How many parts a text may need."""
LONGEST_VALIDITY = 172_800
GATEWAY = 10
"""The route where a message names none, as the answers in the SDKs' tests have it."""

KINDS = ("sms", "binary", "flash", "premium")
CODINGS = ("plain", "unicode", "auto")
NOT_IMITATED = ("groupIds",)
"""Parameters that need what is not imitated: refused, so that no test passes by mistake."""

_HEX = re.compile(r"(?:[0-9A-Fa-f]{2}){1,1260}")
_UCS_ALONE, _UCS_JOINED = 70, 67


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One message: its ``recipients`` in E.164 and what their texts share."""

    sender: str = field(repr=False)
    recipients: tuple[str, ...] = field(repr=False)
    body: str = field(repr=False)
    url: str | None
    validity: int | None
    send_at: float | None
    facts: dict[str, Any] = field(repr=False)


def read(asked: Fields, caller: Caller) -> Wish:
    """The message that a request asks for. Raises ``MessageBirdError``."""
    for name in NOT_IMITATED:
        if name in asked:
            raise invalid(name, f"{name} is not imitated by this sandbox")
    kind = asked.one_of("type", KINDS) or "sms"
    originator, sender = read_originator(asked)
    body, coding = _body(asked, kind)
    send_at = asked.moment("scheduledDatetime")
    validity = asked.whole("validity", 1, LONGEST_VALIDITY)
    settings = caller.room.inbox.account_settings(caller.account)
    return Wish(
        sender=sender,
        recipients=_recipients(asked.raw("recipients")),
        body=body,
        url=asked.url("reportUrl") or settings.status_url,
        validity=validity,
        send_at=send_at if send_at is not None and send_at > caller.now else None,
        facts={
            "message": caller.new_id(),
            "type": kind,
            "originator": originator,
            "reference": asked.text("reference"),
            "validity": validity,
            "gateway": asked.whole("gateway", 0, 10**9) or GATEWAY,
            "details": asked.details("typeDetails"),
            "datacoding": coding,
            "mclass": _class(asked, kind),
            "send_at": send_at,
            **test_facts(caller),
        },
    )


def draft(wish: Wish, recipient: str, place: int, raw: str, caller: Caller) -> Draft:
    """The text to one of the recipients, the ``place``-th."""
    return Draft(
        account=caller.account,
        provider=wire.PROVIDER,
        direction="outbound",
        sender=wish.sender,
        recipient=recipient,
        body=wish.body,
        raw=raw,
        send_at=wish.send_at,
        validity=wish.validity,
        late=LATE,
        submission=Submission(
            vendor_id=vendor_id(wish.facts["message"], place),
            callback_url=wish.url,
            facts=wish.facts,
        ),
    )


def vendor_id(message: str, place: int) -> str:
    """How storage knows the text to the ``place``-th recipient of a message."""
    return f"{message}/{place:02d}"


def test_facts(caller: Caller) -> dict[str, Any]:
    """What is kept of a message of a key for tests: for MessageBird it stays as it was."""
    return {"test": True, "state": "queued"} if caller.is_test else {}


def read_originator(asked: Fields, default: str | None = None) -> tuple[str, str]:
    """The originator as it was written and as the inbox has it. Raises ``MessageBirdError``."""
    written = asked.text("originator", most=64) or default
    if not written:
        raise missing("originator", "no originator found")
    sender = wire.read_sender(written)
    if sender is None:
        raise invalid(
            "originator",
            "originator is invalid: use a number with its country's code, or at most 11 letters "
            "and digits",
        )
    return written, sender


def coded(text: str, coding: str) -> tuple[str, str]:
    """A text as it goes out in a ``datacoding``, and which of ``plain`` and ``unicode`` it is:
    ``plain`` has a question mark where the alphabet of GSM has no letter."""
    if coding == "auto":
        coding = "plain" if encoding_of(text) == "GSM-7" else "unicode"
    if coding == "plain":
        text = "".join(one if encoding_of(one) == "GSM-7" else "?" for one in text)
    return text, coding


def parts_of(body: str, kind: str, coding: str) -> int:
    """How many parts a text needs, coded like that."""
    if kind == "binary":
        size = len(body) // 2
        return 1 if size <= 140 else -(-size // 134)
    if coding == "unicode":
        size = len(body.encode("utf-16-le")) // 2
        return 1 if size <= _UCS_ALONE else -(-size // _UCS_JOINED)
    return segment(body).count


def _body(asked: Fields, kind: str) -> tuple[str, str]:
    text = asked.text("body", most=10_000)
    if text is None:
        raise missing("body", "no body found")
    coding = asked.one_of("datacoding", CODINGS) or "plain"
    if kind == "binary":
        if not _HEX.fullmatch(text):
            raise invalid("body", "body of a binary message must be hexadecimal digits")
        coding = "plain" if coding == "auto" else coding
    else:
        text, coding = coded(text, coding)
    if parts_of(text, kind, coding) > MAX_PARTS:
        raise invalid("body", f"body needs more than {MAX_PARTS} parts")
    return text, coding


def _class(asked: Fields, kind: str) -> int:
    given = asked.whole("mclass", 0, 3)
    if kind == "flash":
        return 0
    return 1 if given is None else given


def _recipients(given: Any) -> tuple[str, ...]:
    """The numbers among what was given: a list, or a text with commas. What is no number is left
    out, as long as one is left."""
    entries = given.split(",") if isinstance(given, str) else given
    entries = entries if isinstance(entries, list) else [entries]
    if len(entries) > MAX_RECIPIENTS:
        raise invalid("recipients", f"recipients must be at most {MAX_RECIPIENTS}")
    numbers = (wire.read_number(one) for one in entries)
    found = tuple(dict.fromkeys(one for one in numbers if one is not None))
    if not found:
        raise no_recipients()
    return found


def no_recipients() -> MessageBirdError:
    """The refusal where none of the recipients is a number."""
    return missing("recipients", "no (correct) recipients found")

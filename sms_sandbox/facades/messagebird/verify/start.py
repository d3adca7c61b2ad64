"""A verification is created: its token goes out as a text, or is spoken by a call."""

from dataclasses import dataclass, field
from functools import partial

from sms_sandbox.facades.messagebird import wire
from sms_sandbox.facades.messagebird.caller import Caller
from sms_sandbox.facades.messagebird.errors import LATE, MessageBirdError, invalid, missing
from sms_sandbox.facades.messagebird.fields import Fields
from sms_sandbox.facades.messagebird.messages import form
from sms_sandbox.facades.messagebird.verify import telling, verifications
from sms_sandbox.message import Draft, Submission
from sms_sandbox.numbers import comparison_key, verdict
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

KINDS = ("sms", "flash", "tts", "email")
ORIGINATOR = "Code"
TEMPLATE = "Your code is: %token"
TOKEN_LENGTH = 6
"""How many digits a token has, where the request does not say."""

_PLACE = "%token"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What a start asks for; ``text`` is the text with its token."""

    recipient: str = field(repr=False)
    originator: str = field(repr=False)
    sender: str = field(repr=False)
    kind: str
    text: str = field(repr=False)
    coding: str
    url: str | None
    reference: str | None
    token: str = field(repr=False)
    timeout: int
    attempts: int


def create(caller: Caller, asked: Fields, raw: str) -> Record:
    """Send a token by a message of the inbox. Raises ``MessageBirdError``, ``Refused``,
    ``FaultStruck``."""
    wish = _read(caller, asked)
    if verdict(wish.recipient) == "error":
        caller.strike(wish.recipient)
        raise MessageBirdError(500)
    verification = _new(caller, wish)
    with caller.room.database.write() as connection:
        verification = records.insert(connection, verification)
    draft = _draft(caller, wish, verification, raw)
    caller.room.accept(draft, partial(_take_back, caller, verification))
    return verification


def _read(caller: Caller, asked: Fields) -> _Wish:
    recipient = wire.read_number(asked.raw("recipient"))
    kind = asked.one_of("type", KINDS) or "sms"
    if kind == "email":
        raise invalid("type", "type email is not imitated by this sandbox")
    if recipient is None:
        raise missing("recipient", "no (correct) recipient found")
    originator, sender = form.read_originator(asked, ORIGINATOR)
    length = asked.whole("tokenLength", 6, 10) or TOKEN_LENGTH
    token = _token(caller, recipient, length)
    text, coding = _text(asked, token)
    asked.one_of("voice", ("male", "female"))
    asked.text("language", most=16)
    asked.text("subject")
    settings = caller.room.inbox.account_settings(caller.account)
    return _Wish(
        recipient=recipient,
        originator=originator,
        sender=sender,
        kind=kind,
        text=text,
        coding=coding,
        url=asked.url("reportUrl") or settings.status_url,
        reference=asked.text("reference"),
        token=token,
        timeout=asked.whole("timeout", verifications.SHORTEST, verifications.LONGEST)
        or verifications.TIMEOUT,
        attempts=asked.whole("maxAttempts", 1, verifications.MOST_ATTEMPTS)
        or verifications.ATTEMPTS,
    )


def _text(asked: Fields, token: str) -> tuple[str, str]:
    template = asked.text("template", most=1000) or TEMPLATE
    if _PLACE not in template:
        raise invalid("template", f"template must hold {_PLACE}")
    coding = asked.one_of("datacoding", form.CODINGS) or "plain"
    text, coding = form.coded(template.replace(_PLACE, token), coding)
    if form.parts_of(text, "sms", coding) > form.MAX_PARTS:
        raise invalid("template", f"template needs more than {form.MAX_PARTS} parts")
    return text, coding


def _token(caller: Caller, recipient: str, length: int) -> str:
    if verdict(recipient) is not None:
        return recipient[1:][-length:].rjust(length, "0")
    number = int(caller.room.ids.hex(caller.account, 16), 16)
    return f"{number % 10**length:0{length}d}"


def _new(caller: Caller, wish: _Wish) -> Record:
    now = caller.now
    return Record(
        provider=wire.PROVIDER,
        account=caller.account,
        kind=verifications.KIND,
        id=caller.new_id(),
        key=comparison_key(wish.recipient),
        created_at=now,
        updated_at=now,
        data={
            "recipient": wish.recipient,
            "reference": wish.reference,
            "type": wish.kind,
            "message": caller.new_id(),
            "token": wish.token,
            "until": now + wish.timeout,
            "attempts": wish.attempts,
            "tried": 0,
            "verified": False,
        },
    )


def _draft(caller: Caller, wish: _Wish, verification: Record, raw: str) -> Draft:
    is_call = wish.kind == "tts"
    message_id = str(verification.data["message"])
    kept = {
        "message": message_id,
        "type": "flash" if wish.kind == "flash" else "sms",
        "originator": wish.originator,
        "reference": wish.reference,
        "validity": None,
        "gateway": form.GATEWAY,
        "details": {},
        "datacoding": wish.coding,
        "mclass": 0 if wish.kind == "flash" else 1,
        **form.test_facts(caller),
    }
    spoken = {"kind": telling.KIND, "text": wish.text}
    return Draft(
        account=caller.account,
        provider=wire.PROVIDER,
        direction="outbound",
        sender=wish.sender,
        recipient=wish.recipient,
        body="" if is_call else wish.text,
        raw=raw,
        kind="call" if is_call else "text",
        validity=None if is_call else wish.timeout,
        late=LATE,
        submission=Submission(
            vendor_id=form.vendor_id(message_id, 0),
            callback_url=None if is_call else wish.url,
            facts=spoken if is_call else kept,
        ),
    )


def _take_back(caller: Caller, verification: Record) -> None:
    """Nothing was sent: there is nothing to verify."""
    with caller.room.database.write() as connection:
        records.delete(
            connection, wire.PROVIDER, caller.account, verifications.KIND, verification.id
        )

"""A code is sent: a new one, or the same once more while it is valid."""

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sms_sandbox.errors import Refused
from sms_sandbox.facades.twilio.caller import Caller
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.lookup import packages, words
from sms_sandbox.facades.twilio.verify import (
    attempts,
    counting,
    rate_limits,
    services,
    spoken,
    state,
)
from sms_sandbox.facades.twilio.verify import form as reading
from sms_sandbox.facades.twilio.verify.wording import text_of
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.message import Draft
from sms_sandbox.numbers import comparison_key, verdict
from sms_sandbox.reasons import Refusal
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

_SENT_AS: Mapping[str, str] = {
    "sms": "sms",
    "call": "call",
    "whatsapp": "whatsapp",
    # Twilio picks the cheapest way that reaches the number: here always a text message.
    "auto": "sms",
}
_CODE = re.compile(r"[A-Za-z0-9]{4,10}")
_APP_HASH = re.compile(r"[A-Za-z0-9+/=]{11}")
_NOT_IMITATED = ("TemplateSid", "TemplateCustomSubstitutions", "CustomMessage")
_REFUSALS: Mapping[Refusal, int] = {
    "landline": 60205,
    "no_route": 60605,
    "opted_out": 21610,
    "queue_full": 20429,
    "throttled": 20429,
    "unavailable": 20503,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What a start asks for."""

    to: str = field(repr=False)
    channel: str
    code: str | None = field(repr=False)
    name: str | None
    app_hash: str | None
    amount: str | None
    payee: str | None
    limits: Mapping[str, str] = field(repr=False)


def start(caller: Caller, service_sid: str, form: Mapping[str, str], raw: str) -> dict[str, Any]:
    """Send a code by a message of the inbox, and show the verification. Raises ``TwilioError``."""
    service = services.fetch_or_open(caller, service_sid)
    wish = _read(service, form)
    if verdict(wish.to) == "error":
        raise TwilioError(20503, retry_after=1)
    lookup = _look_up(service, wish)
    sid = caller.new_sid("VL")
    with caller.room.database.write() as connection:
        verification = _reserve(connection, caller, service, wish, lookup=lookup, attempt=sid)
        attempts.insert(connection, caller, verification, sid)
    message = None
    try:
        message = caller.room.inbox.accept(_draft(caller, service, verification, raw))
    except Refused as error:
        raise _in_verifys_words(error, wish.to) from None
    finally:
        with caller.room.database.write() as connection:
            if message is None:
                _take_back(connection, caller, verification, sid)
            else:
                attempts.change(connection, caller, sid, message=message.id)
    return state.show(caller, verification)


def _read(service: Record, form: Mapping[str, str]) -> _Wish:
    for name in _NOT_IMITATED:
        if name in form:
            raise TwilioError(20001, detail=f"{name} is not imitated by this sandbox.")
    channel = form.get("Channel", "")
    if channel == "email":
        raise TwilioError(60217)
    if channel == "sna":
        raise TwilioError(60223, name="SNA")
    if channel not in _SENT_AS:
        raise reading.invalid("Channel")
    if not form.get("To", "").strip():
        raise reading.invalid("To")
    app_hash = form.get("AppHash") or None
    if app_hash is not None and not _APP_HASH.fullmatch(app_hash):
        raise reading.invalid("AppHash")
    amount, payee = _payment(service, form, channel)
    return _Wish(
        to=state.read_to(form["To"]),
        channel=_SENT_AS[channel],
        code=_custom_code(service, form),
        name=reading.text(form, "CustomFriendlyName", most=32) or None,
        app_hash=app_hash,
        amount=amount,
        payee=payee,
        limits=rate_limits.read_values(form),
    )


def _payment(
    service: Record, form: Mapping[str, str], channel: str
) -> tuple[str | None, str | None]:
    """The payment that the code is for, where the service has PSD2 switched on."""
    if not service.data["psd2_enabled"]:
        return None, None
    if channel == "call":
        raise TwilioError(60214)
    amount = reading.text(form, "Amount", most=32)
    payee = reading.text(form, "Payee", most=64)
    if not amount or not payee:
        raise TwilioError(60206)
    return amount, payee


def _custom_code(service: Record, form: Mapping[str, str]) -> str | None:
    code = form.get("CustomCode")
    if code is None or not service.data["custom_code_enabled"]:
        return None
    if not _CODE.fullmatch(code):
        raise reading.invalid("CustomCode")
    return code


def _look_up(service: Record, wish: _Wish) -> dict[str, Any]:
    """What a service with look-ups learns of the number before it sends. Raises ``TwilioError``
    where nothing is to be sent to it."""
    if not service.data["lookup_enabled"]:
        return {}
    line_type = words.line_type(wish.to)
    skips = service.data["skip_sms_to_landlines"] and wish.channel == "sms"
    if skips and line_type == "landline":
        raise TwilioError(60205)
    return {"carrier": packages.carrier(line_type)}


def _reserve(
    connection: sqlite3.Connection,
    caller: Caller,
    service: Record,
    wish: _Wish,
    *,
    lookup: dict[str, Any],
    attempt: str,
) -> Record:
    """Count one more sending, before anything is sent."""
    limits = rate_limits.limits_of(connection, caller, service.id, wish.limits)
    counting.spend(connection, caller, limits)
    sending = {"time": caller.now, "channel": wish.channel, "sid": attempt}
    asked = {
        "channel": wish.channel,
        "name": wish.name,
        "app_hash": wish.app_hash,
        "amount": wish.amount,
        "payee": wish.payee,
        "lookup": lookup,
    }
    found = state.newest(connection, caller, service.id, wish.to)
    if found is None or found.data["status"] == "canceled":
        return _insert(connection, caller, service, wish, {**asked, "attempts": [sending]})
    if found.data["status"] == "max_attempts_reached":
        raise TwilioError(60202)
    if len(found.data["attempts"]) >= state.MAX_SENDS:
        raise TwilioError(60203)
    code = {} if wish.code is None else {"code": wish.code, "custom": True}
    sendings = [*found.data["attempts"], sending]
    return state.put(connection, caller, found, **asked, **code, attempts=sendings)


def _insert(
    connection: sqlite3.Connection,
    caller: Caller,
    service: Record,
    wish: _Wish,
    asked: Mapping[str, Any],
) -> Record:
    now = caller.now
    custom = wish.code is not None
    code = wish.code or _new_code(caller, wish.to, service.data["code_length"])
    record = Record(
        provider=PROVIDER,
        account=caller.account,
        kind=state.KIND,
        id=caller.new_sid("VE"),
        parent=service.id,
        key=comparison_key(wish.to),
        created_at=now,
        updated_at=now,
        data={
            **asked,
            "to": wish.to,
            "status": "pending",
            "code": code,
            "custom": custom,
            "checks": 0,
        },
    )
    return records.insert(connection, record)


def _new_code(caller: Caller, to: str, length: int) -> str:
    if verdict(to) is not None:
        return to[1:][-length:].rjust(length, "0")
    return f"{int(caller.room.ids.hex(caller.account, 16), 16) % 10**length:0{length}d}"


def _draft(caller: Caller, service: Record, verification: Record, raw: str) -> Draft:
    data = verification.data
    text = text_of(service.data, data, data["channel"])
    is_call = data["channel"] == "call"
    call = spoken.submission(data["attempts"][-1]["sid"], service.data, text)
    return Draft(
        account=caller.account,
        provider=PROVIDER,
        direction="outbound",
        # The service picks from its pool: here always the same number of the range for fiction.
        sender=f"+12015550{100 + int(service.id[2:], 16) % 100}",
        recipient=data["to"],
        body="" if is_call else text,
        raw=raw,
        kind="call" if is_call else "text",
        submission=call if is_call else None,
    )


def _in_verifys_words(error: Refused, to: str) -> TwilioError:
    if error.reason == "invalid_number":
        return TwilioError(60200, f"Invalid parameter `To`: {to}")
    return TwilioError(_REFUSALS[error.reason], retry_after=error.retry_after)


def _take_back(
    connection: sqlite3.Connection, caller: Caller, verification: Record, attempt: str
) -> None:
    """Nothing was sent: forget the attempt, and the verification if it was its first."""
    provider, account = PROVIDER, caller.account
    records.delete(connection, provider, account, attempts.KIND, attempt)
    found = records.get(connection, provider, account, state.KIND, verification.id)
    if found is None:
        return
    left = [one for one in found.data["attempts"] if one["sid"] != attempt]
    if left:
        state.put(connection, caller, found, attempts=left)
    else:
        records.delete(connection, provider, account, state.KIND, found.id)

"""A session is created, or sends its code once more while it is in progress."""

import re
import sqlite3
import uuid
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sms_sandbox.facades.plivo import wire
from sms_sandbox.facades.plivo.caller import Caller
from sms_sandbox.facades.plivo.errors import LATE, TOO_MANY, PlivoError
from sms_sandbox.facades.plivo.fields import Fields
from sms_sandbox.facades.plivo.verify import sessions, telling
from sms_sandbox.message import Draft, Submission
from sms_sandbox.numbers import comparison_key, verdict
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

CODE_LENGTH = 6
"""How many digits a code has, where the request does not say."""

_OTP = re.compile(r"[0-9]{4,8}")
_APP_HASH = re.compile(r"[A-Za-z0-9+/=]{11}")
_BRAND = "Sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """What a start asks for."""

    recipient: str = field(repr=False)
    app_uuid: str
    channel: str
    otp: str | None = field(repr=False)
    length: int
    url: str | None
    method: str
    brand: str
    app_hash: str | None
    asks_key: bool


def create(caller: Caller, asked: Fields, raw: str) -> dict[str, Any]:
    """Send a code by a message of the inbox. Raises ``PlivoError``, ``Refused``,
    ``FaultStruck``."""
    wish = _read(caller, asked)
    if verdict(wish.recipient) == "error":
        caller.strike(wish.recipient)
        raise PlivoError(500)
    attempt: dict[str, Any] = {"id": caller.new_uuid(), "channel": wish.channel, "time": caller.now}
    with caller.room.database.write() as connection:
        session = _reserve(connection, caller, wish, attempt)
    draft = _draft(caller, wish, session, raw)
    caller.room.accept(draft, partial(_take_back, caller, session, attempt["id"]))
    return {"message": "Session initiated", "session_uuid": session.id}


def _read(caller: Caller, asked: Fields) -> _Wish:
    recipient = asked.text("recipient", most=64)
    if not recipient:
        raise PlivoError(400, "recipient parameter not present")
    number = wire.parse_number(recipient)
    if number is None:
        raise PlivoError(
            400, f"recipient {recipient[:32]!r} is not a valid number: write the country's code"
        )
    app_uuid = asked.text("app_uuid") or _own_application(caller.account)
    if not wire.is_uuid(app_uuid):
        raise PlivoError(400, "app_uuid is not a UUID")
    settings = caller.room.inbox.account_settings(caller.account)
    asked.text("locale", most=16)
    asked.one_of("fraud_check", ("enable", "disable"))
    return _Wish(
        recipient=number,
        app_uuid=app_uuid,
        channel=asked.one_of("channel", ("sms", "voice")) or "sms",
        otp=_matching(asked, "otp", _OTP, "4 to 8 digits"),
        length=asked.whole("code_length", 4, 8) or CODE_LENGTH,
        url=asked.url("url") or settings.status_url,
        method=asked.one_of("method", ("GET", "POST")) or settings.webhook_method or "POST",
        brand=asked.text("brand_name", most=64) or _BRAND,
        app_hash=_matching(asked, "app_hash", _APP_HASH, "11 letters, digits and signs"),
        asks_key=asked.switch("dtmf"),
    )


def _matching(asked: Fields, name: str, pattern: re.Pattern[str], form: str) -> str | None:
    text = asked.text(name) or None
    if text is not None and not pattern.fullmatch(text):
        raise PlivoError(400, f"{name} must be {form}")
    return text


def _own_application(account: str) -> str:
    """The application that an account has by default, the same each time."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"plivo:verify:{account}"))


def _reserve(
    connection: sqlite3.Connection, caller: Caller, wish: _Wish, attempt: dict[str, Any]
) -> Record:
    """Count one more attempt, before anything is sent."""
    found = sessions.newest(connection, caller, wish.app_uuid, wish.recipient)
    if found is None:
        return records.insert(connection, _new(caller, wish, attempt))
    attempts = found.data["attempts"]
    if len(attempts) >= sessions.MAX_ATTEMPTS:
        raise PlivoError(429, TOO_MANY, retry_after=sessions.left(found, caller.now))
    otp = {} if wish.otp is None else {"otp": wish.otp}
    return sessions.put(connection, caller, found, attempts=[*attempts, attempt], **otp)


def _new(caller: Caller, wish: _Wish, attempt: dict[str, Any]) -> Record:
    now = caller.now
    data = {
        "recipient": wish.recipient,
        "otp": wish.otp or _new_code(caller, wish),
        "checks": 0,
        "verified": False,
        "alias": wish.brand,
        "auth_id": caller.auth_id,
        "app_hash": wish.app_hash,
        "requestor_ip": caller.address,
        "attempts": [attempt],
    }
    return Record(
        provider=wire.PROVIDER,
        account=caller.account,
        kind=sessions.KIND,
        id=caller.new_uuid(),
        parent=wish.app_uuid,
        key=comparison_key(wish.recipient),
        created_at=now,
        updated_at=now,
        data=data,
    )


def _new_code(caller: Caller, wish: _Wish) -> str:
    if verdict(wish.recipient) is not None:
        return wish.recipient[1:][-wish.length :].rjust(wish.length, "0")
    number = int(caller.room.ids.hex(caller.account, 16), 16)
    return f"{number % 10**wish.length:0{wish.length}d}"


def _draft(caller: Caller, wish: _Wish, session: Record, raw: str) -> Draft:
    code, attempts = session.data["otp"], session.data["attempts"]
    is_call = wish.channel == "voice"
    text = f"Your {wish.brand} verification code is: {code}"
    if wish.app_hash and not is_call:
        text += f"\n\n{wish.app_hash}"
    facts = {
        "kind": telling.KIND,
        "channel": wish.channel,
        "method": wish.method,
        "session": session.id,
        "begun": session.created_at,
        "sequence": len(attempts),
        "time": attempts[-1]["time"],
        "text": text if is_call else "",
        "asks": wish.asks_key and is_call,
    }
    return Draft(
        account=caller.account,
        provider=wire.PROVIDER,
        direction="outbound",
        # Verify picks from its own pool: here always the same number of the range for fiction.
        sender=f"+12015550{100 + int(session.parent[:8], 16) % 100}",
        recipient=wish.recipient,
        body="" if is_call else text,
        raw=raw,
        kind="call" if is_call else "text",
        starts="accepted",
        validity=None if is_call else sessions.LIFE,
        late=LATE,
        submission=Submission(vendor_id=attempts[-1]["id"], callback_url=wish.url, facts=facts),
    )


def _take_back(caller: Caller, session: Record, attempt: str) -> None:
    """Nothing was sent: forget the attempt, and the session if it was its first."""
    with caller.room.database.write() as connection:
        found = records.get(connection, wire.PROVIDER, caller.account, sessions.KIND, session.id)
        if found is None:
            return
        left = [one for one in found.data["attempts"] if one["id"] != attempt]
        if left:
            sessions.put(connection, caller, found, attempts=left)
        else:
            records.delete(connection, wire.PROVIDER, caller.account, sessions.KIND, found.id)

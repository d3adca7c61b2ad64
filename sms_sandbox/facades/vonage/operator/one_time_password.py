"""One-time-password SMS: the operator makes a code, sends it and compares it.

Source: CAMARA OTPValidation 1.1.1.
"""

import hmac
import sqlite3
from dataclasses import replace
from functools import partial

from flask import Response

from sms_sandbox.errors import Refused
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage.caller import transcript
from sms_sandbox.facades.vonage.operator import camara
from sms_sandbox.facades.vonage.operator.camara import Ask
from sms_sandbox.facades.vonage.operator.errors import CamaraError
from sms_sandbox.facades.vonage.operator.party import Party
from sms_sandbox.facades.vonage.wire import PROVIDER, uuid_of
from sms_sandbox.message import Draft, Submission
from sms_sandbox.numbers import comparison_key, verdict
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

ROOT = "/camara/one-time-password-sms/v1"
KIND = "operator_otp"
LIFE = 300.0
"""Seconds of the account's time that a code is valid; the sandbox's own figure."""
MAX_TRIES = 3
"""How often a code may be entered wrongly; the sandbox's own figure."""
MAX_CODES, WINDOW = 5, 600.0
"""How many codes a number gets in so many seconds; the sandbox's own figures."""
CODE_LENGTH = 6
MAX_MESSAGE = 160

_SENDER = "Operator"
_MARK = "{{code}}"
_PREFIX = "ONE_TIME_PASSWORD_SMS."
_REFUSALS = {
    "MAX_OTP_CODES_EXCEEDED": "Too many OTPs have been requested for this MSISDN. Try later.",
    "PHONE_NUMBER_NOT_ALLOWED": "Phone_number can't receive an SMS due to business reasons in the "
    "operator, e.g. fraud, receiving sms is not supported, etc.",
    "PHONE_NUMBER_BLOCKED": "Phone_number is blocked to receive SMS due to any blocking business "
    "reason in the operator.",
    "VERIFICATION_EXPIRED": "The authenticationId is no longer valid",
    "VERIFICATION_FAILED": "The maximum number of attempts for this authenticationId was exceeded "
    "without providing a valid OTP",
    "INVALID_OTP": "The provided code is not valid for this authenticationId",
}


def send_code(room: Room) -> Response:
    """Send a code by a message of the inbox. Raises ``CamaraError``, ``FaultStruck``."""
    path = f"{ROOT}/send-code"
    asked = camara.ask(room, path, "one_time_password", current=True)
    asked.only("phoneNumber", "message")
    number, message = _wish(asked)
    asked.spend()
    one = asked.party
    if verdict(number) == "error":
        one.strike(number, path)
        raise CamaraError(500)
    with room.database.write() as connection:
        kept = _reserve(connection, one, number)
    try:
        room.accept(_draft(one, kept, number, message), partial(_take_back, room, kept))
    except Refused as refused:
        raise _refused(refused) from None
    return camara.answer({"authenticationId": kept.id})


def validate_code(room: Room) -> Response:
    """Compare a code: counted before it is compared, in one transaction. Raises ``CamaraError``
    unless it is right."""
    path = f"{ROOT}/validate-code"
    asked = camara.ask(room, path, "one_time_password", current=True)
    asked.only("authenticationId", "code")
    name, code = asked.text("authenticationId", 36), asked.text("code", 10)
    if name is None or code is None:
        raise CamaraError(400, detail="authenticationId and code are required.")
    one = asked.party
    with room.database.read() as connection:
        found = records.get(connection, PROVIDER, one.account, KIND, name)
    if found is None:
        raise CamaraError(404)
    one.strike(f"+{found.key}", path)
    asked.spend()
    with room.database.write() as connection:
        wrong = _compare(connection, one, name, code)
    if wrong is not None:
        raise _error(400, wrong)
    return camara.answer(None, 204)


def _wish(asked: Ask) -> tuple[str, str]:
    """Number and message. Raises ``CamaraError``."""
    number, message = asked.phone_number(), asked.text("message", MAX_MESSAGE)
    if message is None or _MARK not in message:
        raise CamaraError(400, detail=f"message is required, and must hold {_MARK}.")
    if number is None and not asked.number:
        raise CamaraError(400, detail="phoneNumber is required.")
    return number or asked.number, message


def _reserve(connection: sqlite3.Connection, one: Party, number: str) -> Record:
    """A code for the number; from now on its earlier ones are worth nothing."""
    key = comparison_key(number)
    earlier = records.find(connection, PROVIDER, one.account, KIND, key=key, limit=MAX_CODES)
    recent = [kept for kept in earlier if one.now - kept.created_at < WINDOW]
    if len(recent) >= MAX_CODES:
        raise _error(403, "MAX_OTP_CODES_EXCEEDED")
    return records.insert(
        connection,
        Record(
            provider=PROVIDER,
            account=one.account,
            kind=KIND,
            id=uuid_of(one.room.ids.hex(one.account, 16)),
            key=key,
            created_at=one.now,
            updated_at=one.now,
            data={"code": _new_code(one, number), "tries": 0, "over": False},
        ),
    )


def _new_code(one: Party, number: str) -> str:
    if verdict(number) is not None:
        return number[1:][-CODE_LENGTH:].rjust(CODE_LENGTH, "0")
    drawn = int(one.room.ids.hex(one.account, 16), 16)
    return f"{drawn % 10**CODE_LENGTH:0{CODE_LENGTH}d}"


def _draft(one: Party, kept: Record, number: str, message: str) -> Draft:
    return Draft(
        account=one.account,
        provider=PROVIDER,
        direction="outbound",
        sender=_SENDER,
        recipient=number,
        body=message.replace(_MARK, kept.data["code"]),
        raw=transcript(),
        validity=LIFE,
        submission=Submission(vendor_id=kept.id, facts={"api": "operator"}),
    )


def _compare(connection: sqlite3.Connection, one: Party, name: str, code: str) -> str | None:
    """Count a try and compare it; what is wrong with it, if anything."""
    found = records.get(connection, PROVIDER, one.account, KIND, name)
    if found is None or _is_over(connection, one, found):
        return "VERIFICATION_EXPIRED"
    if found.data["tries"] >= MAX_TRIES:
        return "VERIFICATION_FAILED"
    right = hmac.compare_digest(found.data["code"].encode(), code.encode("utf-8", "replace"))
    # The right code of an odd virtual number proves nothing, and ends its life.
    proven = right and verdict(found.key) != "refused"
    data = {**found.data, "tries": found.data["tries"] + 1, "over": right}
    records.put(connection, replace(found, updated_at=one.now, data=data))
    if right:
        return None if proven else "VERIFICATION_FAILED"
    return "INVALID_OTP" if data["tries"] < MAX_TRIES else "VERIFICATION_FAILED"


def _take_back(room: Room, kept: Record) -> None:
    with room.database.write() as connection:
        records.delete(connection, PROVIDER, kept.account, KIND, kept.id)


def _is_over(connection: sqlite3.Connection, one: Party, kept: Record) -> bool:
    """Whether a code was used, is too old, or was followed by another."""
    newest = records.find(connection, PROVIDER, one.account, KIND, key=kept.key, limit=1)
    followed = bool(newest) and newest[0].id != kept.id
    return bool(kept.data["over"]) or followed or one.now - kept.created_at >= LIFE


def _refused(refused: Refused) -> CamaraError:
    if refused.status in (429, 503):
        return CamaraError(refused.status, retry_after=refused.retry_after)
    if refused.reason == "no_route":
        return CamaraError(404)
    blocked = refused.reason == "opted_out"
    return _error(403, "PHONE_NUMBER_BLOCKED" if blocked else "PHONE_NUMBER_NOT_ALLOWED")


def _error(status: int, name: str) -> CamaraError:
    return CamaraError(status, _PREFIX + name, _REFUSALS[name])

"""The operations of Verify v1: a function for each."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sms_sandbox.facades.vonage import wire
from sms_sandbox.facades.vonage.caller import Caller
from sms_sandbox.facades.vonage.verify import going_on, requests, sending
from sms_sandbox.facades.vonage.verify.start import send
from sms_sandbox.facades.vonage.verify_legacy import errors, form
from sms_sandbox.facades.vonage.verify_legacy.errors import VerifyError
from sms_sandbox.facades.vonage.wire import PROVIDER
from sms_sandbox.numbers import verdict
from sms_sandbox.storage import records, submissions
from sms_sandbox.storage.records import Record

PRICE = Decimal("0.05")
"""Euros for a completed request."""
RATE = Decimal("0.03330")
"""Euros for each event; both are the sandbox's own figures."""
TOO_EARLY = 30.0
"""Seconds in which a request cannot be cancelled yet."""
MAX_SEARCHED = 10
_STATUSES: Mapping[str, str] = {
    requests.PENDING: "IN PROGRESS",
    "completed": "SUCCESS",
    "failed": "FAILED",
    "expired": "EXPIRED",
    "cancelled": "CANCELLED",
}


def start(
    caller: Caller, asked: Mapping[str, str], raw: str, *, is_payment: bool
) -> dict[str, Any]:
    """Begin a request. Raises ``VerifyError``, ``Refused``, ``FaultStruck``."""
    wish = form.read(asked, is_payment=is_payment)
    number = wish["number"]
    if verdict(number) == "error":
        caller.strike(number)
        raise VerifyError("5")
    code = wish["code"] or requests.new_code(caller, number, wish["code_length"])
    data = {"brand": wish["brand"], "amount": wish["amount"], "code": code}
    request_id = caller.room.ids.hex(caller.account, 16)
    request = requests.new(caller, "v1", request_id, wish["steps"], data)
    with caller.room.database.write() as connection:
        running = requests.running(connection, caller, "v1", number)
        if running is None:
            records.insert(connection, request)
    if running is not None:
        members = {"request_id": running.id, "network": wire.NETWORK}
        text = "Concurrent verifications to the same number are not allowed"
        raise VerifyError("10", text, members=members)
    send(caller, request, raw)
    return {"request_id": request_id, "status": "0"}


def check(caller: Caller, asked: Mapping[str, str]) -> dict[str, Any]:
    """Compare a code: counted before it is compared. Raises ``VerifyError`` unless it is right."""
    request_id, code = _needed(asked, "request_id"), _needed(asked, "code")
    going_on.strike(caller, "v1", request_id)
    with caller.room.database.write() as connection:
        found = requests.find(connection, caller.account, "v1", request_id)
        if found is None or not requests.is_pending(found, caller.now):
            raise errors.unknown(request_id)
        after = going_on.compare(connection, caller, found, code, str(found.data["code"]))
    status = after.data["status"]
    members = {"request_id": request_id}
    if status == requests.PENDING:
        raise VerifyError("16", members=members)
    going_on.tell(caller, after, int(after.data["step"]))
    if status != "completed":
        raise VerifyError("17", members=members)
    return {
        "request_id": request_id,
        "status": "0",
        "event_id": _event_ids(caller, after)[-1],
        "price": wire.money(PRICE),
        "currency": "EUR",
        "estimated_price_messages_sent": _spent(after),
    }


def control(caller: Caller, asked: Mapping[str, str], raw: str) -> dict[str, Any]:
    """Cancel a request, or let its next event come at once. Raises ``VerifyError``, ``Refused``,
    ``FaultStruck``."""
    request_id, command = _needed(asked, "request_id"), _needed(asked, "cmd")
    if command == "cancel":
        _cancel(caller, request_id)
    elif command == "trigger_next_event":
        _trigger(caller, request_id, raw)
    else:
        raise errors.invalid("cmd")
    return {"status": "0", "command": command}


def search(caller: Caller, wanted: list[str]) -> dict[str, Any]:
    """What is known of one request, or of several. Raises ``VerifyError`` if it is nothing."""
    if not wanted:
        raise errors.missing("request_id")
    if len(wanted) > MAX_SEARCHED:
        raise errors.invalid("request_ids")
    caller.strike("")
    with caller.room.database.read() as connection:
        found = [requests.find(connection, caller.account, "v1", one) for one in wanted]
    shown = [_show(caller, one) for one in found if one is not None]
    if not shown:
        raise VerifyError("101")
    return shown[0] if len(wanted) == 1 else {"verification_requests": shown}


def _cancel(caller: Caller, request_id: str) -> None:
    going_on.strike(caller, "v1", request_id)
    with caller.room.database.write() as connection:
        found = requests.find(connection, caller.account, "v1", request_id)
        if found is None or not requests.is_pending(found, caller.now):
            raise errors.unknown(request_id)
        _check_cancellable(caller, found)
        after = requests.finish(found, "cancelled", caller.now)
        records.put(connection, after)
    going_on.tell(caller, after, int(after.data["step"]))


def _check_cancellable(caller: Caller, found: Record) -> None:
    if caller.now - found.created_at < TOO_EARLY:
        text = (
            f"Verification request  ['{found.id}'] can't be cancelled within the first 30 seconds."
        )
        raise VerifyError("19", text)
    if found.data["step"] > 1:
        text = (
            f"Verification request  ['{found.id}'] can't be cancelled now. "
            "Too many attempts to re-deliver have already been made."
        )
        raise VerifyError("19", text)


def _trigger(caller: Caller, request_id: str, raw: str) -> None:
    with caller.room.database.write() as connection:
        found = requests.find(connection, caller.account, "v1", request_id)
        if found is None or not requests.is_pending(found, caller.now):
            raise errors.unknown(request_id)
        if not requests.has_next(found):
            text = f"No more events are left to execute for the request ['{request_id}']"
            raise VerifyError("19", text)
        after = requests.turn(found, "expired", caller.now)
        records.put(connection, after)
    going_on.go_on(caller, found, after, raw)


def _show(caller: Caller, request: Record) -> dict[str, Any]:
    data = request.data
    begun = [one for one in data["workflow"] if one["initiated_at"] is not None]
    status = requests.status(request, caller.now)
    over = data["finished_at"] or (requests.ends_at(request) if status == "expired" else None)
    ids = _event_ids(caller, request)
    return {
        "request_id": request.id,
        "account_id": request.account,
        "status": _STATUSES[status],
        "number": wire.shown(begun[0]["to"]),
        "price": wire.money(PRICE) if status == "completed" else "0",
        "currency": "EUR",
        "sender_id": wire.shown(begun[0]["from"] or "verify"),
        "date_submitted": wire.legacy_moment(request.created_at),
        "date_finalized": "" if over is None else wire.legacy_moment(over),
        "first_event_date": wire.legacy_moment(begun[0]["initiated_at"]),
        "last_event_date": wire.legacy_moment(begun[-1]["initiated_at"]),
        "checks": [
            {
                "date_received": wire.legacy_moment(one["at"]),
                "code": one["code"],
                "status": "VALID" if one["right"] else "INVALID",
                "ip_address": "",
            }
            for one in data["checks"]
        ],
        "events": [
            {"type": "tts" if one["channel"] == "voice" else "sms", "id": name}
            for one, name in zip(begun, ids, strict=True)
        ],
        "estimated_price_messages_sent": _spent(request),
    }


def _spent(request: Record) -> str:
    begun = sum(one["initiated_at"] is not None for one in request.data["workflow"])
    return f"{RATE * begun:.5f}"


def _event_ids(caller: Caller, request: Record) -> list[str]:
    """The ids of the events so far: those of their messages, while the inbox has them."""
    ids: list[str] = []
    with caller.room.database.read() as connection:
        for number, one in enumerate(request.data["workflow"]):
            if one["initiated_at"] is None:
                break
            name = sending.vendor_id(request, number)
            found = submissions.by_vendor_id(connection, PROVIDER, request.account, name)
            ids.append(name if found is None else found.message.id.removeprefix("msg_"))
    return ids


def _needed(asked: Mapping[str, str], name: str) -> str:
    value = asked.get(name, "")
    if not value:
        raise errors.missing(name)
    return value[:128]

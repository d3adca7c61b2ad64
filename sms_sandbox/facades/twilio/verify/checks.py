"""A code comes back: counted before it is compared, in one transaction."""

import sqlite3
from collections.abc import Mapping
from typing import Any

from sms_sandbox.facades.twilio.caller import Caller
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.verify import attempts, counting, services, state
from sms_sandbox.facades.twilio.verify import form as reading
from sms_sandbox.facades.twilio.verify.counting import Limit
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.numbers import verdict
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

_LOOKS = ((60, 60), (180, 3_600), (250, 86_400))
"""How often the status may be fetched: requests and seconds."""


def check(caller: Caller, service: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Compare a code; a wrong one is no error. Raises ``TwilioError`` when there is nothing to
    check or the tries are spent."""
    code = form.get("Code", "")
    if not 4 <= len(code) <= 10:
        raise reading.invalid("Code")
    target = form.get("VerificationSid") or form.get("To", "").strip()
    if not target:
        raise TwilioError(60221)
    services.fetch(caller, service)
    if not form.get("VerificationSid"):
        target = state.read_to(form["To"])
    _strike(caller, target)
    with caller.room.database.write() as connection:
        found = state.named(connection, caller, service, target)
        if found.data["status"] == "canceled":
            raise caller.not_found()
        checked = _judge(connection, caller, found, form)
    if checked.data["status"] == "max_attempts_reached":
        raise TwilioError(60202)
    return state.show_check(checked)


def fetch(caller: Caller, service: str, name: str) -> dict[str, Any]:
    """A verification by SID or number. Raises ``TwilioError``, also when asked too often."""
    with caller.room.database.write() as connection:
        services.get(connection, caller, service)
        found = state.named(connection, caller, service, name)
        looks = [
            Limit(name=f"looks{seconds}", value=found.id, most=most, interval=seconds)
            for most, seconds in _LOOKS
        ]
        counting.spend(connection, caller, looks)
    return state.show(caller, found)


def update(caller: Caller, service: str, name: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Cancel a verification, or approve one whose code was the app's own. Raises
    ``TwilioError``."""
    status = form.get("Status")
    if status not in ("canceled", "approved"):
        raise reading.invalid("Status")
    _strike(caller, name)
    with caller.room.database.write() as connection:
        services.get(connection, caller, service)
        found = state.named(connection, caller, service, name)
        if found.data["status"] == "canceled":
            raise caller.not_found()
        if status == "approved":
            changed = _approve_own(connection, caller, found)
        else:
            changed = state.put(connection, caller, found, status="canceled")
    return state.show(caller, changed)


def _strike(caller: Caller, name: str) -> None:
    """Let fault rules act on a request about the verification with this SID or number."""
    to = name
    if name.startswith("VE"):
        with caller.room.database.read() as connection:
            found = records.get(connection, PROVIDER, caller.account, state.KIND, name)
        to = "" if found is None else found.data["to"]
    caller.room.inbox.strike(provider=PROVIDER, account=caller.account, to=to)


def _judge(
    connection: sqlite3.Connection, caller: Caller, found: Record, form: Mapping[str, str]
) -> Record:
    data = found.data
    if data["checks"] >= state.MAX_CHECKS:
        return state.put(connection, caller, found, status="max_attempts_reached")
    checks = data["checks"] + 1
    if not _is_right(data, form):
        return state.put(connection, caller, found, checks=checks)
    attempts.change(connection, caller, data["attempts"][-1]["sid"], converted=True)
    return state.put(connection, caller, found, checks=checks, status="approved")


def _is_right(data: Mapping[str, Any], form: Mapping[str, str]) -> bool:
    """Whether code, amount and payee are those of the start, and the number can be verified."""
    if verdict(data["to"]) == "refused":
        return False
    wanted = [("Code", data["code"]), ("Amount", data["amount"]), ("Payee", data["payee"])]
    return all(value is None or form.get(name) == value for name, value in wanted)


def _approve_own(connection: sqlite3.Connection, caller: Caller, found: Record) -> Record:
    # Twilio approves by hand only what it could not check itself.
    if not found.data["custom"] or found.data["status"] != "pending":
        raise reading.invalid("Status")
    attempts.change(connection, caller, found.data["attempts"][-1]["sid"], converted=True)
    return state.put(connection, caller, found, status="approved")

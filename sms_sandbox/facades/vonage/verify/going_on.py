"""A request goes on: a code is compared, the next channel is wanted, it is cancelled."""

import hmac
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from sms_sandbox.errors import UnknownMessage
from sms_sandbox.facades.vonage.caller import Caller
from sms_sandbox.facades.vonage.verify import errors, requests, sending, telling
from sms_sandbox.facades.vonage.verify.requests import Outcome, Version
from sms_sandbox.facades.vonage.wire import PROVIDER
from sms_sandbox.numbers import verdict
from sms_sandbox.storage import records, submissions
from sms_sandbox.storage.records import Record


def check(caller: Caller, request_id: str, code: str) -> dict[str, Any]:
    """Compare a code: counted before it is compared, in one transaction. Raises ``Problem``
    unless it is right."""
    strike(caller, "v2", request_id)
    with caller.room.database.write() as connection:
        found = _waiting(connection, caller, request_id)
        expected = _expected(found)
        is_silent = requests.current(found)["channel"] == requests.SILENT
        entered = requests.kept(code) if is_silent else code
        after = compare(connection, caller, found, entered, expected)
    status = after.data["status"]
    if status == requests.PENDING:
        raise errors.wrong_code()
    tell(caller, after, int(after.data["step"]))
    if status != "completed":
        raise errors.last_wrong_code()
    return {"request_id": request_id, "status": "completed"}


def compare(
    connection: sqlite3.Connection, caller: Caller, found: Record, code: str, expected: str
) -> Record:
    """The request after a try. A virtual number that cannot be verified knows no right code."""
    same = hmac.compare_digest(expected.encode(), code.encode("utf-8", "replace"))
    right = same and verdict(requests.current(found)["to"]) != "refused"
    after = requests.checked(found, code, right=right, now=caller.now)
    records.put(connection, after)
    return after


def cancel(caller: Caller, request_id: str) -> None:
    """End a request. Raises ``Problem``."""
    strike(caller, "v2", request_id)
    with caller.room.database.write() as connection:
        found = _waiting(connection, caller, request_id)
        after = requests.finish(found, "cancelled", caller.now)
        records.put(connection, after)
    tell(caller, after, int(after.data["step"]))


def next_workflow(caller: Caller, request_id: str, raw: str) -> None:
    """Let the next channel begin at once. Raises ``Problem``, ``Refused``, ``FaultStruck``."""
    with caller.room.database.write() as connection:
        found = _waiting(connection, caller, request_id)
        if not requests.has_next(found):
            raise errors.no_more_events()
        after = requests.turn(found, "expired", caller.now)
        records.put(connection, after)
    go_on(caller, found, after, raw)


def go_on(caller: Caller, before: Record, after: Record, raw: str) -> None:
    """Send what the next channel begins with; if that is refused, nothing has changed but what
    somebody else has changed meanwhile."""
    caller.room.accept(sending.draft(after, raw), partial(_take_back, caller, before, after))
    tell(caller, after, int(before.data["step"]))


def _take_back(caller: Caller, before: Record, after: Record) -> None:
    with caller.room.database.write() as connection:
        if records.get(connection, PROVIDER, before.account, requests.KIND, before.id) == after:
            records.put(connection, before)


def tell(caller: Caller, request: Record, step: int) -> None:
    """Let the webhooks tell how a step has ended, and its timer rest."""
    _ask(caller, request, step, telling.ENDED, request.data["workflow"][step]["status"])


def fall(caller: Caller, request: Record, outcome: Outcome) -> None:
    """End the present step, and let its successor begin."""
    _ask(caller, request, int(request.data["step"]), telling.FALLS, outcome)


def _ask(caller: Caller, request: Record, step: int, what: str, value: str) -> None:
    name = sending.vendor_id(request, step)
    with caller.room.database.read() as connection:
        found = submissions.by_vendor_id(connection, PROVIDER, request.account, name)
    # A message that was deleted from the inbox has nothing more to say.
    with suppress(UnknownMessage):
        if found is not None:
            caller.room.inbox.ask_vendor(found.message.id, {what: value})


def strike(caller: Caller, version: Version, request_id: str) -> None:
    """Let the fault rules for a request's number act."""
    with caller.room.database.read() as connection:
        found = requests.find(connection, caller.account, version, request_id)
    caller.strike("" if found is None else requests.current(found)["to"])


def _waiting(connection: sqlite3.Connection, caller: Caller, request_id: str) -> Record:
    found = requests.find(connection, caller.account, "v2", request_id)
    if found is None or not requests.is_pending(found, caller.now):
        raise errors.unknown(request_id)
    return found


def _expected(request: Record) -> str:
    step: Mapping[str, Any] = requests.current(request)
    if step["channel"] != requests.SILENT:
        return str(request.data["code"])
    if step["code"] is None:
        raise errors.no_code_yet()
    return str(step["code"])

"""A request begins."""

import sqlite3
from functools import partial
from typing import Any

from sms_sandbox.facades.vonage.addresses import own_url
from sms_sandbox.facades.vonage.caller import Caller
from sms_sandbox.facades.vonage.errors import Problem
from sms_sandbox.facades.vonage.verify import errors, requests, sending
from sms_sandbox.facades.vonage.verify.form import Wish
from sms_sandbox.facades.vonage.wire import PROVIDER
from sms_sandbox.numbers import verdict
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

DOOR = "verify_door"
"""The record that leads from a request's id to its account: a phone shows no credentials."""
NOBODY = ""


def start(caller: Caller, wish: Wish, raw: str) -> dict[str, Any]:
    """Begin the first channel. Raises ``Problem``, ``Refused``, ``FaultStruck``."""
    first = wish.steps[0]
    if verdict(first["to"]) == "error" and first["channel"] != requests.SILENT:
        caller.strike(first["to"])
        raise Problem(500)
    request = _new(caller, wish)
    with caller.room.database.write() as connection:
        running = requests.running(connection, caller, "v2", first["to"])
        if running is None:
            records.insert(connection, request)
            _open_door(connection, request)
    if running is not None:
        raise errors.concurrent(running.id)
    send(caller, request, raw)
    silent = first["channel"] == requests.SILENT
    return {"request_id": request.id} | ({"check_url": first["check_url"]} if silent else {})


def send(caller: Caller, request: Record, raw: str) -> None:
    """Send what a new request begins with; if that is refused, there is no request."""
    caller.room.accept(sending.draft(request, raw), partial(_take_back, caller, request))


def _take_back(caller: Caller, request: Record) -> None:
    with caller.room.database.write() as connection:
        records.delete(connection, PROVIDER, request.account, requests.KIND, request.id)
        records.delete(connection, PROVIDER, NOBODY, DOOR, request.id)


def _new(caller: Caller, wish: Wish) -> Record:
    request_id = caller.new_uuid()
    first = wish.steps[0]
    if first["channel"] == requests.SILENT:
        first["check_url"] = own_url(f"/v2/verify/{request_id}/silent-auth/redirect")
    code = wish.code or requests.new_code(caller, first["to"], wish.code_length)
    data = {
        "brand": wish.brand,
        "client_ref": wish.client_ref,
        "channel_timeout": wish.timeout,
        "application_id": caller.application_id,
        "code": code,
    }
    return requests.new(caller, "v2", request_id, wish.steps, data)


def _open_door(connection: sqlite3.Connection, request: Record) -> None:
    if requests.current(request)["channel"] != requests.SILENT:
        return
    door = Record(
        provider=PROVIDER,
        account=NOBODY,
        kind=DOOR,
        id=request.id,
        created_at=request.created_at,
        updated_at=request.created_at,
        data={"account": request.account},
    )
    # With a seed an account's ids come again after its reset, which leaves the doors as they are.
    records.delete(connection, PROVIDER, NOBODY, DOOR, request.id)
    records.insert(connection, door)

"""The numbers of a Messaging Service: a number is in one service at most."""

import sqlite3
from typing import Any

from sms_sandbox.facades.twilio.caller import Caller
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.numbers import bought
from sms_sandbox.facades.twilio.times import iso8601
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.numbers import plan
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

KIND = "messaging_sender"
MOST = 400
"""Senders of one service, as Twilio's pools have them."""


def add(connection: sqlite3.Connection, caller: Caller, service: str, sid: str | None) -> Record:
    """Put a bought number into a service. Raises ``TwilioError``."""
    if not sid:
        raise TwilioError(20001, "Missing required parameter PhoneNumberSid in the post body")
    number = bought.get(connection, caller.account, sid)
    if number is None:
        raise TwilioError(20404, path=f"/PhoneNumbers/{sid[:64]}")
    present = records.get(connection, PROVIDER, caller.account, KIND, sid)
    if present is not None:
        raise TwilioError(21710 if present.parent == service else 21712)
    if len(all_of(connection, caller.account, service)) >= MOST:
        raise TwilioError(20403, f"A Messaging Service has at most {MOST} senders.")
    record = Record(
        provider=PROVIDER,
        account=caller.account,
        kind=KIND,
        id=sid,
        parent=service,
        key=number.key,
        created_at=caller.now,
        updated_at=caller.now,
    )
    return records.insert(connection, record)


def get(connection: sqlite3.Connection, caller: Caller, service: str, sid: str) -> Record:
    """One sender of a service. Raises ``TwilioError`` if there is none."""
    found = records.get(connection, PROVIDER, caller.account, KIND, sid)
    if found is None or found.parent != service:
        raise caller.not_found()
    return found


def all_of(connection: sqlite3.Connection, account: str, service: str) -> list[Record]:
    """Every sender of a service, newest first."""
    return records.find(connection, PROVIDER, account, KIND, parent=service, limit=MOST)


def leave(connection: sqlite3.Connection, account: str, sid: str) -> None:
    """Take a number out of the service that it is in, if it is in any."""
    records.delete(connection, PROVIDER, account, KIND, sid)


def show(caller: Caller, sender: Record) -> dict[str, Any]:
    """The PhoneNumber resource of a service, key for key."""
    return {
        "sid": sender.id,
        "account_sid": sender.account,
        "service_sid": sender.parent,
        "date_created": iso8601(sender.created_at),
        "date_updated": iso8601(sender.updated_at),
        "phone_number": sender.key,
        "country_code": plan.country_of(sender.key) or None,
        "capabilities": ["MMS", "SMS", "Voice"],
        "url": f"{caller.base}/v1/Services/{sender.parent}/PhoneNumbers/{sender.id}",
    }

"""One verification: how long it lives, how it is found, and what is shown of it."""

import sqlite3
from dataclasses import replace
from typing import Any

from sms_sandbox.facades.twilio.caller import Caller
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.times import iso8601
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.numbers import comparison_key, plan
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

KIND = "verify_verification"
LIFE = 600.0
"""Seconds that a code is valid; a resend does not renew them."""
MAX_CHECKS = 5
MAX_SENDS = 5


def read_to(text: str) -> str:
    """A number in E.164. Raises ``TwilioError`` for one that no country could have."""
    found = plan.read(text) if text.startswith(("+", " ")) else None
    if found is None or not found.possible:
        raise TwilioError(60200, f"Invalid parameter `To`: {text[:64]}")
    return found.number


def newest(connection: sqlite3.Connection, caller: Caller, service: str, to: str) -> Record | None:
    """The last verification of a number that Twilio still knows: not an approved or expired one."""
    found = records.find(
        connection,
        PROVIDER,
        caller.account,
        KIND,
        parent=service,
        key=comparison_key(to),
        limit=1,
    )
    return found[0] if found and _is_known(caller, found[0]) else None


def named(connection: sqlite3.Connection, caller: Caller, service: str, name: str) -> Record:
    """The verification with this SID or number. Raises ``TwilioError`` if Twilio knows none."""
    found: Record | None
    if name.startswith("VE"):
        found = records.get(connection, PROVIDER, caller.account, KIND, name)
        if found is not None and (found.parent != service or not _is_known(caller, found)):
            found = None
    else:
        found = newest(connection, caller, service, name)
    if found is None:
        raise caller.not_found()
    return found


def put(connection: sqlite3.Connection, caller: Caller, old: Record, **changes: Any) -> Record:
    """Write a verification with ``changes`` to its data."""
    changed = replace(old, updated_at=caller.now, data={**old.data, **changes})
    records.put(connection, changed)
    return changed


def show(caller: Caller, verification: Record) -> dict[str, Any]:
    """The verification resource, key for key; the code is never in it."""
    data = verification.data
    path = f"/v2/Services/{verification.parent}/Verifications/{verification.id}"
    return {
        **_told(verification),
        "date_created": iso8601(verification.created_at),
        "date_updated": iso8601(verification.updated_at),
        "lookup": data["lookup"],
        "amount": data["amount"],
        "payee": data["payee"],
        "send_code_attempts": [
            {
                "time": iso8601(one["time"]),
                "channel": _shown_channel(one["channel"]),
                "attempt_sid": one["sid"],
            }
            for one in data["attempts"]
        ],
        "sna": None,
        "url": caller.base + path,
    }


def show_check(verification: Record) -> dict[str, Any]:
    """The answer to a check, key for key."""
    data = verification.data
    return {
        **_told(verification),
        "amount": data["amount"],
        "payee": data["payee"],
        "sna_attempts_error_codes": [],
        "date_created": iso8601(verification.created_at),
        "date_updated": iso8601(verification.updated_at),
    }


def _told(verification: Record) -> dict[str, Any]:
    data = verification.data
    return {
        "sid": verification.id,
        "service_sid": verification.parent,
        "account_sid": verification.account,
        "to": data["to"],
        "channel": data["channel"],
        "status": data["status"],
        "valid": data["status"] == "approved",
    }


def _is_known(caller: Caller, verification: Record) -> bool:
    expired = caller.now - verification.created_at >= LIFE
    return not expired and verification.data["status"] != "approved"


def _shown_channel(channel: str) -> str:
    # Twilio's own examples: SMS and EMAIL, but whatsapp.
    return channel.upper() if channel in ("sms", "call") else channel

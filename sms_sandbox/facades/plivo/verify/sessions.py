"""A session: how long it lives, how it is found, what is shown of it.

Sources: https://docs.plivo.com/docs/programmable-api/verify/sessions and the answers in
plivo-python's own tests.
"""

import math
import sqlite3
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sms_sandbox.facades.plivo import wire
from sms_sandbox.facades.plivo.caller import Caller
from sms_sandbox.facades.plivo.errors import PlivoError
from sms_sandbox.numbers import comparison_key, plan
from sms_sandbox.storage import records, submissions
from sms_sandbox.storage.records import Record

KIND = "verify_session"
LIFE = 600.0
"""Seconds that a session's code is valid; a further attempt does not renew them."""
MAX_CHECKS = 10
"""How often a session may be validated."""
MAX_ATTEMPTS = 5
"""How often a session sends its code; the sandbox's own figure."""
RATES = {"sms": Decimal("0.00350"), "voice": Decimal("0.01000")}
"""Dollars for an attempt; the sandbox's own figures."""

_VOICE = {"sent": "in-progress", "delivered": "completed", "failed": "failed"}


def find(connection: sqlite3.Connection, caller: Caller, session_uuid: str) -> Record:
    """One session. Raises ``PlivoError`` if there is none."""
    found = records.get(connection, wire.PROVIDER, caller.account, KIND, session_uuid)
    if found is None:
        raise PlivoError(404)
    return found


def newest(
    connection: sqlite3.Connection, caller: Caller, app_uuid: str, recipient: str
) -> Record | None:
    """The session of a recipient that is still in progress."""
    found = records.find(
        connection,
        wire.PROVIDER,
        caller.account,
        KIND,
        parent=app_uuid,
        key=comparison_key(recipient),
        limit=1,
    )
    return found[0] if found and status(found[0], caller.now) == "in-progress" else None


def put(connection: sqlite3.Connection, caller: Caller, old: Record, **changes: Any) -> Record:
    """Write a session with ``changes`` to its data."""
    changed = replace(old, updated_at=caller.now, data={**old.data, **changes})
    records.put(connection, changed)
    return changed


def status(session: Record, now: float) -> str:
    """What has become of a session by ``now``."""
    if session.data["verified"]:
        return "verified"
    return "expired" if now - session.created_at >= LIFE else "in-progress"


def left(session: Record, now: float) -> int:
    """Whole seconds until a session expires, at least 1."""
    return max(1, math.ceil(session.created_at + LIFE - now))


def show(connection: sqlite3.Connection, caller: Caller, session: Record) -> dict[str, Any]:
    """The session object, key for key; the code is never in it."""
    data = session.data
    attempts = [_attempt(connection, caller, one) for one in data["attempts"]]
    charges = [one.pop("charge") for one in attempts]
    return {
        "session_uuid": session.id,
        "app_uuid": session.parent,
        "alias": data["alias"],
        "recipient": wire.shown(data["recipient"]),
        "channel": data["attempts"][-1]["channel"],
        "status": status(session, caller.now),
        "count": len(attempts),
        "requestor_ip": data["requestor_ip"],
        "destination_country_iso2": plan.country_of(data["recipient"]),
        "destination_network": wire.CARRIER,
        "attempt_details": attempts,
        "charges": {
            "total_charge": wire.money(sum(charges, Decimal(0))),
            "validation_charge": "0.0000",
            "attempt_charges": [
                {
                    "attempt_uuid": one["attempt_uuid"],
                    "channel": one["channel"],
                    "charge": wire.money(charge),
                }
                for one, charge in zip(attempts, charges, strict=True)
            ],
        },
        "created_at": wire.session_time(session.created_at),
        "updated_at": wire.session_time(session.updated_at),
    }


def channel_status(channel: str, status: str) -> str:
    """How an attempt stands, in Plivo's words for its channel."""
    if channel == "voice":
        return _VOICE.get(status, "ringing")
    return "queued" if status == "accepted" else status


def _attempt(connection: sqlite3.Connection, caller: Caller, one: dict[str, Any]) -> dict[str, Any]:
    found = submissions.by_vendor_id(connection, wire.PROVIDER, caller.account, one["id"])
    standing = "queued" if found is None else found.message.status
    lost = found is not None and found.message.status == "failed"
    return {
        "channel": one["channel"],
        "attempt_uuid": one["id"],
        "status": channel_status(one["channel"], standing),
        "time": wire.session_time(one["time"]),
        "charge": Decimal(0) if lost else RATES[one["channel"]],
    }

"""A verification: how long it lives, how it is found, what is shown of it.

Source: https://developers.messagebird.com/api/verify/ and the answers in the SDKs' own tests.
"""

import sqlite3
from dataclasses import replace
from typing import Any

from sms_sandbox.facades.messagebird import wire
from sms_sandbox.facades.messagebird.caller import Caller
from sms_sandbox.facades.messagebird.errors import not_found
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

KIND = "verification"
TIMEOUT, SHORTEST, LONGEST = 30, 30, 172_800
"""Seconds that a token is good for: where a request does not say, at least and at most."""
ATTEMPTS, MOST_ATTEMPTS = 3, 10
"""How often a token may be tried: where a request does not say, and at most."""


def find(connection: sqlite3.Connection, caller: Caller, verification_id: str) -> Record:
    """One verification. Raises ``MessageBirdError`` if there is none."""
    found = records.get(connection, wire.PROVIDER, caller.account, KIND, verification_id)
    if found is None:
        raise not_found("verification id")
    return found


def put(connection: sqlite3.Connection, caller: Caller, old: Record, **changes: Any) -> Record:
    """Write a verification with ``changes`` to its data."""
    changed = replace(old, updated_at=caller.now, data={**old.data, **changes})
    records.put(connection, changed)
    return changed


def status(verification: Record, now: float) -> str:
    """What has become of a verification by ``now``."""
    data = verification.data
    if data["verified"]:
        return "verified"
    if data["tried"] >= data["attempts"]:
        return "failed"
    return "expired" if now >= data["until"] else "sent"


def show(caller: Caller, verification: Record) -> dict[str, Any]:
    """The resource, key for key; the token is never in it."""
    data = verification.data
    noun = "voicemessages" if data["type"] == "tts" else "messages"
    return {
        "id": verification.id,
        "href": wire.href("verify", verification.id),
        "recipient": wire.digits(data["recipient"]),
        "reference": data["reference"],
        "messages": {"href": wire.href(noun, data["message"])},
        "status": status(verification, caller.now),
        "createdDatetime": wire.time(verification.created_at),
        "validUntilDatetime": wire.time(data["until"]),
    }

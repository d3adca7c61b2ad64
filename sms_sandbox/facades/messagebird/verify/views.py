"""The addresses of verifications: a function for each."""

import hmac
from typing import Any

from sms_sandbox.facades.messagebird import wire
from sms_sandbox.facades.messagebird.caller import Caller
from sms_sandbox.facades.messagebird.errors import invalid, not_found
from sms_sandbox.facades.messagebird.fields import Fields
from sms_sandbox.facades.messagebird.verify import start, verifications
from sms_sandbox.numbers import verdict
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

WRONG = "The token is invalid."
_OVER = {
    "verified": "The token has already been verified.",
    "failed": "The token has been tried too often.",
    "expired": "The token has expired.",
}


def create(caller: Caller, asked: Fields, raw: str) -> dict[str, Any]:
    """Send a token. Raises ``MessageBirdError``, ``Refused``, ``FaultStruck``."""
    return verifications.show(caller, start.create(caller, asked, raw))


def fetch(caller: Caller, verification_id: str) -> dict[str, Any]:
    """One verification. Raises ``MessageBirdError`` if there is none."""
    with caller.room.database.read() as connection:
        return verifications.show(caller, verifications.find(connection, caller, verification_id))


def check(caller: Caller, verification_id: str, token: str) -> dict[str, Any]:
    """Compare a token: counted before it is compared, in one transaction. Raises
    ``MessageBirdError`` unless it is right."""
    with caller.room.database.read() as connection:
        found = verifications.find(connection, caller, verification_id)
    caller.strike(found.data["recipient"])
    with caller.room.database.write() as connection:
        found = verifications.find(connection, caller, verification_id)
        standing = verifications.status(found, caller.now)
        if standing != "sent":
            raise invalid("token", _OVER[standing])
        right = _is_right(found, token)
        tried = found.data["tried"] + 1
        found = verifications.put(connection, caller, found, tried=tried, verified=right)
    if not right:
        raise invalid("token", WRONG)
    return verifications.show(caller, found)


def delete(caller: Caller, verification_id: str) -> None:
    """Forget a verification. Raises ``MessageBirdError`` if there is none."""
    with caller.room.database.write() as connection:
        gone = records.delete(
            connection, wire.PROVIDER, caller.account, verifications.KIND, verification_id
        )
    if not gone:
        raise not_found("verification id")


def _is_right(verification: Record, token: str) -> bool:
    """Whether this is the token, and its number one that can be verified."""
    kept = str(verification.data["token"]).encode()
    same = hmac.compare_digest(kept, token.encode("utf-8", "replace"))
    return same and verdict(verification.data["recipient"]) != "refused"

"""What is left of the account's money."""

from decimal import Decimal
from typing import Any

from sms_sandbox.facades.messagebird import wire
from sms_sandbox.facades.messagebird.caller import Caller
from sms_sandbox.storage import submissions

PAID_IN = 10_000
"""Euros that every account begins with; the sandbox's own figure."""


def fetch(caller: Caller) -> dict[str, Any]:
    """The balance: what was paid in, less what the kept messages cost."""
    with caller.room.database.read() as connection:
        parts = submissions.parts_sent(connection, wire.PROVIDER, caller.account)
    left = max(Decimal(0), PAID_IN - wire.RATE * parts)
    return {"payment": "prepaid", "type": "euros", "amount": float(left)}

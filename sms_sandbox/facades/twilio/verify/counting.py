"""Counters of requests in an interval, which begins with the first of them."""

import hashlib
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from sms_sandbox.facades.twilio.caller import Caller
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

_KIND = "verify_counter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most ``most`` requests of one ``value`` in ``interval`` seconds; ``name`` tells limits
    apart."""

    name: str
    value: str = field(repr=False)
    most: int
    interval: int


def spend(connection: sqlite3.Connection, caller: Caller, limits: Iterable[Limit]) -> None:
    """Count one request against every limit. Raises ``TwilioError`` if one is used up; the
    caller's transaction then counts it nowhere."""
    for limit in limits:
        _count(connection, caller, limit)


def _count(connection: sqlite3.Connection, caller: Caller, limit: Limit) -> None:
    digest = hashlib.sha256(limit.value.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    name, now = f"{limit.name}:{digest}", caller.now
    found = records.get(connection, PROVIDER, caller.account, _KIND, name)
    begun: float = found.data["begun"] if found else now
    spent: int = found.data["spent"] if found else 0
    if now - begun >= limit.interval:
        begun, spent = now, 0
    if spent >= limit.most:
        raise TwilioError(20429, "Too many requests")
    data = {"begun": begun, "spent": spent + 1}
    if found is not None:
        records.put(connection, replace(found, updated_at=now, data=data))
        return
    record = Record(
        provider=PROVIDER,
        account=caller.account,
        kind=_KIND,
        id=name,
        created_at=now,
        updated_at=now,
        data=data,
    )
    records.insert(connection, record)

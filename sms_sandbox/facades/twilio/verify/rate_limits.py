"""A service's own rate limits and their buckets, and what one start spends of them."""

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sms_sandbox.facades.twilio.caller import Caller
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.times import iso8601
from sms_sandbox.facades.twilio.verify import form as reading
from sms_sandbox.facades.twilio.verify import services
from sms_sandbox.facades.twilio.verify.counting import Limit
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

KIND = "verify_rate_limit"
BUCKET_KIND = "verify_bucket"
MOST_LIMITS = 10
"""Rate limits of one service."""
MOST_BUCKETS = 10
"""Buckets of one rate limit."""
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_MAX_INTERVAL = 86_400
_MAX_VALUE = 256


def create(caller: Caller, service: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Store a new rate limit. Raises ``TwilioError``."""
    name = form.get("UniqueName")
    if not name:
        raise reading.invalid("UniqueName")
    if not _NAME.fullmatch(name):
        raise TwilioError(60209)
    description = reading.text(form, "Description", most=256)
    with caller.room.database.write() as connection:
        services.get(connection, caller, service)
        if _find(connection, caller, KIND, service, name):
            raise TwilioError(60208)
        if len(_find(connection, caller, KIND, service)) >= MOST_LIMITS:
            raise TwilioError(60207)
        data = {"description": description}
        record = _new(caller, KIND, "RK", parent=service, key=name, data=data)
        records.insert(connection, record)
    return show(caller, record)


def get(connection: sqlite3.Connection, caller: Caller, service: str, sid: str) -> Record:
    """One rate limit of a service. Raises ``TwilioError`` if there is none."""
    found = records.get(connection, PROVIDER, caller.account, KIND, sid)
    if found is None or found.parent != service:
        raise caller.not_found()
    services.get(connection, caller, service)
    return found


def update(caller: Caller, service: str, sid: str, form: Mapping[str, str]) -> dict[str, Any]:
    """Change a rate limit's description. Raises ``TwilioError``."""
    description = reading.text(form, "Description", most=256)
    with caller.room.database.write() as connection:
        changed = get(connection, caller, service, sid)
        if description is not None:
            data = {"description": description}
            changed = replace(changed, updated_at=caller.now, data=data)
            records.put(connection, changed)
    return show(caller, changed)


def delete(caller: Caller, service: str, sid: str) -> None:
    """Forget a rate limit with its buckets. Raises ``TwilioError``."""
    with caller.room.database.write() as connection:
        get(connection, caller, service, sid)
        for bucket in _find(connection, caller, BUCKET_KIND, sid):
            records.delete(connection, PROVIDER, caller.account, BUCKET_KIND, bucket.id)
        records.delete(connection, PROVIDER, caller.account, KIND, sid)


def show(caller: Caller, limit: Record) -> dict[str, Any]:
    """The rate limit resource, key for key."""
    url = f"{caller.base}/v2/Services/{limit.parent}/RateLimits/{limit.id}"
    return {
        "sid": limit.id,
        "service_sid": limit.parent,
        "account_sid": limit.account,
        "unique_name": limit.key,
        "description": limit.data["description"],
        "date_created": iso8601(limit.created_at),
        "date_updated": iso8601(limit.updated_at),
        "url": url,
        "links": {"buckets": f"{url}/Buckets"},
    }


def create_bucket(
    caller: Caller, service: str, limit: str, form: Mapping[str, str]
) -> dict[str, Any]:
    """Store a new bucket. Raises ``TwilioError``."""
    most, interval = _bucket(form, None, None)
    with caller.room.database.write() as connection:
        get(connection, caller, service, limit)
        if len(_find(connection, caller, BUCKET_KIND, limit)) >= MOST_BUCKETS:
            raise TwilioError(60210)
        _refuse_second(connection, caller, limit, interval)
        data = {"service": service, "max": most, "interval": interval}
        record = _new(caller, BUCKET_KIND, "BL", parent=limit, key=str(interval), data=data)
        records.insert(connection, record)
    return show_bucket(caller, record)


def get_bucket(
    connection: sqlite3.Connection, caller: Caller, service: str, limit: str, sid: str
) -> Record:
    """One bucket of a rate limit. Raises ``TwilioError`` if there is none."""
    get(connection, caller, service, limit)
    found = records.get(connection, PROVIDER, caller.account, BUCKET_KIND, sid)
    if found is None or found.parent != limit:
        raise caller.not_found()
    return found


def update_bucket(
    caller: Caller, service: str, limit: str, sid: str, form: Mapping[str, str]
) -> dict[str, Any]:
    """Change a bucket's figures. Raises ``TwilioError``."""
    with caller.room.database.write() as connection:
        found = get_bucket(connection, caller, service, limit, sid)
        most, interval = _bucket(form, found.data["max"], found.data["interval"])
        if interval != found.data["interval"]:
            _refuse_second(connection, caller, limit, interval)
        data = {**found.data, "max": most, "interval": interval}
        changed = replace(found, key=str(interval), updated_at=caller.now, data=data)
        records.put(connection, changed)
    return show_bucket(caller, changed)


def delete_bucket(caller: Caller, service: str, limit: str, sid: str) -> None:
    """Forget a bucket. Raises ``TwilioError``."""
    with caller.room.database.write() as connection:
        get_bucket(connection, caller, service, limit, sid)
        records.delete(connection, PROVIDER, caller.account, BUCKET_KIND, sid)


def show_bucket(caller: Caller, bucket: Record) -> dict[str, Any]:
    """The bucket resource, key for key."""
    service = bucket.data["service"]
    path = f"/v2/Services/{service}/RateLimits/{bucket.parent}/Buckets/{bucket.id}"
    return {
        "sid": bucket.id,
        "rate_limit_sid": bucket.parent,
        "service_sid": service,
        "account_sid": bucket.account,
        "max": bucket.data["max"],
        "interval": bucket.data["interval"],
        "date_created": iso8601(bucket.created_at),
        "date_updated": iso8601(bucket.updated_at),
        "url": caller.base + path,
    }


def read_values(form: Mapping[str, str]) -> dict[str, str]:
    """The ``RateLimits`` of a start: a value for each unique name. Raises ``TwilioError``."""
    values: dict[str, str] = {}
    for name, value in reading.mapping(form, "RateLimits").items():
        if not isinstance(value, str | int) or not 0 < len(str(value)) <= _MAX_VALUE:
            raise reading.invalid("RateLimits")
        values[name] = str(value)
    return values


def limits_of(
    connection: sqlite3.Connection, caller: Caller, service: str, values: Mapping[str, str]
) -> list[Limit]:
    """What one start spends. Raises ``TwilioError`` for a name that the service does not have:
    it would limit nothing, and no test should pass by mistake."""
    known = {one.key: one for one in _find(connection, caller, KIND, service)}
    limits: list[Limit] = []
    for name, value in values.items():
        if name not in known:
            raise reading.invalid("RateLimits")
        for bucket in _find(connection, caller, BUCKET_KIND, known[name].id):
            most, interval = bucket.data["max"], bucket.data["interval"]
            limits.append(Limit(name=bucket.id, value=value, most=most, interval=interval))
    return limits


def _find(
    connection: sqlite3.Connection, caller: Caller, kind: str, parent: str, key: str | None = None
) -> list[Record]:
    return records.find(connection, PROVIDER, caller.account, kind, parent=parent, key=key)


def _new(
    caller: Caller, kind: str, prefix: str, *, parent: str, key: str, data: dict[str, Any]
) -> Record:
    now = caller.now
    return Record(
        provider=PROVIDER,
        account=caller.account,
        kind=kind,
        id=caller.new_sid(prefix),
        parent=parent,
        key=key,
        created_at=now,
        updated_at=now,
        data=data,
    )


def _bucket(form: Mapping[str, str], most: int | None, interval: int | None) -> tuple[int, int]:
    return (
        reading.whole(form, "Max", 1, 1_000_000, most),
        reading.whole(form, "Interval", 1, _MAX_INTERVAL, interval),
    )


def _refuse_second(
    connection: sqlite3.Connection, caller: Caller, limit: str, interval: int
) -> None:
    if _find(connection, caller, BUCKET_KIND, limit, str(interval)):
        raise TwilioError(60211)

"""HLR: what the network says of a handset.

Source: https://developers.messagebird.com/api/hlr/
"""

from typing import Any

from babel import Locale

from sms_sandbox.facades.messagebird import wire
from sms_sandbox.facades.messagebird.caller import Caller
from sms_sandbox.facades.messagebird.errors import not_found
from sms_sandbox.numbers import comparison_key, scenario_of, verdict
from sms_sandbox.numbers.plan import Planned
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

KIND = "hlr"
ANSWERS_AFTER = 1.0
"""Seconds of the account's time until the network has answered a query that waits."""

_STATES = {"unreachable": "absent", "unknown_handset": "unknown"}
_NETWORK = int(wire.MOBILE_COUNTRY_CODE + wire.MOBILE_NETWORK_CODE)


def ask(
    caller: Caller, planned: Planned, reference: str | None, *, at_once: bool
) -> dict[str, Any]:
    """Ask the network about a number. The answer is there ``at_once``, or after a while."""
    now = caller.now
    record = Record(
        provider=wire.PROVIDER,
        account=caller.account,
        kind=KIND,
        id=caller.new_id(),
        key=comparison_key(planned.number),
        created_at=now,
        updated_at=now if at_once else now + ANSWERS_AFTER,
        data={
            "number": planned.number,
            "country": planned.country,
            "mobile": planned.line == "mobile",
            "reference": reference,
            "result": _result(caller, planned),
        },
    )
    with caller.room.database.write() as connection:
        records.insert(connection, record)
    return show(caller, record)


def fetch(caller: Caller, query_id: str) -> dict[str, Any]:
    """One query. Raises ``MessageBirdError`` if there is none."""
    with caller.room.database.read() as connection:
        found = records.get(connection, wire.PROVIDER, caller.account, KIND, query_id)
    if found is None:
        raise not_found("hlr")
    return show(caller, found)


def newest(caller: Caller, number: str) -> dict[str, Any] | None:
    """The newest query of a number."""
    key = comparison_key(number)
    with caller.room.database.read() as connection:
        found = records.find(connection, wire.PROVIDER, caller.account, KIND, key=key, limit=1)
    return show(caller, found[0]) if found else None


def show(caller: Caller, query: Record) -> dict[str, Any]:
    """The resource, key for key."""
    data = query.data
    answered = caller.now >= query.updated_at
    country = data["country"]
    return {
        "id": query.id,
        "href": wire.href("hlr", query.id),
        "msisdn": wire.digits(data["number"]),
        "network": _NETWORK if answered and data["mobile"] else None,
        "reference": data["reference"],
        "status": data["result"] if answered else "sent",
        "details": _details(country) if answered else {},
        "createdDatetime": wire.time(query.created_at),
        "statusDatetime": wire.time(query.updated_at if answered else query.created_at),
    }


def _details(country: str) -> dict[str, Any]:
    return {
        "status_desc": None,
        "imsi": None,
        "country_iso": country or None,
        "country_name": Locale("en").territories.get(country) if country else None,
        "location_msc": None,
        "location_iso": country.lower() or None,
        "ported": 0,
        "roaming": 0,
    }


def _result(caller: Caller, planned: Planned) -> str:
    number = planned.number
    if verdict(number) == "error":
        return "failed"
    handset = caller.room.inbox.handset(caller.account, number)
    scenario = scenario_of(number)
    if handset.state == "off":
        return "absent"
    if scenario is not None and scenario.failing in _STATES:
        return _STATES[scenario.failing]
    return "active" if planned.line == "mobile" else "unknown"

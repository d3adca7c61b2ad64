"""SetSMSAttributes and GetSMSAttributes: what counts where a message says nothing of its own.

An account keeps them by region.
"""

import re
from collections.abc import Mapping

from sms_sandbox.facades.aws import attributes, query
from sms_sandbox.facades.aws.call import Call
from sms_sandbox.facades.aws.errors import invalid
from sms_sandbox.facades.aws.query import Node, Pairs
from sms_sandbox.facades.aws.wire import PROVIDER
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

_KIND = "sms-attributes"
_BEGINNING: Mapping[str, str] = {"MonthlySpendLimit": "1"}
_FORMS: Mapping[str, re.Pattern[str]] = {
    "MonthlySpendLimit": re.compile(r"[0-9]{1,9}"),
    "DeliveryStatusIAMRole": re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}|"),
    "DeliveryStatusSuccessSamplingRate": re.compile(r"100|[0-9]{1,2}|"),
    "DefaultSenderID": re.compile(rf"(?:{attributes.SENDER_NAME.pattern})|"),
    "DefaultSMSType": re.compile("|".join(attributes.SMS_TYPES)),
    "UsageReportS3Bucket": re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]|"),
}


def set_attributes(call: Call) -> dict[str, Node]:
    """Change what is given, keep the rest; an empty value takes an attribute away."""
    call.strike()
    given = {
        entry.get("key", ""): entry.get("value", "")
        for entry in query.entries(call.parameters, "attributes")
    }
    if not given:
        raise invalid("attributes Reason: no value for required parameter")
    for name, value in given.items():
        if name not in _FORMS:
            raise invalid(f"{name[:64]} is not a valid attribute")
        if not _FORMS[name].fullmatch(value):
            raise invalid(f"{name} is invalid")
    with call.room.database.write() as connection:
        found = records.get(connection, PROVIDER, call.account, _KIND, call.region)
        kept = {**(found.data if found else {}), **given}
        record = Record(
            provider=PROVIDER,
            account=call.account,
            kind=_KIND,
            id=call.region,
            created_at=call.now,
            updated_at=call.now,
            data={name: value for name, value in kept.items() if value},
        )
        if found is None:
            records.insert(connection, record)
        else:
            records.put(connection, record)
    return {}


def get_attributes(call: Call) -> dict[str, Node]:
    """All that are set, or of those the ones that were asked for."""
    call.strike()
    asked = query.members(call.parameters, "attributes")
    for name in asked:
        if name not in _FORMS:
            raise invalid(f"{name[:64]} is not a valid attribute")
    kept = read(call)
    shown = {name: kept[name] for name in _FORMS if name in kept and (not asked or name in asked)}
    return {"attributes": Pairs(shown)}


def read(call: Call) -> Mapping[str, str]:
    """The account's attributes in the region of a call."""
    with call.room.database.read() as connection:
        found = records.get(connection, PROVIDER, call.account, _KIND, call.region)
    return {**_BEGINNING, **(found.data if found else {})}

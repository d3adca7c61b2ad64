"""ListOriginationNumbers: the account's own number, and every number that it has sent from.

An account here has whatever number it names, so using one is what makes it the account's.
"""

from datetime import UTC, datetime

from sms_sandbox.facades.aws import paging
from sms_sandbox.facades.aws.call import Call, own_number
from sms_sandbox.facades.aws.query import Node
from sms_sandbox.facades.aws.wire import PROVIDER
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

_KIND = "origination-number"
_KEPT = 1000
_MAX_PAGE = 30


def list_numbers(call: Call) -> dict[str, Node]:
    """One page, in the order of the numbers."""
    call.strike()
    limit = paging.size(call.parameters, _MAX_PAGE)
    behind = paging.after(call.parameters, "NextToken")
    _note(call, own_number(call.account))
    with call.room.database.read() as connection:
        found = records.find(connection, PROVIDER, call.account, _KIND, limit=_KEPT)
    known = {record.id: record for record in found}
    shown, token = paging.page(sorted(number for number in known if number > behind), limit)
    answer: dict[str, Node] = {"PhoneNumbers": [_show(known[number]) for number in shown]}
    return answer if token is None else {**answer, "NextToken": token}


def remember(call: Call, sender: str) -> None:
    """Note a number that the account sends from; a name is none, and its own is known."""
    if sender.startswith("+") and sender != own_number(call.account):
        _note(call, sender)


def _note(call: Call, sender: str) -> None:
    with call.room.database.read() as connection:
        known = records.get(connection, PROVIDER, call.account, _KIND, sender)
    if known is not None:
        return
    record = Record(
        provider=PROVIDER,
        account=call.account,
        kind=_KIND,
        id=sender,
        created_at=call.now,
        updated_at=call.now,
    )
    with call.room.database.write() as connection:
        if records.get(connection, PROVIDER, call.account, _KIND, sender) is None:
            records.insert(connection, record, keep=_KEPT)


def _show(record: Record) -> Node:
    created = datetime.fromtimestamp(record.created_at, UTC)
    country: dict[str, Node] = {"Iso2CountryCode": "US"} if record.id.startswith("+1") else {}
    return {
        "CreatedAt": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "PhoneNumber": record.id,
        "Status": "ACTIVE",
        **country,
        "RouteType": "Transactional",
        "NumberCapabilities": ["SMS"],
    }

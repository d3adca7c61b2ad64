"""The phone numbers of AWS's own "SMS sandbox": added, proven by a code, listed, deleted.

Accounts here are out of that sandbox: every number receives, whether it was proven or not.
"""

import hmac
import re
from dataclasses import replace

from sms_sandbox.facades.aws import opt_outs, paging, wire
from sms_sandbox.facades.aws.call import Call, own_number
from sms_sandbox.facades.aws.errors import AwsError, invalid
from sms_sandbox.facades.aws.query import Node
from sms_sandbox.facades.aws.wire import PROVIDER
from sms_sandbox.message import Draft, Submission
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

MAX_NUMBERS = 10
"""Numbers of one account and region, as at AWS."""

KEPT = 1000
"""Numbers of one account over all regions; the oldest go first."""

_KIND = "sandbox-number"
_MAX_PAGE = 100
_CODE = re.compile(r"[0-9]{5,8}")
_LANGUAGES = frozenset(
    (
        *("en-US", "en-GB", "es-419", "es-ES", "de-DE", "fr-CA", "fr-FR"),
        *("it-IT", "ja-JP", "pt-BR", "kr-KR", "zh-CN", "zh-TW"),
    )
)


def status(call: Call) -> dict[str, Node]:
    """Whether the account may send to proven numbers only: none here is so held."""
    call.strike()
    return {"IsInSandbox": "false"}


def create(call: Call) -> dict[str, Node]:
    """Add a number and send it a code; a number that waits for one gets a new one."""
    number = _number(call)
    language = call.parameters.get("LanguageCode", "en-US")
    if language not in _LANGUAGES:
        raise invalid(f"LanguageCode Reason: {language[:16]} is not one of the languages")
    known = _find(call, number)
    if known is not None and known.data["status"] == "Verified":
        raise AwsError("UserError", "The phone number is verified already.")
    if known is None and len(_all(call)) >= MAX_NUMBERS:
        raise AwsError("UserError", f"An account has at most {MAX_NUMBERS} sandbox phone numbers.")
    if opt_outs.holds(call, number):
        raise AwsError("OptedOut", "The phone number has opted out of messages from the account.")
    code = f"{int(call.room.ids.hex(call.account, 8), 16) % 1_000_000:06}"
    _send(call, number, code)
    record = Record(
        provider=PROVIDER,
        account=call.account,
        kind=_KIND,
        id=_id(call, number),
        parent=call.region,
        key=number,
        created_at=call.now,
        updated_at=call.now,
        data={"status": "Pending", "code": code},
    )
    with call.room.database.write() as connection:
        records.delete(connection, PROVIDER, call.account, _KIND, record.id)
        records.insert(connection, record, keep=KEPT)
    return {}


def verify(call: Call) -> dict[str, Node]:
    """Prove a number with the code that was sent to it."""
    number = _number(call)
    call.strike(number)
    code = call.parameters.get("OneTimePassword", "")
    if not _CODE.fullmatch(code):
        raise invalid("OneTimePassword Reason: give 5 to 8 digits")
    found = _require(call, number)
    if found.data["status"] != "Verified":
        if not hmac.compare_digest(code, found.data["code"]):
            raise AwsError("VerificationException", "The one-time password is not the right one.")
        proven = replace(found, updated_at=call.now, data={"status": "Verified"})
        with call.room.database.write() as connection:
            records.put(connection, proven)
    return {}


def delete(call: Call) -> dict[str, Node]:
    """Take a number away."""
    number = _number(call)
    call.strike(number)
    found = _require(call, number)
    with call.room.database.write() as connection:
        records.delete(connection, PROVIDER, call.account, _KIND, found.id)
    return {}


def list_numbers(call: Call) -> dict[str, Node]:
    """One page, in the order of the numbers."""
    call.strike()
    limit = paging.size(call.parameters, _MAX_PAGE)
    behind = paging.after(call.parameters, "NextToken")
    known = {record.key: record for record in _all(call)}
    shown, token = paging.page(sorted(number for number in known if number > behind), limit)
    numbers: list[Node] = [
        {"PhoneNumber": number, "Status": str(known[number].data["status"])} for number in shown
    ]
    answer: dict[str, Node] = {"PhoneNumbers": numbers}
    return answer if token is None else {**answer, "NextToken": token}


def _number(call: Call) -> str:
    return wire.parse_number(call.parameters.get("PhoneNumber", ""), "PhoneNumber")


def _id(call: Call, number: str) -> str:
    return f"{call.region}/{number}"


def _find(call: Call, number: str) -> Record | None:
    with call.room.database.read() as connection:
        return records.get(connection, PROVIDER, call.account, _KIND, _id(call, number))


def _require(call: Call, number: str) -> Record:
    found = _find(call, number)
    if found is None:
        raise AwsError("ResourceNotFound", "The phone number is not in the account's SMS sandbox.")
    return found


def _all(call: Call) -> list[Record]:
    with call.room.database.read() as connection:
        return records.find(connection, PROVIDER, call.account, _KIND, parent=call.region)


def _send(call: Call, number: str, code: str) -> None:
    draft = Draft(
        account=call.account,
        provider=PROVIDER,
        direction="outbound",
        sender=own_number(call.account),
        recipient=number,
        body=f"Your verification code for the SMS sandbox is {code}.",
        raw=call.transcript(),
        late=wire.LATE,
        submission=Submission(
            vendor_id=call.next_id(), facts={"service": "sandbox", "region": call.region}
        ),
    )
    call.accept(draft, wire.not_valid(number, "PhoneNumber"))

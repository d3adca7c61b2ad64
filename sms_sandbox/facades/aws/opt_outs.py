"""Who wants no messages any more: SNS knows it by number, whichever sender the handset told."""

from sms_sandbox.facades.aws import paging, wire
from sms_sandbox.facades.aws.call import Call
from sms_sandbox.facades.aws.errors import AwsError, invalid
from sms_sandbox.facades.aws.query import Node
from sms_sandbox.facades.aws.wire import PROVIDER
from sms_sandbox.numbers import scenario_of
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

STOP_WORDS = frozenset(
    (
        *("ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT"),
        *("QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"),
    )
)
"""A text of one of these words alone opts its handset out:
https://docs.aws.amazon.com/sns/latest/dg/sms_manage.html."""
OPT_IN_SECONDS = 30 * 24 * 3600
"""How long a number that was opted in cannot be opted in again."""

_KIND = "opt-in"
_PAGE = 100


def is_stop(text: str) -> bool:
    """Whether a handset's text opts it out."""
    return text.strip().upper() in STOP_WORDS


def holds(call: Call, number: str) -> bool:
    """Whether a number has opted out, of itself or because it is one of those that always have."""
    scenario = scenario_of(number)
    if scenario is not None and scenario.refusal == "opted_out":
        return True
    return bool(call.room.inbox.handset(call.account, number).opted_out)


def check(call: Call) -> dict[str, Node]:
    """Whether a number has opted out."""
    number = _number(call)
    call.strike(number)
    return {"isOptedOut": "true" if holds(call, number) else "false"}


def list_numbers(call: Call) -> dict[str, Node]:
    """One page of the numbers that have opted out, in their order."""
    call.strike()
    behind = paging.after(call.parameters, "nextToken")
    found = call.room.inbox.opted_out(call.account, after=behind, limit=_PAGE + 1)
    shown, token = paging.page(found, _PAGE)
    answer: dict[str, Node] = {"phoneNumbers": list(shown)}
    return answer if token is None else {**answer, "nextToken": token}


def opt_in(call: Call) -> dict[str, Node]:
    """Let messages reach a number again, once in thirty days."""
    number = _number(call)
    call.strike(number)
    inbox = call.room.inbox
    opted_out = inbox.handset(call.account, number).opted_out
    if opted_out:
        _note(call, number)
        for sender in opted_out:
            inbox.opt(call.account, number, sender, out=False)
    return {}


def _note(call: Call, number: str) -> None:
    record = Record(
        provider=PROVIDER,
        account=call.account,
        kind=_KIND,
        id=number,
        created_at=call.now,
        updated_at=call.now,
    )
    with call.room.database.write() as connection:
        found = records.get(connection, PROVIDER, call.account, _KIND, number)
        if found is not None and call.now < found.updated_at + OPT_IN_SECONDS:
            raise invalid("PhoneNumber Reason: it was opted in within the last 30 days")
        records.delete(connection, PROVIDER, call.account, _KIND, number)
        records.insert(connection, record)


def _number(call: Call) -> str:
    try:
        return wire.parse_number(call.parameters.get("phoneNumber", ""), "phoneNumber")
    except AwsError:
        raise invalid("PhoneNumber Reason: input incorrectly formatted") from None

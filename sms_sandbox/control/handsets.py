"""Handsets: whether a number's phone is on, whom it declines, when its SIM was swapped."""

from typing import Any

from sms_sandbox.control import kinds
from sms_sandbox.control.kinds import Field, Fields, Kind
from sms_sandbox.control.operation import Answer, Call, Operation, Result
from sms_sandbox.handset import EVERY_SENDER, HANDSET_STATES
from sms_sandbox.inbox.handsets import MAX_OPTED_OUT
from sms_sandbox.numbers import comparison_key, parse_number
from sms_sandbox.settings import DEFAULT_ACCOUNT

MAX_LISTED = 1000
"""How many handsets a list shows."""

_ACCOUNT = Field(
    "account", kinds.ACCOUNT, "The account that the handset is seen from.", default=DEFAULT_ACCOUNT
)


def _read_senders(value: Any, at: str) -> tuple[str, ...]:
    if isinstance(value, bool):
        return (EVERY_SENDER,) if value else ()
    if not isinstance(value, list) or len(value) > MAX_OPTED_OUT:
        raise kinds.refusal(
            f"This must be a list of at most {MAX_OPTED_OUT} senders, or true or false.",
            at,
            'Write ["+12015550100"], or true for every sender.',
        )
    senders = [
        one if one == EVERY_SENDER else comparison_key(kinds.SENDER.read(one, f"{at}/{place}"))
        for place, one in enumerate(value)
    ]
    return tuple(dict.fromkeys(senders))


_SENDERS = Kind(
    {
        "oneOf": [
            {"type": "boolean"},
            {"type": "array", "maxItems": MAX_OPTED_OUT, "items": {"type": "string"}},
        ]
    },
    _read_senders,
)
_CHANGES = Fields(
    Field(
        "state",
        kinds.one_of(HANDSET_STATES),
        "`off`: messages wait; `full`, `blocked`: they fail.",
    ),
    Field("opted_out", _SENDERS, "The senders that it declines; true: all, false: none."),
    Field("sim_swapped_at", kinds.MOMENT, "When its SIM was swapped last."),
    Field("nickname", kinds.text(64), "A name for the page."),
)


def list_handsets(call: Call) -> Result:
    """The handsets that something was set for."""
    name = call.query["account"]
    known = call.inbox.known_handsets(name, MAX_LISTED)
    return {
        "handsets": [
            call.inbox.handset(account, one).as_json(account, one) for account, one in known
        ]
    }


def get(call: Call, number: str) -> Result:
    """One handset, as the account sees it."""
    account, handset = _meant(call, number)
    return call.inbox.handset(account, handset).as_json(account, handset)


def put(call: Call, number: str) -> Result:
    """Change what is given, keep the rest."""
    account, handset = _meant(call, number)
    changes = {name: value for name, value in call.body.items() if value is not None}
    return call.inbox.put_handset(account, handset, changes).as_json(account, handset)


def _meant(call: Call, number: str) -> tuple[str, str]:
    return call.inbox.account_of(call.query["account"]), parse_number(number, "/number")


_ONE = {200: Answer("The handset", "Handset")}

OPERATIONS = (
    Operation(
        method="GET",
        path="/handsets",
        name="listHandsets",
        summary=f"List the handsets that something was set for, at most {MAX_LISTED:,}",
        view=list_handsets,
        query=Fields(Field("account", kinds.ACCOUNT, "Only this account's.")),
        answers={200: Answer("The handsets", "HandsetList")},
    ),
    Operation(
        method="GET",
        path="/handsets/<number>",
        name="getHandset",
        summary="Get the handset of a number",
        view=get,
        query=Fields(_ACCOUNT),
        answers=_ONE,
    ),
    Operation(
        method="PUT",
        path="/handsets/<number>",
        name="putHandset",
        summary="Change the handset of a number",
        view=put,
        query=Fields(_ACCOUNT),
        body=_CHANGES,
        answers=_ONE,
    ),
)

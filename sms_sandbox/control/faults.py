"""Fault rules: which requests and messages go wrong, and how."""

from collections.abc import Mapping
from typing import Any

from flask import Response

from sms_sandbox.control import kinds
from sms_sandbox.control.kinds import Field, Fields, Kind
from sms_sandbox.control.operation import Answer, Call, Operation, Result, problem
from sms_sandbox.errors import InvalidRequest
from sms_sandbox.faults import ENDINGS, MUTATIONS
from sms_sandbox.inbox.admit import MAX_DELAY
from sms_sandbox.patterns import MAX_PATTERN

MAX_LATE = 30 * 24 * 3600
"""Seconds by which a delivery or a webhook may be late, and for which a rule may live."""

_PLAIN = kinds.text(200, minimum=1)
_REGEX = Fields(
    Field(
        "regex",
        kinds.text(MAX_PATTERN, minimum=1),
        "An RE2 pattern that is found somewhere in the value.",
        required=True,
    )
)


def _read_pattern(value: Any, at: str) -> Any:
    if isinstance(value, dict):
        return _REGEX.read_object(value, at)
    return _PLAIN.read(value, at)


_PATTERN = Kind({"oneOf": [dict(_PLAIN.schema), _REGEX.schema()]}, _read_pattern)
_MATCH = Fields(
    Field("to", _PATTERN, "The recipient; `*` stands for anything."),
    Field("from", _PATTERN, "The sender."),
    Field("provider", _PATTERN, "The imitated provider."),
    Field("account", _PATTERN, "The account."),
    Field("body", _PATTERN, "The whole text; of an operator's request, its path."),
)
_LATE = kinds.number_between(0, MAX_LATE)
EFFECTS: Mapping[str, Fields] = {
    "error": Fields(
        Field(
            "status",
            kinds.number_between(400, 599, whole=True),
            "The HTTP status.",
            required=True,
        ),
        Field("code", kinds.ERROR_CODE, "The vendor's code."),
        Field("message", kinds.text(500, minimum=1), "The text."),
        Field(
            "retry_after",
            kinds.number_between(0, 86_400, whole=True),
            "Seconds, sent as Retry-After.",
        ),
    ),
    "delay": Fields(
        Field(
            "seconds",
            kinds.number_between(0, MAX_DELAY),
            "Real seconds before the answer.",
            required=True,
        )
    ),
    "disconnect": Fields(),
    "truncate": Fields(),
    "delivery": Fields(
        Field("status", kinds.one_of(ENDINGS), "Where the delivery ends.", required=True),
        Field(
            "error_code",
            kinds.ERROR_CODE,
            "The vendor's code, or a word such as `unreachable`.",
        ),
        Field("after", _LATE, "Seconds of sandbox time until then."),
    ),
    "webhook": Fields(
        Field(
            "mutation",
            kinds.one_of(MUTATIONS),
            "What goes wrong with the callback.",
            required=True,
        ),
        Field("seconds", _LATE, "By how much a `delay` is late."),
    ),
}
"""Every effect with the fields that it takes beside its type."""

_TYPE = kinds.one_of(tuple(EFFECTS))


def _read_effect(value: Any, at: str) -> dict[str, Any]:
    if not isinstance(value, dict) or "type" not in value:
        raise kinds.refusal("An effect is an object with a type.", at, 'Write {"type": "error"}.')
    kind = _TYPE.read(value["type"], f"{at}/type")
    rest = {name: one for name, one in value.items() if name != "type"}
    asked = EFFECTS[kind].read_object(rest, at)
    if asked.get("seconds") is not None and asked.get("mutation", "delay") != "delay":
        raise kinds.refusal(
            "Only a delay takes seconds.", f"{at}/seconds", "Leave them out, or delay."
        )
    return {"type": kind} | {name: one for name, one in asked.items() if one is not None}


def _effect_schema(kind: str, fields: Fields) -> dict[str, Any]:
    schema = fields.schema()
    schema["properties"] = {"type": {"const": kind}, **schema["properties"]}
    schema["required"] = ["type", *schema.get("required", ())]
    return schema


_EFFECT = Kind(
    {"oneOf": [_effect_schema(kind, fields) for kind, fields in EFFECTS.items()]}, _read_effect
)
_COUNT = kinds.number_between(1, 1_000_000, whole=True)
_RULE = Fields(
    Field("match", kinds.nested(_MATCH), "What it strikes; without it, everything."),
    Field("times", _COUNT, "Hits after which it rests."),
    Field("every", _COUNT, "Every n-th that fits is struck."),
    Field("chance", kinds.number_between(0, 1), "The share of those that fit that is struck."),
    Field(
        "seed",
        kinds.number_between(0, 2**31 - 1, whole=True),
        "Chooses which ones; the same seed, the same ones.",
    ),
    Field(
        "above_per_second",
        kinds.number_between(0.1, 10_000),
        "Strikes what an account sends above this rate.",
    ),
    Field("effect", _EFFECT, "What happens.", required=True),
    Field(
        "expires_in",
        kinds.number_between(1, MAX_LATE),
        "Seconds of the account's time after which it rests.",
    ),
)
_ACCOUNT = Field("account", kinds.ACCOUNT, "Only this account's rules.")
_OF_ACCOUNT = Field("account", kinds.ACCOUNT, "The rule is for this account alone.")


def list_faults(call: Call) -> Result:
    """Every rule, in the order in which they are asked."""
    return {"faults": [one.as_json() for one in call.inbox.faults(_account(call))]}


def add(call: Call) -> Result:
    """A new rule, asked after those that are there."""
    match = {name: one for name, one in (call.body["match"] or {}).items() if one is not None}
    asked = {**call.body, "match": match}
    return call.inbox.add_fault(asked, _account(call)).as_json(), 201


def clear(call: Call) -> Result:
    """Delete the rules of an account, or all."""
    account = _account(call)
    if (account is None) == (not call.query["all"]):
        raise InvalidRequest(
            "This deletes the rules of one account or all of them.",
            hint="Give account=NAME or all=true, one of them.",
        )
    return {"deleted": call.inbox.clear_faults(account)}


def get(call: Call, fault_id: str) -> Result:
    """One rule with its hits."""
    return call.inbox.fault(fault_id).as_json()


def switch(call: Call, fault_id: str) -> Result:
    """Switch it on or off."""
    return call.inbox.switch_fault(fault_id, enabled=call.body["enabled"]).as_json()


def delete(call: Call, fault_id: str) -> Result:
    """Take it away."""
    call.inbox.remove_fault(fault_id)
    return Response(status=204)


def _account(call: Call) -> str | None:
    name = call.query["account"]
    return None if name is None else call.inbox.account_of(name)


_ONE = Answer("The rule", "Fault")
_NONE = problem("There is no such rule")
_FULL = problem("There are too many rules")

OPERATIONS = (
    Operation(
        method="GET",
        path="/faults",
        name="listFaults",
        summary="List the fault rules in their order",
        view=list_faults,
        query=Fields(_ACCOUNT),
        answers={200: Answer("The rules", "FaultList")},
    ),
    Operation(
        method="POST",
        path="/faults",
        name="addFault",
        summary="Add a fault rule behind the others",
        view=add,
        query=Fields(_OF_ACCOUNT),
        body=_RULE,
        answers={201: _ONE, 409: _FULL},
    ),
    Operation(
        method="DELETE",
        path="/faults",
        name="deleteFaults",
        summary="Delete the fault rules of one account or of all",
        view=clear,
        query=Fields(_ACCOUNT, Field("all", kinds.FLAG, "true: every rule.")),
        answers={200: Answer("How many were deleted", "Deleted")},
    ),
    Operation(
        method="GET",
        path="/faults/<fault_id>",
        name="getFault",
        summary="Get one fault rule with its hits",
        view=get,
        answers={200: _ONE, 404: _NONE},
    ),
    Operation(
        method="POST",
        path="/faults/<fault_id>",
        name="switchFault",
        summary="Switch a fault rule on or off",
        view=switch,
        body=Fields(
            Field(
                "enabled",
                kinds.FLAG,
                "Whether it strikes; what it has seen stays.",
                required=True,
            )
        ),
        answers={200: _ONE, 404: _NONE},
    ),
    Operation(
        method="DELETE",
        path="/faults/<fault_id>",
        name="deleteFault",
        summary="Delete one fault rule",
        view=delete,
        answers={204: Answer("It is gone"), 404: _NONE},
    ),
)

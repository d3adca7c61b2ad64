"""What lists of messages do not say: which are calls (``pressKeys`` presses their keys), and when
scheduled ones are due."""

from collections.abc import Sequence
from typing import Any

from sms_sandbox.control import kinds
from sms_sandbox.control.kinds import Field, Fields
from sms_sandbox.control.operation import Answer, Call, Operation, Result
from sms_sandbox.inbox.match import Match
from sms_sandbox.inbox.named import NEWEST

_TEXT = kinds.text(16_384, minimum=1)


def _read_ids(value: Any, at: str) -> Sequence[str]:
    text: str = _TEXT.read(value, at)
    ids = text.split(",")
    if len(ids) > NEWEST:
        raise kinds.refusal(
            f"These are {len(ids)} ids.", at, f"Ask for at most {NEWEST} messages at once."
        )
    return ids


_QUERY = Fields(
    Field("account", kinds.ACCOUNT, "Only this account's."),
    Field("to", kinds.ADDRESS, "Only what goes to this number."),
    Field(
        "messages",
        kinds.Kind(_TEXT.schema, _read_ids),
        f"Only these, whatever their age: ids of messages with commas between, at most {NEWEST}.",
    ),
)


def list_calls(call: Call) -> Result:
    """The calls among some messages."""
    found = call.inbox.calls(_match(call), call.query["messages"])
    return {"calls": [one.as_json() for one in found]}


def list_scheduled(call: Call) -> Result:
    """The scheduled ones of some messages."""
    found = call.inbox.scheduled(_match(call), call.query["messages"])
    return {"scheduled": [one.as_json() for one in found]}


def _match(call: Call) -> Match:
    return Match(account=call.query["account"], recipient=call.query["to"])


OPERATIONS = (
    Operation(
        method="GET",
        path="/calls",
        name="listCalls",
        summary=f"List the calls among the newest {NEWEST} messages, or among some, and which "
        "wait for keys",
        view=list_calls,
        query=_QUERY,
        answers={200: Answer("The calls, newest first", "CallList")},
    ),
    Operation(
        method="GET",
        path="/scheduled",
        name="listScheduled",
        summary=f"List the newest {NEWEST} scheduled messages, or those among some, and when "
        "each is due",
        view=list_scheduled,
        query=_QUERY,
        answers={200: Answer("The scheduled messages, newest first", "ScheduledList")},
    ),
)

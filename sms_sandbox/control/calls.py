"""Calls: which messages are calls, and which wait for keys (``pressKeys`` presses them)."""

from sms_sandbox.control import kinds
from sms_sandbox.control.kinds import Field, Fields
from sms_sandbox.control.operation import Answer, Call, Operation, Result
from sms_sandbox.inbox.calls import WATCHED
from sms_sandbox.storage import Filter


def list_calls(call: Call) -> Result:
    """The calls among the newest messages."""
    wanted = Filter(account=call.query["account"], recipient=call.query["to"], direction="outbound")
    return {"calls": [one.as_json() for one in call.inbox.calls(wanted)]}


OPERATIONS = (
    Operation(
        method="GET",
        path="/calls",
        name="listCalls",
        summary=f"List the calls among the newest {WATCHED} messages, and which wait for keys",
        view=list_calls,
        query=Fields(
            Field("account", kinds.ACCOUNT, "Only this account's."),
            Field("to", kinds.ADDRESS, "Only calls to this number."),
        ),
        answers={200: Answer("The calls, newest first", "CallList")},
    ),
)

"""The clocks: of the sandbox, or of one account."""

from sms_sandbox.control import kinds
from sms_sandbox.control.accounts import ACCOUNT_ONLY
from sms_sandbox.control.kinds import Field, Fields
from sms_sandbox.control.operation import Answer, Call, Operation, Result, problem
from sms_sandbox.message import rfc3339

_TEN_YEARS = 315_360_000
MAX_LISTED = 1000
"""How many clocks a list shows."""


def get_clock(call: Call) -> Result:
    """Whether a clock stands still, and what it shows."""
    frozen, now = call.inbox.clock(call.query["account"])
    return {"frozen": frozen, "now": rfc3339(now)}


def put_clock(call: Call) -> Result:
    """Stop a clock or let it run; what is due then has happened when the answer comes."""
    call.inbox.set_clock(call.query["account"], frozen=call.body["frozen"], now=call.body["now"])
    return get_clock(call)


def give_back(call: Call) -> Result:
    """Let it show real time; what is due then has happened when the answer comes."""
    call.inbox.give_clock_back(call.query["account"])
    return get_clock(call)


def advance(call: Call) -> Result:
    """Move a clock forward; what is due then has happened when the answer comes."""
    call.inbox.advance_clock(call.query["account"], call.body["seconds"])
    return get_clock(call)


def list_clocks(call: Call) -> Result:
    """The clocks that were moved by hand."""
    return {"clocks": [one.as_json() for one in call.inbox.moved_clocks()[:MAX_LISTED]]}


_CLOCK = Answer("The clock as it is now", "Clock")

OPERATIONS = (
    Operation(
        method="GET",
        path="/clocks",
        name="listClocks",
        summary=f"List the clocks that were moved by hand, at most {MAX_LISTED:,}",
        view=list_clocks,
        answers={200: Answer("The clocks, the sandbox's own first", "ClockList")},
    ),
    Operation(
        method="GET",
        path="/clock",
        name="getClock",
        summary="Read the clock of the sandbox or of one account",
        view=get_clock,
        query=ACCOUNT_ONLY,
        answers={200: _CLOCK},
    ),
    Operation(
        method="PUT",
        path="/clock",
        name="putClock",
        summary="Stop a clock, set it, or let it run",
        view=put_clock,
        query=ACCOUNT_ONLY,
        body=Fields(
            Field(
                "frozen",
                kinds.FLAG,
                "true: it stands still; false: it runs on from where it is.",
                required=True,
            ),
            Field(
                "now",
                kinds.MOMENT,
                "What it shows; forward only, unless the account is still empty.",
            ),
        ),
        answers={200: _CLOCK},
    ),
    Operation(
        method="DELETE",
        path="/clock",
        name="giveClockBack",
        summary="Let a clock that is behind show real time again",
        view=give_back,
        query=ACCOUNT_ONLY,
        answers={
            200: _CLOCK,
            400: problem("It is ahead and moves forward only"),
        },
    ),
    Operation(
        method="POST",
        path="/clock/advance",
        name="advanceClock",
        summary="Move a clock forward, frozen or running",
        view=advance,
        query=ACCOUNT_ONLY,
        body=Fields(
            Field("seconds", kinds.number_between(0, _TEN_YEARS), "How far.", required=True)
        ),
        answers={200: _CLOCK},
    ),
)

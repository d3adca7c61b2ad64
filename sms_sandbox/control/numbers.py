"""The numbers that mean something: virtual ones, delivery scenarios, the vendors' own."""

from sms_sandbox.control.operation import Answer, Call, Operation, Result
from sms_sandbox.facades import FACADES
from sms_sandbox.numbers import numbers


def list_numbers(_: Call) -> Result:
    """The whole table."""
    magic = [one for facade in FACADES for one in facade.magic]
    return {"numbers": [row.as_json() for row in numbers(magic)]}


OPERATIONS = (
    Operation(
        method="GET",
        path="/numbers",
        name="listNumbers",
        summary="List the numbers that mean something",
        view=list_numbers,
        answers={200: Answer("The table", "NumberList")},
    ),
)

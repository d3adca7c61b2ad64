"""Virtual numbers, +990 and 4 to 12 digits: their end decides the verdict, their digits the code.

No country has the calling code 990, so these numbers never reach a real phone (RULES 42).
"""

from __future__ import annotations

import re
from enum import Enum

CALLING_CODE = "990"
_VIRTUAL = re.compile(r"\+990[0-9]{4,12}")


class Verdict(Enum):
    """What the verification of a virtual number comes to."""

    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"
    ERROR = "error"


def is_virtual(e164: str) -> bool:
    """Whether `e164` is +990 followed by 4 to 12 ASCII digits."""
    return _VIRTUAL.fullmatch(e164) is not None


def verdict(e164: str) -> Verdict:
    """The verdict of a virtual number: 99 at the end errs, else even is verified, odd is not."""
    if e164.endswith("99"):
        return Verdict.ERROR
    return Verdict.VERIFIED if e164[-1] in "02468" else Verdict.NOT_VERIFIED


def fixed_code(e164: str, length: int) -> str:
    """The last `length` of all its digits, 990 included, left-padded with 0."""
    return e164.removeprefix("+")[-length:].rjust(length, "0")

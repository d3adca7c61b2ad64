"""The virtual numbers: ``+990`` and 4 to 12 digits, which no network has.

The last digits of such a number say how its verification ends, wherever a vendor verifies it: a
number that ends in 99 errs; otherwise an even one is verified and an odd one is not.
"""

import re
from typing import Literal

from sms_sandbox.numbers.address import comparison_key

Verdict = Literal["verified", "refused", "error"]

_VIRTUAL = re.compile(r"990[0-9]{4,12}")
_SIM_AGE = 500 * 3600.0


def verdict(number: str) -> Verdict | None:
    """How the verification of a virtual number ends; ``None`` for every other number."""
    digits = comparison_key(number)
    if not _VIRTUAL.fullmatch(digits):
        return None
    if digits.endswith("99"):
        return "error"
    return "verified" if int(digits[-1]) % 2 == 0 else "refused"


def sim_swapped_at(now: float) -> float:
    """When a handset of which nothing else is known got its SIM: 500 hours before ``now``."""
    return now - _SIM_AGE

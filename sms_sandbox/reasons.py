"""Why a message is refused or not delivered, in words that belong to no vendor.

A façade translates each to its vendor's own code; the sandbox's native provider shows the word.
"""

from typing import Literal, get_args

Refusal = Literal[
    "invalid_number",
    "landline",
    "no_route",
    "opted_out",
    "queue_full",
    "throttled",
    "unavailable",
]
"""Said in the answer to the request: nothing is accepted."""

Failing = Literal[
    "unreachable",
    "unknown_handset",
    "landline",
    "filtered",
    "blocked",
    "handset_full",
    "no_route",
    "expired",
    "unknown",
]
"""Said later, with the status ``undelivered`` or ``failed``."""

REFUSALS: tuple[Refusal, ...] = get_args(Refusal)
FAILINGS: tuple[Failing, ...] = get_args(Failing)

"""The phone that the sandbox plays: whether it is on, and what it has told senders."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

from sms_sandbox.message import rfc3339

HandsetState = Literal["on", "off", "full", "blocked"]

HANDSET_STATES: tuple[HandsetState, ...] = get_args(HandsetState)
EVERY_SENDER = "*"
"""Among the senders that a handset has opted out of: all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handset:
    """One number's phone within an account. ``opted_out`` are the senders (in the form in which
    two spellings are equal) whose messages it has declined; ``sim_swapped_at`` is seconds since
    1970."""

    state: HandsetState = "on"
    opted_out: frozenset[str] = frozenset()
    sim_swapped_at: float
    nickname: str | None = None

    def as_json(self, account: str, number: str) -> dict[str, Any]:
        """The object that the control API shows."""
        return {
            "account": account,
            "number": number,
            "state": self.state,
            "opted_out": sorted(self.opted_out),
            "sim_swapped_at": rfc3339(self.sim_swapped_at),
            "nickname": self.nickname,
        }

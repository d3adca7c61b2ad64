"""What an app's risk hook is asked, what it may answer, and what a puzzle's vendor does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

ALLOW, CHALLENGE, REFUSE = "allow", "challenge", "refuse"
VERDICTS = (ALLOW, CHALLENGE, REFUSE)


@dataclass(frozen=True, slots=True)
class RiskRequest:
    """An ask for a code, before anything is spent; the number itself is not in it.

    `phone_tag` is the same for the same number; `line_type` as `NumberFacts` has it; `device_known`
    tells that this browser has proven the number, `proven` that somebody has; `sends` and `wrong`
    are strangers' messages and wrong codes of the last hour; `spray_percent` is how far
    `SPRAY_BUDGET` is spent; `token` is the `risk_token` that came along.
    """

    purpose: str
    phone_tag: str
    region: str
    line_type: str
    address: str
    user_agent: str
    place: str
    device_known: bool
    proven: bool
    sends: int
    wrong: int
    spray_percent: int
    token: str = field(default="", repr=False)


RiskHook = Callable[[RiskRequest], str]
"""An app's own word on an ask: `allow`, `challenge` or `refuse`."""


class Puzzle(Protocol):
    """A vendor's puzzle: shown on the page, its answer judged by the vendor."""

    name: str
    site_key: str
    script_url: str
    """What the page loads."""
    css_class: str
    """By which the script finds its place on the page."""
    field: str
    """The form field in which its script leaves the answer."""

    def solved(self, token: str, address: str) -> bool:
        """Whether the vendor calls that answer right; in bounded time."""

    def close(self) -> None:
        """Let connections go."""

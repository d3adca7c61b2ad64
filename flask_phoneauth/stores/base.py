"""What a store must do, as small Protocols; each verb is atomic and raises `StoreUnavailable`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flask_phoneauth.budgets import AskPrice, Charge, Cooldown
from flask_phoneauth.otp.challenge import Draft, Entry
from flask_phoneauth.records import Challenge, Job, SessionRecord


@dataclass(frozen=True, slots=True)
class Issued:
    """A challenge stands; `job` is None where it was cooling down and nothing is sent."""

    challenge: Challenge
    resend_in: int
    job: Job | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A budget said no: its problem code and the whole seconds until a retry passes."""

    code: str
    retry_after: int


@dataclass(frozen=True, slots=True)
class Missing:
    """No such challenge, or not this browser's (`foreign`)."""

    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """The challenge is over: `used`, `too_many_tries` or `expired`."""

    how: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """The try was counted and did not fit; with none left the challenge has just died."""

    tries_left: int


@dataclass(frozen=True, slots=True)
class Right:
    """The one winner: the challenge is consumed by this very try."""

    challenge: Challenge


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a message: `accepted` (with the code's digest), `failed`, `withheld`."""

    outcome: str
    digest: bytes = b""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Replacement:
    """How a lost message may be sent anew: for `price`, not first through `lost_by` again."""

    lost_by: str
    price: AskPrice


@dataclass(frozen=True, slots=True)
class Advanced:
    """A receipt moved the delivery; `job` sends the lost message anew, None where none is due."""

    job: Job | None = None


@dataclass(frozen=True, slots=True)
class Peek:
    """A challenge to look at, without its seed, and the seconds until a resend may pass."""

    challenge: Challenge
    resend_in: int


@dataclass(frozen=True, slots=True)
class Look:
    """What a price meets now, for an operator: nothing was spent.

    `spent` and `waits` (whole seconds, 0 where it fits) are of the price's charges, in their
    order; `cooling` is the longest wait of its cooldowns; `alive` counts the open challenges.
    """

    spent: tuple[int, ...]
    waits: tuple[int, ...]
    cooling: int
    alive: int


class ChallengeStore(Protocol):
    """Challenges and the budgets that guard them."""

    def issue(
        self, draft: Draft, price: AskPrice, *, live_limit: int, now: float
    ) -> Issued | Refusal:
        """Make the challenge, or continue or repeat this binding's own (RULES 4)."""

    def resend(
        self, challenge_id: str, binding: bytes, price: AskPrice, *, now: float
    ) -> Issued | Refusal | Missing | Ended:
        """Ask for the message once more."""

    def load(self, job: Job, *, now: float) -> Challenge | None:
        """The challenge with its seed, for the job that sends it; None where it is over."""

    def settle(
        self,
        job: Job,
        settlement: Settlement,
        *,
        failures: Sequence[Charge],
        cooldowns: Sequence[Cooldown],
        now: float,
    ) -> None:
        """Write down what became of the message; a known failure gives back what it cost."""

    def advance(
        self,
        challenge_id: str,
        asked_at: float,
        delivery: str,
        reason: str,
        *,
        replacement: Replacement | None = None,
        now: float,
    ) -> Advanced | None:
        """Move the newest message's delivery forward by a vendor's receipt (RULES 29).

        None for an older message, a finished challenge, a step back. A lost message is asked for
        anew in the same step: once a challenge, with the same code, within its budgets.
        """

    def spend_try(
        self,
        challenge_id: str,
        entry: Entry,
        charge: Charge,
        *,
        cooldowns: Sequence[Cooldown],
        now: float,
    ) -> Missing | Ended | Refusal | Wrong | Right:
        """Count, compare, consume: one winner, never more than the limits (RULES 5)."""

    def reopen(self, challenge_id: str, *, now: float) -> None:
        """Give a right code back whose user could not be made."""

    def peek(
        self,
        challenge_id: str,
        binding: bytes,
        price: AskPrice,
        *,
        now: float,
    ) -> Peek | Missing:
        """Look without touching; `price` is what a resend would cost now."""

    def look(self, phone_tag: str, price: AskPrice, *, now: float) -> Look:
        """How a number stands, without touching; `price` holds keys of this number only."""

    def ping(self) -> None:
        """Ask whether the store answers."""

    def close(self) -> None:
        """Let connections go."""


SEEN_SECONDS = 60
"""How seldom a session's `last_seen` is written."""


def is_living(record: SessionRecord, now: float) -> bool:
    """Whether a session has neither reached its end nor been idle for too long."""
    return now < record.expires_at and now < record.last_seen_at + record.idle_seconds


class SessionStore(Protocol):
    """The registry's rows: one a signed-in device, found by the SHA-256 of its token."""

    def add(self, record: SessionRecord, token_hash: bytes) -> None:
        """Write a new session under the user's current epoch."""

    def find(self, token_hash: bytes, *, now: float) -> SessionRecord | None:
        """The living session of that token; `last_seen` moves at most once a minute."""

    def find_with_user(
        self, token_hash: bytes, *, now: float
    ) -> tuple[SessionRecord, Any | None] | None:
        """As `find`, with the user where both are kept together and one look gives both."""

    def of_user(self, user_id: str, *, now: float) -> list[SessionRecord]:
        """A user's living sessions, newest first."""

    def remove(self, user_id: str, session_id: str) -> bool:
        """End one session of this user; False where there is none."""

    def remove_others(self, user_id: str, keep: str) -> int:
        """End all of a user's sessions but one; how many ended."""

    def remove_all(self, user_id: str) -> None:
        """End everything: the rows, and by the epoch whatever is being written."""

    def close(self) -> None:
        """Let connections go."""

"""What a store must do, as small Protocols; each verb is atomic and raises `StoreUnavailable`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from flask_phoneauth.budgets import STRANGER, AskPrice, Charge, Cooldown, TryPrice
from flask_phoneauth.health import (
    NO_ROUTES,
    PATIENT,
    WELL,
    Health,
    News,
    Patience,
    Routes,
    Tally,
)
from flask_phoneauth.otp.challenge import Draft, Entry
from flask_phoneauth.records import Challenge, Job, SessionRecord

WARNINGS = (100, 80, 50)
"""Percent of a shared budget at which somebody is warned, the highest first (RULES 23)."""


@dataclass(frozen=True, slots=True)
class Level:
    """How far a budget that many numbers share is spent, after this very spend of `cost`."""

    rule: str
    key: str
    spent: int
    limit: int
    cost: int = 1

    @property
    def percent(self) -> int:
        """Of what known numbers may spend; more than 100 where a rule only records."""
        return self.spent * 100 // max(1, self.limit)

    @property
    def crossed(self) -> int:
        """The highest of `WARNINGS` that this spend has reached; 0 where none."""
        before = replace(self, spent=self.spent - self.cost)
        reached = (mark for mark in WARNINGS if before.percent < mark <= self.percent)
        return next(reached, 0)


@dataclass(frozen=True, slots=True)
class Issued:
    """A challenge stands; `job` is None where it was cooling down and nothing is sent.

    `lane` is who asked; `totals` are the levels of the watched budgets that the message cost.
    """

    challenge: Challenge
    resend_in: int
    job: Job | None
    lane: str = STRANGER
    totals: tuple[Level, ...] = ()


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
    totals: tuple[Level, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Held:
    """The try was counted and not judged: whoever made the code is to be asked first."""

    tries_left: int
    challenge: Challenge


@dataclass(frozen=True, slots=True)
class Right:
    """The one winner: the challenge is consumed by this very try, made in `lane`.

    `enrolled` tells that the new device is remembered; one that was trusted before stays so.
    """

    challenge: Challenge
    lane: str = STRANGER
    enrolled: bool = False


@dataclass(frozen=True, slots=True)
class Loaded:
    """A challenge with its seed, and how the providers of its region's route stand."""

    challenge: Challenge
    health: Health = WELL


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a message: `accepted` (with the code's digest), `failed`, `withheld`.

    `extra` is what it cost beside its price and `unpaid` names the charges of its price that it
    did not cost, where other providers than the first took it. `news` are of the providers that
    were tried, judged by `patience`. `vendor_id` is of a verification whose code a vendor made.
    """

    outcome: str
    digest: bytes = b""
    reason: str = ""
    vendor_id: str = ""
    extra: tuple[Charge, ...] = ()
    unpaid: tuple[str, ...] = ()
    news: tuple[News, ...] = ()
    patience: Patience = PATIENT


@dataclass(frozen=True, slots=True)
class Replacement:
    """How a lost message may be sent anew: for `price`, not first through `lost_by` again."""

    lost_by: str
    price: AskPrice


@dataclass(frozen=True, slots=True)
class Advanced:
    """A receipt moved the delivery; `job` sends the lost message anew, None where none is due.

    `totals` are the levels of the watched budgets that it cost.
    """

    job: Job | None = None
    totals: tuple[Level, ...] = ()


@dataclass(frozen=True, slots=True)
class Surveyed:
    """How a budget that many numbers share stands; `wait` is whole seconds, 0 where it has room."""

    level: Level
    wait: int


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
    `known` tells of an earlier success, `devices` counts those that are trusted, `locked` is
    whole seconds for which wrong codes in a row close code entry to strangers, `trusted` that the
    device that was asked about is one of them.
    """

    spent: tuple[int, ...]
    waits: tuple[int, ...]
    cooling: int
    alive: int
    known: bool = False
    devices: int = 0
    locked: int = 0
    trusted: bool = False


class ChallengeStore(Protocol):
    """Challenges and the budgets that guard them."""

    def issue(
        self, draft: Draft, price: AskPrice, *, live_limit: int, device: bytes, now: float
    ) -> Issued | Refusal:
        """Make the challenge, or continue or repeat this binding's own (RULES 4).

        `device` is the SHA-256 of the device token that came along, b"" where none did; it tells
        the lane, here and in the other verbs. The price is built with the same hash.
        """

    def resend(
        self,
        challenge_id: str,
        binding: bytes,
        price: AskPrice,
        *,
        device: bytes,
        channel: str = "",
        now: float,
    ) -> Issued | Refusal | Missing | Ended:
        """Ask for the message once more; by another channel where one is named."""

    def load(self, job: Job, *, routes: Routes = NO_ROUTES, now: float) -> Loaded | None:
        """The challenge with its seed, for the job that sends it; None where it is over.

        Of a job that a broker has brought (`delivered`) one run gets it, and a second one only
        where the first has written nothing down and the broker calls its worker lost. Of a
        provider on the route whose breaker is half-open one job gets the probe.
        """

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
        tally: Tally | None = None,
        now: float,
    ) -> Advanced | None:
        """Move the newest message's delivery forward by a vendor's receipt (RULES 29).

        None for an older message, a finished challenge, a step back. A lost message is asked for
        anew in the same step: once a challenge, with the same code, within its budgets. Where it
        moved, the receipt counts for its provider and the number's region (`tally`).
        """

    def health(self, routes: Routes, regions: Sequence[str], *, now: float) -> Mapping[str, Health]:
        """How the providers of each region's route stand, for an operator: no probe is taken."""

    def spend_try(
        self,
        challenge_id: str,
        entry: Entry,
        price: TryPrice,
        *,
        device: bytes,
        enrol: bytes,
        cooldowns: Sequence[Cooldown],
        now: float,
    ) -> Missing | Ended | Refusal | Wrong | Held | Right:
        """Count, compare, consume: one winner, never more than the limits (RULES 5).

        Where a vendor judges the code, a first call counts (`entry.stage` `HOLD`, which answers
        `Held`), and a second one compares and consumes (`JUDGE`); a success gives back what the
        held try cost. `enrol` is the SHA-256 of a new device token that a success is to remember,
        or b"".
        """

    def forget_devices(self, phone_tag: str, *, now: float) -> None:
        """Trust no device of this number any more; it stays known."""

    def unlock(self, phone_tag: str, *, now: float) -> None:
        """Open code entry that too many wrong codes in a row have closed (RULES 20)."""

    def reopen(self, challenge_id: str, *, now: float) -> None:
        """Give a right code back whose user could not be made."""

    def peek(
        self,
        challenge_id: str,
        binding: bytes,
        price: AskPrice,
        *,
        device: bytes,
        now: float,
    ) -> Peek | Missing:
        """Look without touching; `price` is what a resend would cost now."""

    def look(self, phone_tag: str, price: AskPrice, *, device: bytes = b"", now: float) -> Look:
        """How a number stands, without touching; `price` holds keys of this number only."""

    def survey(self, price: AskPrice, *, known: bool, now: float) -> tuple[Surveyed, ...]:
        """How the shared budgets of a price stand for a number, without touching.

        `known` tells of an earlier success, which leaves the whole budget to it. The price holds
        watched charges only.
        """

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

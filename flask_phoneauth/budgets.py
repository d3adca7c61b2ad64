"""What an ask or a try costs: pure figures that the stores spend in one step (RULES 19-25).

A window slides by sevenths: six full buckets and the running one, so a limit holds in *any*
stretch of its length, not only between full hours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

HOUR = 3600
DAY = 86400
BUCKETS = 6
STRANGER = "stranger"
DEVICE = "device"
"""The two lanes of a number: browsers that once proved it, and everybody else together."""
LOCKED = "locked"
"""The code of the rules that close code entry, and with it asking (RULES 19)."""
WATCHED = frozenset({"prefix", "country", "money", "spray"})
"""The rules whose level is told, so that somebody can be warned before they refuse."""


@dataclass(frozen=True, slots=True)
class Charge:
    """One spend against a budget: at most `limit` in any `window` seconds.

    A cost of 0 only looks; `record_only` counts without ever refusing; `refund_on` says which
    news gives it back: `success`, `failure` (the message was not sent), both, or nothing.
    `lane` is whose charge it is, "" for both. `known_limit` is the limit for numbers with an
    earlier success and for device lanes, 0 where it is no other. The limit grows to `share` times
    what the same window of `share_key` holds; a refund for a success moves the spend there.
    """

    key: str
    limit: int
    window: int
    cost: int = 1
    code: str = "budget_exhausted"
    record_only: bool = False
    refund_on: str = ""
    lane: str = ""
    known_limit: int = 0
    share: float = 0.0
    share_key: str = ""
    rule: str = ""

    @property
    def bucket_seconds(self) -> int:
        """The length of one bucket."""
        return self.window // BUCKETS

    @property
    def watched(self) -> bool:
        """Whether its level is told."""
        return self.rule in WATCHED

    def whole(self) -> Charge:
        """With the limit of a known number: the whole budget, no share held back."""
        return replace(self, limit=self.known_limit) if self.known_limit else self

    def held_back(self) -> Charge:
        """With the limit of an unknown number, and so much less of the share."""
        if not self.known_limit:
            return self
        return replace(self, share=self.share * self.limit / self.known_limit)


@dataclass(frozen=True, slots=True)
class Cooldown:
    """A growing wait between messages; `jitter` (0 to 0.1) is drawn once and only added."""

    key: str
    ladder: tuple[int, ...]
    idle: int
    jitter: float = 0.0
    lane: str = ""


@dataclass(frozen=True, slots=True)
class CooldownState:
    """How far up the ladder, until when it holds, and when the last message was asked for."""

    step: int = 0
    until: float = 0.0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class AskPrice:
    """What one message costs before it is sent, in both lanes: the store keeps what fits."""

    charges: tuple[Charge, ...]
    cooldowns: tuple[Cooldown, ...]

    def when_free(self) -> AskPrice:
        """The price for virtual and test numbers: the locks alone."""
        return AskPrice(tuple(c for c in self.charges if c.code == LOCKED), ())

    def fitting(self, lane: str, *, known: bool) -> AskPrice:
        """What of it one lane pays, by the limits of a known number or of any other."""
        return AskPrice(
            tuple(
                charge.whole() if known else charge.held_back()
                for charge in self.charges
                if charge.lane in ("", lane)
            ),
            tuple(cooldown for cooldown in self.cooldowns if cooldown.lane in ("", lane)),
        )


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a number's facts are bound by: devices, their life in seconds, wrong codes in a row."""

    devices: int = 10
    device_life: int = 180 * DAY
    wrong_in_row: int = 100


@dataclass(frozen=True, slots=True)
class TryPrice:
    """What a wrong code costs in each lane; `wrong` and `right` are counted over everything."""

    stranger: Charge
    device: Charge
    wrong: tuple[Charge, ...] = ()
    right: tuple[Charge, ...] = ()
    bounds: Bounds = Bounds()

    def of(self, lane: str) -> Charge:
        """The charge of that lane."""
        return self.device if lane == DEVICE else self.stranger


Counts = Mapping[int, int]
"""Spent per bucket number (`now // bucket_seconds`)."""


def spent(charge: Charge, counts: Counts, now: float) -> int:
    """How much of the budget is spent in the window that ends now."""
    if not counts:
        return 0
    newest = int(now // charge.bucket_seconds)
    return sum(counts.get(bucket, 0) for bucket in range(newest - BUCKETS, newest + 1))


def grown(charge: Charge, shares: Counts, now: float) -> Charge:
    """The charge with the limit that its share allows, as `shares` are counted now."""
    if not charge.share:
        return charge
    return replace(charge, limit=max(charge.limit, int(charge.share * spent(charge, shares, now))))


def wait(charge: Charge, counts: Counts, now: float) -> int:
    """Whole seconds until the charge fits if nobody else spends; 0 where it fits now."""
    room = charge.limit - max(1, charge.cost)
    left = spent(charge, counts, now)
    if left <= room or charge.record_only:
        return 0
    newest = int(now // charge.bucket_seconds)
    for bucket in range(newest - BUCKETS, newest + 1):
        left -= counts.get(bucket, 0)
        if left <= room:
            leaves_at = (bucket + BUCKETS + 1) * charge.bucket_seconds
            return max(1, math.ceil(leaves_at - now))
    return charge.window


def spend(charge: Charge, counts: Counts, now: float) -> dict[int, int]:
    """The counts after the charge; buckets that no window can see any more are dropped."""
    newest = int(now // charge.bucket_seconds)
    kept = {bucket: count for bucket, count in counts.items() if bucket >= newest - BUCKETS}
    kept[newest] = kept.get(newest, 0) + charge.cost
    return kept


def give_back(counts: Counts, bucket: int, cost: int) -> dict[int, int]:
    """The counts with one spend taken out of the bucket in which it was made."""
    return {key: max(0, n - cost) if key == bucket else n for key, n in counts.items()}


def cooling(state: CooldownState, now: float) -> int:
    """Whole seconds that the cooldown still holds."""
    return max(0, math.ceil(state.until - now))


def cool(cooldown: Cooldown, state: CooldownState, now: float) -> CooldownState:
    """The next rung of the ladder; an idle hour begins it anew."""
    step = 0 if now - state.at >= cooldown.idle else state.step
    rung = cooldown.ladder[min(step, len(cooldown.ladder) - 1)]
    return CooldownState(step + 1, now + rung * (1 + cooldown.jitter), now)


def uncool(state: CooldownState) -> CooldownState:
    """One rung down and no wait: the message that started it never left."""
    return CooldownState(max(0, state.step - 1), 0.0, state.at)


def of_number(key: str) -> bool:
    """Whether a budget is one number's, not one that many numbers share."""
    return key.startswith("{")


def number_key(phone_tag: str, name: str) -> str:
    """A budget of one number, under its Redis hash tag."""
    return f"{{{phone_tag}}}:{name}"

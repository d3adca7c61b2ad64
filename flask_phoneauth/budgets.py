"""What an ask or a try costs: pure figures that the stores spend in one step (RULES 19-25).

A window slides by sevenths: six full buckets and the running one, so a limit holds in *any*
stretch of its length, not only between full hours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask_phoneauth.settings import Settings

HOUR = 3600
DAY = 86400
BUCKETS = 6


@dataclass(frozen=True, slots=True)
class Charge:
    """One spend against a budget: at most `limit` in any `window` seconds.

    A cost of 0 only looks; `record_only` counts without ever refusing; `refund_on` says which
    news gives it back: `success`, `failure` (the message was not sent), both, or nothing.
    """

    key: str
    limit: int
    window: int
    cost: int = 1
    code: str = "budget_exhausted"
    record_only: bool = False
    refund_on: str = ""

    @property
    def bucket_seconds(self) -> int:
        """The length of one bucket."""
        return self.window // BUCKETS


@dataclass(frozen=True, slots=True)
class Cooldown:
    """A growing wait between messages; `jitter` (0 to 0.1) is drawn once and only added."""

    key: str
    ladder: tuple[int, ...]
    idle: int
    jitter: float = 0.0


@dataclass(frozen=True, slots=True)
class CooldownState:
    """How far up the ladder, until when it holds, and when the last message was asked for."""

    step: int = 0
    until: float = 0.0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class AskPrice:
    """What one message costs before it is sent; the first charge looks at the lock."""

    charges: tuple[Charge, ...]
    cooldowns: tuple[Cooldown, ...]

    def when_free(self) -> AskPrice:
        """The price for virtual and test numbers: the lock alone."""
        return AskPrice(self.charges[:1], ())


Counts = Mapping[int, int]
"""Spent per bucket number (`now // bucket_seconds`)."""


def spent(charge: Charge, counts: Counts, now: float) -> int:
    """How much of the budget is spent in the window that ends now."""
    if not counts:
        return 0
    newest = int(now // charge.bucket_seconds)
    return sum(counts.get(bucket, 0) for bucket in range(newest - BUCKETS, newest + 1))


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


def number_key(phone_tag: str, name: str) -> str:
    """A budget of one number, under its Redis hash tag."""
    return f"{{{phone_tag}}}:{name}"


def tries_charge(settings: Settings, phone_tag: str, *, cost: int = 1) -> Charge:
    """Wrong codes of a number in any hour, over all its challenges."""
    key = number_key(phone_tag, "tries")
    return Charge(key, settings.tries_per_hour, HOUR, cost=cost, code="locked")


def ask_price(
    settings: Settings, *, phone_tag: str, binding: str, address: str, jitter: float
) -> AskPrice:
    """What asking for a message costs; `binding` and `address` are keyed hashes."""
    failures = failure_charges(settings, phone_tag=phone_tag, binding=binding)
    charges = (
        tries_charge(settings, phone_tag, cost=0),
        *(replace(charge, cost=0) for charge in failures),
        *_send_charges(settings, phone_tag),
        *_address_charges(settings, address),
    )
    return AskPrice(
        charges, cooldowns(settings, phone_tag=phone_tag, binding=binding, jitter=jitter)
    )


def number_price(settings: Settings, phone_tag: str) -> AskPrice:
    """The part of an ask's price that the number itself pays, whoever asks."""
    whole = ask_price(settings, phone_tag=phone_tag, binding="", address="", jitter=0.0)
    own = number_key(phone_tag, "")
    return AskPrice(
        tuple(charge for charge in whole.charges if charge.key.startswith(own)),
        tuple(cooldown for cooldown in whole.cooldowns if cooldown.key.startswith(own)),
    )


def replacement_price(settings: Settings, phone_tag: str) -> AskPrice:
    """What it costs to send a lost message anew: the number's budgets, and no wait for anybody."""
    return AskPrice(number_price(settings, phone_tag).charges, ())


def notice_price(settings: Settings, phone_tag: str) -> AskPrice:
    """A notice counts among the number's messages of a day, yet no budget holds it back."""
    key = number_key(phone_tag, "total")
    return AskPrice((Charge(key, settings.total_sends_per_day, DAY, record_only=True),), ())


def cooldowns(
    settings: Settings, *, phone_tag: str, binding: str, jitter: float = 0.0
) -> tuple[Cooldown, ...]:
    """The waits between messages: the number's and the browser's (RULES 21)."""
    keys = (number_key(phone_tag, "cooldown"), f"binding:{binding}:cooldown")
    return tuple(Cooldown(key, settings.cooldown, settings.cooldown_idle, jitter) for key in keys)


def failure_charges(settings: Settings, *, phone_tag: str, binding: str) -> tuple[Charge, ...]:
    """Where a known failure is written down, never given back (RULES 24)."""
    return (
        Charge(number_key(phone_tag, "failures"), settings.failed_sends_per_hour, HOUR),
        Charge(f"binding:{binding}:failures", settings.binding_failed_sends_per_hour, HOUR),
    )


def _send_charges(settings: Settings, phone_tag: str) -> tuple[Charge, ...]:
    unproven, paid = "success failure", "failure"
    return (
        Charge(number_key(phone_tag, "sends"), settings.sends_per_hour, HOUR, refund_on=unproven),
        Charge(number_key(phone_tag, "day"), settings.sends_per_day, DAY, refund_on=unproven),
        Charge(number_key(phone_tag, "total"), settings.total_sends_per_day, DAY, refund_on=paid),
    )


def _address_charges(settings: Settings, address: str) -> tuple[Charge, ...]:
    unproven = f"address:{address}:unproven"
    asks = f"address:{address}:asks"
    limit, total = settings.address_asks_per_hour, settings.address_total_asks_per_hour
    return (
        Charge(unproven, limit, HOUR, code="rate_limited", refund_on="success"),
        Charge(asks, total, HOUR, code="rate_limited"),
    )

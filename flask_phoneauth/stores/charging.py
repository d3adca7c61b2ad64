"""What a price does to the budget rows that it is charged to: pure, the verbs call it locked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from flask_phoneauth import budgets
from flask_phoneauth.budgets import AskPrice, Charge, Cooldown, CooldownState
from flask_phoneauth.health import Breaker
from flask_phoneauth.records import Challenge, Job, Spend
from flask_phoneauth.stores.base import Level, Settlement, Surveyed
from flask_phoneauth.stores.facts import Facts, is_known, kept_until, lane_of, locked

RESERVED = 60
"""Seconds for which a message's price is reserved while nobody knows what became of it."""
NOT_SENT = "failure"


@dataclass(frozen=True, slots=True)
class State:
    """One row: counts per bucket, a cooldown, the facts of a number, or a provider's breaker."""

    counts: Mapping[int, int] | None = None
    cooldown: CooldownState | None = None
    facts: Facts | None = None
    breaker: Breaker | None = None
    expires_at: float = 0.0


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


def keys_of(*groups: Iterable[_Keyed]) -> set[str]:
    """The rows that these charges, cooldowns and spends are about, and those they refer to."""
    keys: set[str] = set()
    for item in (item for group in groups for item in group):
        keys.add(item.key)
        if isinstance(item, Charge | Spend) and item.share_key:
            keys.add(item.share_key)
    return keys


def facts_key(phone_tag: str) -> str:
    """The row of a number's facts."""
    return budgets.number_key(phone_tag, "facts")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a number stands towards who asks or tries; `locked` in whole seconds."""

    facts: Facts
    lane: str
    known: bool
    locked: int


def standing(states: Mapping[str, State], phone_tag: str, device: bytes, now: float) -> Standing:
    """By the row of the number's facts, and the hash of the token that came along."""
    facts = states[facts_key(phone_tag)].facts or Facts()
    return standing_in(facts, lane_of(facts, device, now), now)


def standing_in(facts: Facts, lane: str, now: float) -> Standing:
    """The same for a lane that is decided already."""
    return Standing(facts, lane, is_known(facts, lane, now), locked(facts, lane, now))


def kept(facts: Facts, now: float) -> State:
    """The row of these facts."""
    return State(facts=facts, expires_at=kept_until(facts, now))


def fitting(price: AskPrice, stand: Standing, states: Mapping[str, State], now: float) -> AskPrice:
    """What of the price is paid where the number stands so, by the limits that hold now."""
    price = price.fitting(stand.lane, known=stand.known)
    charges = tuple(
        budgets.grown(c, states[c.share_key].counts or {}, now) if c.share else c
        for c in price.charges
    )
    return AskPrice(charges, price.cooldowns)


def levels(price: AskPrice, states: Mapping[str, State], now: float) -> tuple[Level, ...]:
    """How far the watched budgets of a price are spent; the price is that of a known number."""
    return tuple(
        level(charge, states, now) for charge in price.charges if charge.watched and charge.cost
    )


def level(charge: Charge, states: Mapping[str, State], now: float) -> Level:
    """How far one budget is spent."""
    shares = states[charge.share_key].counts or {} if charge.share else {}
    whole = budgets.grown(charge, shares, now)
    spent = budgets.spent(charge, states[charge.key].counts or {}, now)
    return Level(charge.rule, charge.key, spent, whole.limit, charge.cost)


def surveyed(
    price: AskPrice, states: Mapping[str, State], *, known: bool, now: float
) -> tuple[Surveyed, ...]:
    """How these budgets stand, and how long they hold up a known number or any other."""
    found = []
    fitting = price.fitting(budgets.STRANGER, known=known).charges
    whole = price.fitting(budgets.STRANGER, known=True).charges
    for charge, all_of_it in zip(fitting, whole, strict=True):
        shares = states[charge.share_key].counts or {} if charge.share else {}
        counts = states[charge.key].counts or {}
        wait = budgets.wait(budgets.grown(charge, shares, now), counts, now)
        found.append(Surveyed(level(all_of_it, states, now), wait))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Wait:
    """One rule that holds an ask up: its problem code and whole seconds."""

    code: str
    seconds: int


def waits(
    price: AskPrice,
    states: Mapping[str, State],
    now: float,
    *,
    full: int = 0,
    locked: int = 0,
) -> list[Wait]:
    """All rules that hold an ask up: locks, `full` (of open challenges), budgets, cooldown.

    `locked` is the wait after wrong codes in a row; it counts where the price looks at locks.
    """
    found = [Wait(c.code, budgets.wait(c, states[c.key].counts or {}, now)) for c in price.charges]
    locks = [rule for rule in found if rule.code == budgets.LOCKED]
    others = [rule for rule in found if rule.code != budgets.LOCKED]
    in_row = [Wait(budgets.LOCKED, locked)] if locks else []
    last = Wait("cooldown", cooling(price.cooldowns, states, now))
    rules = (*in_row, *locks, Wait("budget_exhausted", full), *others, last)
    return [rule for rule in rules if rule.seconds]


def longest(rules: Iterable[Wait]) -> int:
    """Whole seconds until all rules let it pass (RULES 21, 25)."""
    return max((rule.seconds for rule in rules), default=0)


def cooling(cooldowns: Sequence[Cooldown], states: Mapping[str, State], now: float) -> int:
    """Whole seconds that the longest of these cooldowns still holds."""
    held = (states[c.key].cooldown or CooldownState() for c in cooldowns if c.key in states)
    return max((budgets.cooling(state, now) for state in held), default=0)


def spends_of(price: AskPrice, now: float) -> tuple[Spend, ...]:
    """What the challenge remembers of its price, to have it given back."""
    return tuple(
        Spend(
            c.key,
            int(now // c.bucket_seconds),
            c.cost,
            c.refund_on,
            now,
            c.share_key,
            c.window if c.share_key else 0,
        )
        for c in price.charges
        if c.cost and c.refund_on
    )


def refunds_of(
    challenge: Challenge, news: str, states: Mapping[str, State], *, at: float | None = None
) -> tuple[Spend, ...]:
    """What that news gives back, as far as its rows are locked."""
    return tuple(
        spend
        for spend in challenge.spends
        if news in spend.refund_on.split() and at in (None, spend.at) and spend.key in states
    )


def lapsed(challenge: Challenge, states: Mapping[str, State], now: float) -> tuple[Spend, ...]:
    """What of the number's budgets is reserved for messages of which nobody has told in time.

    What many numbers share keeps such a message: it may have left, and money is not given back
    on a guess.
    """
    return tuple(
        spend
        for spend in challenge.spends
        if NOT_SENT in spend.refund_on.split()
        and budgets.of_number(spend.key)
        and now >= spend.at + RESERVED
        and spend.key in states
    )


def kept_for_good(challenge: Challenge, at: float | None = None) -> Challenge:
    """The challenge whose message of that moment, or every one, is no reservation any more."""
    spends = (
        _without_word(spend) if at in (None, spend.at) else spend for spend in challenge.spends
    )
    return replace(challenge, spends=tuple(spend for spend in spends if spend.refund_on))


def _without_word(spend: Spend) -> Spend:
    words = (word for word in spend.refund_on.split() if word != NOT_SENT)
    return replace(spend, refund_on=" ".join(words))


def unpaid(challenge: Challenge, settlement: Settlement, *, at: float) -> tuple[Spend, ...]:
    """What of its price a message did not cost: it was another provider's to take."""
    return tuple(
        spend for spend in challenge.spends if spend.key in settlement.unpaid and spend.at == at
    )


def paid_beside(
    challenge: Challenge, settlement: Settlement, states: Mapping[str, State], now: float
) -> dict[str, State]:
    """The rows after what a message cost beside its price."""
    if challenge.free:
        return {}
    return {charge.key: spent(charge, states, now) for charge in settlement.extra}


def without(challenge: Challenge, refunds: Sequence[Spend]) -> Challenge:
    """The challenge with these refunds forgotten: given back once, never twice."""
    kept = tuple(spend for spend in challenge.spends if spend not in refunds)
    return replace(challenge, spends=kept)


def spent(charge: Charge, states: Mapping[str, State], now: float) -> State:
    """The row after the charge."""
    counts = budgets.spend(charge, states[charge.key].counts or {}, now)
    return State(counts=counts, expires_at=now + charge.window + charge.bucket_seconds)


def given_back(refunds: Iterable[Spend], states: Mapping[str, State]) -> dict[str, State]:
    """The rows after the refunds."""
    changed: dict[str, State] = {}
    for spend in refunds:
        state = changed.get(spend.key, states[spend.key])
        counts = budgets.give_back(state.counts or {}, spend.bucket, spend.cost)
        changed[spend.key] = replace(state, counts=counts)
    return changed


def shares_of(refunds: Iterable[Spend], states: Mapping[str, State]) -> dict[str, State]:
    """The rows by which limits grow, after these spends were proven."""
    changed: dict[str, State] = {}
    for spend in refunds:
        if not spend.share_key:
            continue
        state = changed.get(spend.share_key, states[spend.share_key])
        counts = dict(state.counts or {})
        counts[spend.bucket] = counts.get(spend.bucket, 0) + spend.cost
        seconds = spend.window // budgets.BUCKETS
        oldest = max(counts) - budgets.BUCKETS
        over = float((max(counts) + 1) * seconds + spend.window)  # columns are no mixture
        changed[spend.share_key] = State(
            counts={bucket: count for bucket, count in counts.items() if bucket >= oldest},
            expires_at=over,
        )
    return changed


def cooled(cooldown: Cooldown, state: State, now: float) -> State:
    """The row after a message was asked for."""
    held = budgets.cool(cooldown, state.cooldown or CooldownState(), now)
    return State(cooldown=held, expires_at=max(held.until, now + cooldown.idle))


def uncooled(state: State, job: Job) -> State:
    """The row after the job's message is known not to have left."""
    held = state.cooldown or CooldownState()
    if held.at != job.asked_at:
        return state  # a later message started this wait
    return replace(state, cooldown=budgets.uncool(held))

"""What a price does to the budget rows that it is charged to: pure, the verbs call it locked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from flask_phoneauth import budgets
from flask_phoneauth.budgets import AskPrice, Charge, Cooldown, CooldownState
from flask_phoneauth.records import Challenge, Job, Spend


@dataclass(frozen=True, slots=True)
class State:
    """One budget row: counts per bucket, or a cooldown."""

    counts: Mapping[int, int] | None = None
    cooldown: CooldownState | None = None
    expires_at: float = 0.0


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


def keys_of(*groups: Iterable[_Keyed]) -> set[str]:
    """The rows that these charges, cooldowns and spends are about."""
    return {item.key for group in groups for item in group}


@dataclass(frozen=True, slots=True)
class Wait:
    """One rule that holds an ask up: its problem code, whole seconds, whether it is the lock."""

    code: str
    seconds: int
    locks: bool = False


def waits(price: AskPrice, states: Mapping[str, State], now: float, *, full: int = 0) -> list[Wait]:
    """All rules that hold an ask up: the lock, `full` (of open challenges), budgets, cooldown."""
    first, *rest = (
        Wait(c.code, budgets.wait(c, states[c.key].counts or {}, now)) for c in price.charges
    )
    last = Wait("cooldown", cooling(price.cooldowns, states, now))
    rules = (replace(first, locks=True), Wait("budget_exhausted", full), *rest, last)
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
        Spend(c.key, int(now // c.bucket_seconds), c.cost, c.refund_on, now)
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

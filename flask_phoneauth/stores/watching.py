"""How providers stand, as rows: pure, the verbs of transactional stores read and write them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from flask_phoneauth import budgets, health
from flask_phoneauth.budgets import Charge
from flask_phoneauth.health import NEW, Health, News, Patience, Rate, Routes, Tally, region_of
from flask_phoneauth.records import Challenge
from flask_phoneauth.stores.charging import State

KEPT_FOR = budgets.DAY
"""Seconds for which an operator is told of a provider's last error."""


def breaker_rows(names: Iterable[str]) -> set[str]:
    """Where these providers' breakers are."""
    return {health.breaker_key(name) for name in names}


def rate_rows(routes: Routes, region: str, *, always: bool = False) -> set[str]:
    """Where receipts from that region are counted; none where its route leaves no choice."""
    route = routes.of(region)
    if not region or (len(route) < 2 and not always):
        return set()
    return {
        health.count_key(name, region, what)
        for name in route
        for what in (health.DELIVERED, health.LOST)
    }


def health_of(routes: Routes, region: str, states: Mapping[str, State], now: float) -> Health:
    """How the providers of the region's route stand by these rows, without any probe."""

    def counted(name: str, delivery: str) -> int:
        charge = health.receipt_charge(Tally(name, routes.window), region, delivery)
        return budgets.spent(charge, states.get(charge.key, State()).counts or {}, now)

    route = routes.of(region)
    breakers = {
        name: states.get(health.breaker_key(name), State()).breaker or NEW for name in route
    }
    rates = {name: Rate(counted(name, "delivered"), counted(name, "failed")) for name in route}
    return Health(breakers, {name: rate for name, rate in rates.items() if rate.samples})


def due(found: Health, now: float) -> list[str]:
    """The providers that wait for somebody to probe them."""
    return [name for name, breaker in found.breakers.items() if health.probed(breaker, now)]


def probing(names: Iterable[str], states: Mapping[str, State], now: float) -> dict[str, State]:
    """The rows with the probes given out that are still due."""
    changed = {}
    for key in breaker_rows(names):
        probed = health.probed(states[key].breaker or NEW, now)
        if probed is not None:
            changed[key] = State(breaker=probed, expires_at=now + KEPT_FOR)
    return changed


def noted(
    news: Sequence[News], patience: Patience, states: Mapping[str, State], now: float
) -> dict[str, State]:
    """The rows after a job's news."""
    changed: dict[str, State] = {}
    for one in news:
        key = health.breaker_key(one.provider)
        former = changed.get(key, states[key]).breaker or NEW
        breaker = health.after(former, one, patience, now)
        changed[key] = State(breaker=breaker, expires_at=now + KEPT_FOR)
    return changed


def tallied(tally: Tally | None, challenge: Challenge | None, delivery: str) -> tuple[Charge, ...]:
    """What a receipt counts as, where it moves that challenge's message."""
    if tally is None or challenge is None or delivery not in health.ENDS:
        return ()
    region = region_of(challenge)
    if not region:
        return ()
    return (health.receipt_charge(tally, region, delivery),)

"""An operator asks how the providers stand: nothing is sent, and no probe is taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import phonenumbers

from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.health import Breaker, Rate, floor_of
from flask_phoneauth.settings.routing import ANYWHERE


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a provider's receipts from one region have said; `poor` ones let the others go first."""

    region: str
    delivered: int
    lost: int
    percent: int
    poor: bool


@dataclass(frozen=True, slots=True)
class Watched:
    """One provider: its breaker's `state`, the last error, receipts by region, the routes it is in.

    `wait` is whole seconds until a message may probe it, 0 where none has to wait. `answer` is what
    the vendor called the error: its status and its code, nothing where it did not answer.
    `error_at` is seconds since the epoch, 0 where there was no error for a day.
    """

    provider: str
    state: str
    failures: int
    wait: int
    error: str
    answer: str
    error_at: float
    arrivals: tuple[Arrival, ...]
    routes: tuple[str, ...]
    receipts: bool


def watch_providers(parts: Parts) -> tuple[Watched, ...]:
    """All providers, in their order."""
    now, routes = parts.clock.now(), parts.routes
    found = parts.challenges.health(parts.all_routes, _regions(parts), now=now)
    breakers = {name: one for health in found.values() for name, one in health.breakers.items()}
    told = []
    for name in parts.delivery.names:
        breaker = breakers.get(name, Breaker())
        error, _, answer = breaker.error.partition(", ")
        rates = {region: health.rates.get(name) for region, health in found.items()}
        told.append(
            Watched(
                provider=name,
                state=breaker.state(now),
                failures=breaker.failures,
                wait=max(0, round(breaker.open_until - now)),
                error=error,
                answer=answer,
                error_at=breaker.error_at,
                arrivals=tuple(
                    _arrival(parts, region, rate) for region, rate in rates.items() if rate
                ),
                routes=tuple(key for key, names in routes.by_region.items() if name in names),
                receipts=parts.delivery.receipts(name) is not None,
            )
        )
    return tuple(told)


def _arrival(parts: Parts, region: str, rate: Rate) -> Arrival:
    poor = floor_of(parts.settings).misses(rate)
    return Arrival(region, rate.delivered, rate.lost, rate.percent, poor)


def _regions(parts: Parts) -> Sequence[str]:
    """Those that are served; every other one's messages are refused before they cost anything."""
    served = parts.settings.allowed_regions or sorted(phonenumbers.SUPPORTED_REGIONS)
    routed = [region for region in parts.routes.by_region if region != ANYWHERE]
    return tuple(dict.fromkeys((*served, *routed, ANYWHERE)))

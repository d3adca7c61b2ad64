"""How providers stand: circuit breakers and what receipts say, as pure figures (RULES 27, 34).

The stores keep them, so that all workers know what one of them has met; delivery goes by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from flask_phoneauth.budgets import Charge
from flask_phoneauth.records import Challenge
from flask_phoneauth.settings import Settings
from flask_phoneauth.settings.routing import ANYWHERE

CLOSED = "closed"
OPEN = "open"
HALF_OPEN = "half-open"
PROBED = "probed"
"""How a breaker stands: in use, left alone, due for one message, or under it."""
TOOK = "took"
FAILED = "failed"
UNUSED = "unused"
"""What a job tells of a provider; `UNUSED` gives a probe back that was not needed."""
LEASE = 60
"""Seconds for which one worker alone may probe: longer than any send takes."""
FORGOTTEN = 600
"""Seconds after its pause for which nobody has probed: it is in use again."""
DELIVERED = "delivered"
LOST = "lost"
ENDS = {"delivered": DELIVERED, "failed": LOST}
"""What a receipt's last word counts as."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Failures in a row that open a breaker, and the growing pauses then, in seconds."""

    failures: int = 5
    pauses: tuple[int, ...] = (15, 30, 60)


PATIENT = Patience()


@dataclass(frozen=True, slots=True)
class Breaker:
    """What one provider has done lately; `opened` counts its pauses in a row.

    `probe` is the end of the lease under which one worker tries it again.
    """

    failures: int = 0
    open_until: float = 0.0
    opened: int = 0
    probe: float = 0.0
    error: str = ""
    error_at: float = 0.0

    def state(self, now: float) -> str:
        """`closed`, `open`, `half-open` or `probed`."""
        if not self.open_until or now >= max(self.open_until, self.probe) + FORGOTTEN:
            return CLOSED
        if now < self.open_until:
            return OPEN
        return PROBED if now < self.probe else HALF_OPEN

    def clean(self, now: float) -> bool:
        """Whether a success is no news."""
        return not self.failures and self.state(now) == CLOSED


NEW = Breaker()


@dataclass(frozen=True, slots=True)
class News:
    """What one job met at a provider; `probe` is the lease that it held, 0 without one."""

    provider: str
    kind: str
    error: str = ""
    probe: float = 0.0


def probed(breaker: Breaker, now: float) -> Breaker | None:
    """The breaker with its one probe given out; None where none is due."""
    if breaker.state(now) != HALF_OPEN:
        return None
    return replace(breaker, probe=now + LEASE)


def after(breaker: Breaker, news: News, patience: Patience, now: float) -> Breaker:
    """The breaker once that is known; what is told late, or of a lease that is over, is no news."""
    if breaker.state(now) == CLOSED:
        return _while_closed(
            replace(breaker, open_until=0.0, opened=0, probe=0.0), news, patience, now
        )
    if not news.probe or news.probe != breaker.probe:
        return breaker
    if news.kind == UNUSED:
        return replace(breaker, probe=0.0)
    if news.kind == TOOK:
        return Breaker(error=breaker.error, error_at=breaker.error_at)
    return _opened(replace(breaker, error=news.error, error_at=now), patience, now)


def _while_closed(breaker: Breaker, news: News, patience: Patience, now: float) -> Breaker:
    if news.kind == UNUSED:
        return breaker
    if news.kind == TOOK:
        return replace(breaker, failures=0)
    failed = replace(breaker, failures=breaker.failures + 1, error=news.error, error_at=now)
    return _opened(failed, patience, now) if failed.failures >= patience.failures else failed


def _opened(breaker: Breaker, patience: Patience, now: float) -> Breaker:
    pause = patience.pauses[min(breaker.opened, len(patience.pauses) - 1)]
    return replace(
        breaker, failures=0, opened=breaker.opened + 1, open_until=now + pause, probe=0.0
    )


@dataclass(frozen=True, slots=True)
class Rate:
    """What a provider's receipts from one region have said in the window."""

    delivered: int = 0
    lost: int = 0

    @property
    def samples(self) -> int:
        """How many receipts there were."""
        return self.delivered + self.lost

    @property
    def percent(self) -> int:
        """Of them that say delivered; 100 without any."""
        return self.delivered * 100 // self.samples if self.samples else 100


@dataclass(frozen=True, slots=True)
class Tally:
    """Whose receipt it is, and how many seconds it counts for."""

    provider: str
    window: int


@dataclass(frozen=True, slots=True)
class Routes:
    """Who sends to which region, in this order; `of` answers for every region.

    `window` is how many seconds receipts count for.
    """

    by_region: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    window: int = 3600

    def of(self, region: str) -> tuple[str, ...]:
        """The providers of that region."""
        return self.by_region.get(region) or self.by_region.get(ANYWHERE, ())

    def names(self) -> tuple[str, ...]:
        """Every provider of any route, each once."""
        return tuple(dict.fromkeys(name for route in self.by_region.values() for name in route))


NO_ROUTES = Routes()


@dataclass(frozen=True, slots=True)
class Health:
    """How the providers of one route stand, for one job.

    `probes` are the leases that the job holds: at most one a provider, over all workers.
    """

    breakers: Mapping[str, Breaker] = field(default_factory=dict)
    rates: Mapping[str, Rate] = field(default_factory=dict)
    probes: Mapping[str, float] = field(default_factory=dict)

    def allows(self, name: str, now: float) -> bool:
        """Whether the job may ask that provider."""
        return name in self.probes or self.breakers.get(name, NEW).state(now) == CLOSED


WELL = Health()


@dataclass(frozen=True, slots=True)
class Floor:
    """The success below which a provider comes last, and the samples that this needs."""

    percent: int = 50
    samples: int = 20

    def misses(self, rate: Rate) -> bool:
        """Whether receipts enough say that too little arrives."""
        return rate.samples >= self.samples and rate.percent < self.percent


def rotated(route: Sequence[str], lost_by: str) -> tuple[str, ...]:
    """The route from behind whoever has lost a message on, who so comes last."""
    turn = route.index(lost_by) + 1 if lost_by in route else 0
    return (*route[turn:], *route[:turn])


def order(
    route: Sequence[str],
    health: Health,
    floor: Floor,
    now: float,
    *,
    lost_by: str = "",
    turn: int = 0,
) -> tuple[str, ...]:
    """Whom a message asks, one after the other: none that is left alone, poor ones late.

    The provider `lost_by`, which has lost it already, comes last. Without one the route begins at
    the next provider at each `turn`: whoever asks again has not got what the former ones took.
    """
    turned = rotated(route, lost_by or (route[turn % len(route) - 1] if turn and route else ""))
    allowed = [name for name in turned if health.allows(name, now)]

    def rank(name: str) -> tuple[bool, bool]:
        return name == lost_by, floor.misses(health.rates.get(name, Rate()))

    return tuple(sorted(allowed, key=rank))


def news_of(
    tried: Iterable[tuple[str, str | None]], health: Health, now: float
) -> tuple[News, ...]:
    """What a job has to tell of `tried` providers, each with its error or None for none.

    Of a provider that was well and took the message there is nothing to tell.
    """
    told = []
    unused = dict(health.probes)
    for name, error in tried:
        probe = unused.pop(name, 0.0)
        if error is not None:
            told.append(News(name, FAILED, error, probe))
        elif probe or not health.breakers.get(name, NEW).clean(now):
            told.append(News(name, TOOK, probe=probe))
    told += [News(name, UNUSED, probe=probe) for name, probe in unused.items()]
    return tuple(told)


def region_of(challenge: Challenge) -> str:
    """The region whose route its message takes; nothing for numbers that are not real."""
    return "" if challenge.free else str(challenge.payload.get("region", ""))


def breaker_key(provider: str) -> str:
    """The row of a provider's breaker."""
    return f"provider:{provider}:breaker"


def count_key(provider: str, region: str, what: str) -> str:
    """The row that counts a provider's receipts from a region: `delivered` or `lost`."""
    return f"provider:{provider}:{what}:{region}"


def receipt_charge(tally: Tally, region: str, delivery: str) -> Charge:
    """One more receipt of that word, `delivered` or `failed`; it never refuses."""
    key = count_key(tally.provider, region, ENDS[delivery])
    return Charge(key, 0, tally.window, record_only=True)


def patience_of(settings: Settings) -> Patience:
    """When breakers open, by the settings."""
    return Patience(settings.breaker_failures, settings.breaker_pauses)


def floor_of(settings: Settings) -> Floor:
    """When a provider comes last, by the settings."""
    return Floor(settings.delivered_floor, settings.delivered_samples)


def routes_of(settings: Settings, providers: Sequence[str]) -> Routes:
    """The routes of the settings, and `providers` for every other region."""
    return Routes({ANYWHERE: tuple(providers), **settings.routes}, settings.delivered_window)

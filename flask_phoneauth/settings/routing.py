"""Which provider is asked first, and when one is left alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_phoneauth.settings.declaring import setting, within
from flask_phoneauth.settings.values import ROUTES_CURE, SettingError

ANYWHERE = "*"
"""The route of every region that has none of its own."""
LONGEST_SEND = 25
_REGION = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, kw_only=True)
class RoutingSettings:
    """Which provider is asked first, and when one is left alone."""

    routes: Mapping[str, tuple[str, ...]] = field(
        default_factory=dict,
        metadata={
            "about": "who sends to a region, in this order, `*` for all others: "
            '`{"GB": ["vonage", "twilio"]}`; default: `PROVIDERS` for all'
        },
    )
    send_seconds: int = setting(
        20, "how long a message looks for a provider that takes it: no further one is begun then"
    )
    breaker_failures: int = setting(
        5, "failures in a row after which a provider is left alone, by all workers"
    )
    breaker_pauses: tuple[int, ...] = setting(
        (15, 30, 60), "how long, growing while its first message afterwards fails as well"
    )
    delivered_floor: int = setting(
        50,
        "percent of a provider's receipts from a region that must say delivered, or the others of "
        "its route come first",
    )
    delivered_samples: int = setting(20, "receipts that this needs at least")
    delivered_window: int = setting(3600, "how long receipts count for it")


def check(settings: Any) -> None:
    """Raise `SettingError` for what cannot be."""
    within(settings, "send_seconds", 1, LONGEST_SEND, "a message older than 30 seconds is dropped")
    within(settings, "delivered_floor", 1, 100, "it is a percentage")
    within(settings, "delivered_window", 60, 86400, "receipts are counted in sevenths of it")
    if not settings.breaker_pauses or min(settings.breaker_pauses) < 1:
        raise SettingError("PHONEAUTH_BREAKER_PAUSES must be seconds, as [15, 30, 60]")
    for region, names in settings.routes.items():
        _check_route(region, names, settings.providers)


def _check_route(region: str, names: tuple[str, ...], providers: tuple[str, ...]) -> None:
    if region != ANYWHERE and not _REGION.fullmatch(region):
        raise SettingError(f"{ROUTES_CURE}: {region!r} is neither a region nor '*'")
    if not names or len(set(names)) < len(names):
        raise SettingError(f"{ROUTES_CURE}: the route of {region!r} names providers, each once")
    for name in names:
        if name not in providers:
            raise SettingError(
                f"PHONEAUTH_ROUTES names {name!r} for {region!r}: put it into PHONEAUTH_PROVIDERS "
                "too"
            )

"""The budgets that belong to no number, where a Cluster keeps them apart from the number's keys.

They share one hash tag, so an ask pays them in one command before the number's script judges it,
and gets them back where that script refuses; other news reach them after the number's script. A
crash between the two leaves them spent, never refilled.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_phoneauth.budgets import AskPrice, Charge, Cooldown
from flask_phoneauth.health import breaker_key
from flask_phoneauth.stores.base import Level, Settlement, Surveyed
from flask_phoneauth.stores.redis_forms import (
    SHARED,
    Keys,
    budget_key,
    charge_form,
    is_shared,
    read_levels,
)
from flask_phoneauth.stores.redis_providers import news_form
from flask_phoneauth.stores.redis_server import RedisServer


@dataclass(frozen=True, slots=True)
class Reservation:
    """What the shared part of a price met: its waits by key before and after, whether it is paid.

    Each wait is a pair: for an unknown number and for a known one. `former` is how the cooldowns
    stood before, to be put back; `totals` are the levels of the watched budgets.
    """

    price: AskPrice
    paid: bool
    waits: dict[str, dict[str, Sequence[int]]]
    former: Sequence[Any]
    totals: tuple[Level, ...] = ()

    def form(self, keys: Keys, price: AskPrice) -> dict[str, Any]:
        """The whole price for the number's script: its own keys, and the waits found here."""
        return {
            "charges": [
                {**charge_form(c), **self.waits[c.key]} if is_shared(c.key) else keys.charge(c)
                for c in price.charges
            ],
            "cooldowns": [
                self.waits[c.key] if is_shared(c.key) else keys.cooldown(c) for c in price.cooldowns
            ],
        }


class SharedBudgets:
    """Two verbs of our own beside those of the number."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server

    def reserve(self, price: AskPrice, now: float, *, pay: bool) -> Reservation | None:
        """Pay the shared part if all of it fits; None where the price has no such part."""
        shared = AskPrice(
            tuple(charge for charge in price.charges if is_shared(charge.key)),
            tuple(cooldown for cooldown in price.cooldowns if is_shared(cooldown.key)),
        )
        if not shared.charges and not shared.cooldowns:
            return None
        keys = Keys()
        given = {"price": keys.price(shared), "pay": pay}
        raw, spent = self._server.run("reserve", keys, repr(now), json.dumps(given))
        told = json.loads(raw)
        named = [charge.key for charge in shared.charges]
        named += [cooldown.key for cooldown in shared.cooldowns]
        before, after = (
            (*told[when]["charges"], *told[when]["cooldowns"]) for when in ("before", "after")
        )
        waits = {
            key: {"before": first, "after": then}
            for key, first, then in zip(named, before, after, strict=True)
        }
        totals = read_levels(spent, shared.charges)
        return Reservation(shared, told["paid"], waits, list(told["former"]), totals)

    def survey(self, price: AskPrice, *, known: bool, now: float) -> tuple[Surveyed, ...]:
        """How the budgets of a price stand for a known number or for any other."""
        found = self.reserve(price, now, pay=False)
        if found is None:
            return ()
        return tuple(
            Surveyed(level, found.waits[level.key]["before"][known]) for level in found.totals
        )

    def undo(self, reservation: Reservation, now: float) -> None:
        """The number's script refused: everything as it was."""
        keys = Keys()
        refunds = [
            (keys.place(budget_key(c.key)), int(now // c.bucket_seconds), c.cost, 0, 0)
            for c in reservation.price.charges
            if c.cost
        ]
        restored = [
            (keys.place(budget_key(cooldown.key)), *former)
            for cooldown, former in zip(
                reservation.price.cooldowns, reservation.former, strict=True
            )
        ]
        self._change(keys, now, refunds=refunds, restored=restored)

    def succeed(
        self,
        refunds: bytes,
        cooldowns: Iterable[Cooldown],
        counted: Iterable[Charge],
        now: float,
    ) -> None:
        """A right code: its own spends back, the waits cleared, itself counted."""
        keys = Keys()
        self._change(
            keys,
            now,
            refunds=_refunds(keys, refunds),
            charges=[keys.charge(c) for c in counted if is_shared(c.key)],
            cleared=[keys.cooldown(c) for c in cooldowns if is_shared(c.key)],
        )

    def count(self, charges: Sequence[Charge], now: float) -> tuple[Level, ...]:
        """Charges that never refuse; how far they are spent now."""
        keys = Keys()
        told = self._change(keys, now, charges=[keys.charge(charge) for charge in charges])
        return read_levels(told, charges)

    def settle(
        self,
        refunds: bytes,
        settlement: Settlement,
        *,
        charges: Iterable[Charge],
        cooldowns: Iterable[Cooldown],
        asked_at: float,
        now: float,
    ) -> None:
        """What became of a message: what it did not cost back, what it did written down."""
        keys = Keys(budget_key(breaker_key(one.provider)) for one in settlement.news)
        self._change(
            keys,
            now,
            refunds=_refunds(keys, refunds),
            charges=[keys.charge(c) for c in charges if is_shared(c.key)],
            uncooled=[keys.cooldown(c) for c in cooldowns if is_shared(c.key)],
            asked_at=asked_at,
            **news_form(settlement),
        )

    def _change(self, keys: Keys, now: float, **changes: Any) -> Sequence[Any]:
        if not keys:
            return ()
        nothing: dict[str, Any] = {
            "refunds": [],
            "charges": [],
            "cleared": [],
            "uncooled": [],
            "restored": [],
            "news": [],
            "shared": SHARED,
        }
        told: Sequence[Any] = self._server.run(
            "shared", keys, repr(now), json.dumps(nothing | changes)
        )
        return told


def _refunds(keys: Keys, told: bytes) -> list[tuple[int, ...]]:
    return [
        (
            keys.place(budget_key(key)),
            bucket,
            cost,
            keys.place(budget_key(share)) if share else 0,
            window,
        )
        for key, bucket, cost, share, window in json.loads(told)
    ]

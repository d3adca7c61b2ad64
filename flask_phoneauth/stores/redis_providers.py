"""How providers stand, as our Lua scripts read and write it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from flask_phoneauth.budgets import BUCKETS
from flask_phoneauth.health import Breaker, Health, Rate, Routes, breaker_key
from flask_phoneauth.stores.base import Settlement
from flask_phoneauth.stores.redis_forms import SHARED, budget_key
from flask_phoneauth.stores.redis_server import RedisServer

NO_NEWS: Mapping[str, Any] = {"news": ()}


class Providers:
    """Reads what all numbers share of providers, in a command of its own."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server

    def standing(
        self, routes: Routes, regions: Sequence[str], now: float, *, claim: bool = False
    ) -> dict[str, Health]:
        """By region how the providers of its route stand; with `claim`, probes are taken."""
        names = routes.names()
        if not names or not regions:
            return {region: Health() for region in regions}
        given = {**routes_form(routes), "regions": regions, "claim": claim, "shared": SHARED}
        keys = [budget_key(breaker_key(names[0]))]  # leads a Cluster to the slot of them all
        told = self._server.run("standing", keys, repr(now), json.dumps(given))
        return {region: read_health(one) for region, one in zip(regions, told, strict=True)}


def routes_form(routes: Routes) -> dict[str, Any]:
    """The routes as a script looks them up."""
    return {"routes": dict(routes.by_region), "bucket": routes.window // BUCKETS}


def news_form(settlement: Settlement) -> dict[str, Any]:
    """A job's news, and the patience that judges them."""
    news = [asdict(one) for one in settlement.news]
    return {"news": news, "patience": asdict(settlement.patience)}


def read_health(raw: bytes) -> Health:
    """What a script tells of one route; an empty one has no list."""
    breakers, rates, probes = {}, {}, {}
    for told in json.loads(raw) or ():
        name, failures, open_until, opened, probe, error, error_at, claimed, delivered, lost = told
        lease = float(probe)
        breakers[name] = Breaker(failures, float(open_until), opened, lease, error, float(error_at))
        if delivered or lost:
            rates[name] = Rate(delivered, lost)
        if claimed:
            probes[name] = lease
    return Health(breakers, rates, probes)

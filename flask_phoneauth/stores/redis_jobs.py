"""The verbs of the job that sends a message, and of the receipt that follows it, in Redis.

One Lua script a verb; what each decides is what `stores.transactional_jobs` decides.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from flask_phoneauth.budgets import BUCKETS, AskPrice, Charge, Cooldown
from flask_phoneauth.health import NO_ROUTES, Health, Routes, Tally, receipt_charge, region_of
from flask_phoneauth.otp import challenge as life
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.records import Challenge, Job
from flask_phoneauth.stores import judging
from flask_phoneauth.stores.base import Advanced, Loaded, Replacement, Settlement
from flask_phoneauth.stores.redis_forms import (
    PREFIX,
    SHARED,
    Keys,
    challenges_key,
    facts_place,
    is_shared,
    read_challenge,
    read_levels,
    seeds_prefix,
)
from flask_phoneauth.stores.redis_providers import (
    NO_NEWS,
    Providers,
    news_form,
    read_health,
    routes_form,
)
from flask_phoneauth.stores.redis_server import RedisServer
from flask_phoneauth.stores.redis_shared import Reservation, SharedBudgets


class JobVerbs:
    """What a store on Redis does for a message under way."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._shared = SharedBudgets(server) if server.is_cluster else None
        self._providers = Providers(server)

    def load(self, job: Job, *, routes: Routes = NO_ROUTES, now: float) -> Loaded | None:
        """The challenge with its seed, for the one run of a job that sends it."""
        given = {
            "id": job.challenge_id,
            "asked_at": job.asked_at,
            "delivered": job.delivered,
            **routes_form(routes),
        }
        reply = self._run("load", job.challenge_id, keys_for(job.challenge_id), now, given)
        raw, seed = reply[:2]
        if raw is None or seed is None:
            return None
        found = judging.sendable(read_challenge(raw, seed), now)
        if found is None:
            return None
        if self._shared is None:
            return Loaded(found, read_health(reply[2]))
        region = region_of(found)
        return Loaded(found, self._providers.standing(routes, [region], now, claim=True)[region])

    def health(self, routes: Routes, regions: Sequence[str], *, now: float) -> Mapping[str, Health]:
        """How the providers of each region's route stand: no probe is taken."""
        return self._providers.standing(routes, regions, now)

    def settle(
        self,
        job: Job,
        settlement: Settlement,
        *,
        failures: Sequence[Charge],
        cooldowns: Sequence[Cooldown],
        now: float,
    ) -> None:
        """Write down what became of the message; a known failure gives back what it cost."""
        keys = keys_for(job.challenge_id)
        digest = life.NO_CODE if settlement.outcome == "withheld" else settlement.digest
        given = {
            "id": job.challenge_id,
            "generation": job.generation,
            "asked_at": job.asked_at,
            "outcome": settlement.outcome,
            "digest": digest.hex(),
            "reason": settlement.reason,
            "vendor_id": settlement.vendor_id,
            "failures": [keys.charge(c) for c in failures if self._is_here(c.key)],
            "cooldowns": [keys.cooldown(c) for c in cooldowns if self._is_here(c.key)],
            "extra": [keys.charge(c) for c in settlement.extra if self._is_here(c.key)],
            "unpaid": settlement.unpaid,
            **(NO_NEWS if self._shared else news_form(settlement)),
        }
        what, refunds = self._run("settle", job.challenge_id, keys, now, given)
        if self._shared is None or what == b"gone":
            return
        failed, paid = what == b"failed", what == b"paid"
        self._shared.settle(
            refunds,
            settlement,
            charges=failures if failed else settlement.extra if paid else (),
            cooldowns=cooldowns if failed else (),
            asked_at=job.asked_at,
            now=now,
        )

    def advance(
        self,
        challenge_id: str,
        asked_at: float,
        delivery: str,
        reason: str,
        *,
        replacement: Replacement | None = None,
        tally: Tally | None = None,
        now: float,
    ) -> Advanced | None:
        """Move the newest message's delivery forward by a vendor's receipt (RULES 29)."""
        now, keys = life.later_than(asked_at, now), keys_for(challenge_id)
        reserved = None
        given: dict[str, Any] = {
            "id": challenge_id,
            "asked_at": asked_at,
            "delivery": delivery,
            "reason": reason,
            "after": life.STEPS[: life.STEPS.index(delivery)] if delivery in life.STEPS else (),
        }
        if replacement is not None:
            given["lost_by"] = replacement.lost_by
            if self._shared:
                reserved = self._shared.reserve(replacement.price, now, pay=True)
            given["price"] = price_form(keys, replacement.price, reserved)
            given |= who(keys, challenge_id, b"")
        if tally is not None:
            given["tally"] = {**asdict(tally), "bucket": tally.window // BUCKETS}
        reply = self._run("advance", challenge_id, keys, now, given)
        if self._shared and tally is not None and reply[0] != b"nothing" and reply[-1]:
            ended = receipt_charge(tally, reply[-1].decode(), delivery)
            self._shared.count([ended], now)
        issued = reply[0] == b"issued"
        if self._shared and reserved and reserved.paid and not (issued and reply[4]):
            self._shared.undo(reserved, now)
        if issued and replacement is not None:
            totals = read_levels(reply[6], replacement.price.charges)
            totals += reserved.totals if reserved and reply[4] else ()
            return Advanced(job_of(read_challenge(reply[1])), totals)
        return Advanced() if reply[0] == b"moved" else None

    def _is_here(self, key: str) -> bool:
        return self._shared is None or not is_shared(key)

    def _run(
        self, verb: str, challenge_id: str, keys: Keys, now: float, given: Any, *rest: bytes
    ) -> Any:
        given |= {
            "seeds": seeds_prefix(phone_tag_of(challenge_id)),
            "prefix": PREFIX,
            "shared": "" if self._shared else SHARED,
        }
        return self._server.run(verb, keys, repr(now), json.dumps(given), *rest)


def job_of(challenge: Challenge) -> Job:
    """The job that sends its newest message."""
    return Job(challenge.id, challenge.newest.number, challenge.asked_at)


def keys_for(challenge_id: str) -> Keys:
    """The keys of a script that judges that challenge, or those of a number's tag."""
    return Keys([challenges_key(phone_tag_of(challenge_id))])


def who(keys: Keys, challenge_id: str, device: bytes) -> dict[str, Any]:
    """Where the number's facts are, and whose token came along."""
    place = keys.place(facts_place(phone_tag_of(challenge_id)))
    return {"facts": place, **({"device": device.hex()} if device else {})}


def price_form(keys: Keys, price: AskPrice, reserved: Reservation | None) -> dict[str, Any]:
    """A price as its script reads it; on a Cluster with what its shared part was found to be."""
    return reserved.form(keys, price) if reserved else keys.price(price)

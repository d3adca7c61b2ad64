"""The verbs of the job that sends a message, and of the receipt that follows it.

Order of locks, the same in every verb: budget rows by sorted key, then the challenge's row.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flask_phoneauth.budgets import Charge, Cooldown
from flask_phoneauth.health import NO_ROUTES, Health, Routes, Tally, breaker_key, region_of
from flask_phoneauth.otp import challenge as life
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.records import Challenge, Job
from flask_phoneauth.stores import charging, judging, watching
from flask_phoneauth.stores.asking import Ask, rows_of
from flask_phoneauth.stores.base import Advanced, Loaded, Replacement, Settlement
from flask_phoneauth.stores.units import Unit, Units, send_again


class JobVerbs(Units):
    """What a transactional store does for a message under way."""

    def load(self, job: Job, *, routes: Routes = NO_ROUTES, now: float) -> Loaded | None:
        """The challenge with its seed, for the one run of a job that sends it."""
        rows = watching.breaker_rows(routes.names())
        with self._write() if job.delivered else self._read() as unit:
            if job.delivered:
                found, states = _taken(unit, job, now), unit.look(rows)
            else:
                seen, states = unit.challenge_with(job.challenge_id, rows)
                found = judging.sendable(seen, now)
            if found is None:
                return None
            region = region_of(found)
            states |= unit.look(watching.rate_rows(routes, region))
        stand = watching.health_of(routes, region, states, now)
        return Loaded(found, self._probing(stand, now))

    def _probing(self, stand: Health, now: float) -> Health:
        """With the probes that this job alone has got; another transaction, where one is due."""
        due = watching.due(stand, now)
        if not due:
            return stand
        with self._write() as unit:
            changed = watching.probing(due, unit.lock(watching.breaker_rows(due)), now)
            unit.write(changed)
        got = {name: changed[key].breaker for name in due if (key := breaker_key(name)) in changed}
        probed = {name: breaker for name, breaker in got.items() if breaker is not None}
        probes = {name: breaker.probe for name, breaker in probed.items()}
        return Health({**stand.breakers, **probed}, stand.rates, probes)

    def health(self, routes: Routes, regions: Sequence[str], *, now: float) -> Mapping[str, Health]:
        """How the providers of each region's route stand: no probe is taken."""
        rows = watching.breaker_rows(routes.names())
        for region in regions:
            rows |= watching.rate_rows(routes, region, always=True)
        with self._read() as unit:
            states = unit.look(rows)
        return {region: watching.health_of(routes, region, states, now) for region in regions}

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
        with self._write() as unit:
            found = unit.challenge(job.challenge_id)
            if found is None:
                return
            failed = settlement.outcome == "failed" and not found.free
            failures = [charge for charge in failures if charge.lane in ("", found.lane)]
            keys = charging.keys_of(found.spends, failures, cooldowns) if failed else set()
            keys |= charging.keys_of(settlement.extra) | set(settlement.unpaid)
            keys |= watching.breaker_rows(one.provider for one in settlement.news)
            states = unit.lock(keys)
            found = unit.challenge(job.challenge_id, lock=True)
            if found is None:
                return
            if failed:
                refunds = charging.refunds_of(found, "failure", states, at=job.asked_at)
                changed = charging.given_back(refunds, states)
                changed |= {charge.key: charging.spent(charge, states, now) for charge in failures}
                changed |= {c.key: charging.uncooled(states[c.key], job) for c in cooldowns}
                found = charging.without(found, refunds)
            else:
                refunds = charging.unpaid(found, settlement, at=job.asked_at)
                changed = charging.given_back(refunds, states)
                changed |= charging.paid_beside(found, settlement, states, now)
                found = charging.kept_for_good(charging.without(found, refunds), job.asked_at)
            unit.write(changed | watching.noted(settlement.news, settlement.patience, states, now))
            unit.update(judging.settled(found, job, settlement))

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
        now = life.later_than(asked_at, now)
        tag = phone_tag_of(challenge_id)
        with self._write() as unit:
            seen = unit.challenge(challenge_id) if tally else None
            counted = watching.tallied(tally, seen, delivery)
            keys = rows_of(tag, replacement.price) if replacement else set()
            states = unit.lock(keys | charging.keys_of(counted))
            found = unit.challenge(challenge_id, lock=True)
            if found is None or found.ended or now >= found.newest.expires_at:
                return None
            moved = life.advance(found, delivery, reason)
            if found.asked_at != asked_at or moved is found:
                return None
            unit.write({c.key: charging.spent(c, states, now) for c in counted})
            if replacement is not None and life.replaceable(moved, now):
                price = replacement.price.when_free() if moved.free else replacement.price
                ask = Ask.in_lane(price, states, moved, now)
                if not ask.waits(states):
                    moved = replace(moved, lost_by=replacement.lost_by)
                    issued = send_again(unit, moved, ask, states)
                    return Advanced(issued.job, issued.totals)
            unit.update(moved)
        return Advanced()


def _taken(unit: Unit, job: Job, now: float) -> Challenge | None:
    found = judging.sendable(unit.challenge(job.challenge_id, lock=True), now)
    taken = life.taken(found, job) if found else None
    if taken is not None:
        unit.update(taken)
    return taken

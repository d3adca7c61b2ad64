"""The verbs, written once, over anything that can lock, read and write in one transaction.

Order of locks, the same in every verb: budget rows by sorted key, then the challenge's row.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

from flask_phoneauth import budgets
from flask_phoneauth.budgets import AskPrice, Charge, Cooldown, CooldownState
from flask_phoneauth.otp import challenge as life
from flask_phoneauth.otp.challenge import Draft, Entry
from flask_phoneauth.records import Challenge, Job
from flask_phoneauth.stores import charging
from flask_phoneauth.stores.base import (
    Advanced,
    Ended,
    Issued,
    Look,
    Missing,
    Peek,
    Refusal,
    Replacement,
    Right,
    Settlement,
    Wrong,
)
from flask_phoneauth.stores.charging import State

SWEEP_SECONDS = 30


class Unit(Protocol):
    """One open transaction."""

    def lock(self, keys: Iterable[str]) -> dict[str, State]:
        """Lock these budget rows in sorted order and read them; a new row is an empty `State`."""

    def look(self, keys: Iterable[str]) -> dict[str, State]:
        """Read budget rows without locking."""

    def write(self, states: Mapping[str, State]) -> None:
        """Write budget rows back."""

    def challenge(self, challenge_id: str, *, lock: bool = False) -> Challenge | None:
        """Read one challenge."""

    def challenges_of(self, phone_tag: str, *, lock: bool = False) -> list[Challenge]:
        """All challenges of a number, oldest first."""

    def add(self, challenge: Challenge) -> None:
        """Insert."""

    def update(self, challenge: Challenge) -> None:
        """Write back."""

    def sweep(self, now: float) -> bool:
        """Forget what is over and erase expired seeds, so many rows; True where more may wait."""


class TransactionalStore(ABC):
    """`ChallengeStore` over units of work; memory and SQL differ only in their `Unit`."""

    def __init__(self) -> None:
        self._swept_at = 0.0

    @abstractmethod
    def _write(self) -> AbstractContextManager[Unit]:
        """A unit that commits at its end and rolls back on an error."""

    @abstractmethod
    def _read(self) -> AbstractContextManager[Unit]:
        """A unit that only reads."""

    def issue(
        self, draft: Draft, price: AskPrice, *, live_limit: int, now: float
    ) -> Issued | Refusal:
        """Make the challenge, or continue or repeat this binding's own (RULES 4)."""
        price = price.when_free() if draft.free else price
        self._sweep(now)
        with self._write() as unit:
            states = unit.lock(charging.keys_of(price.charges, price.cooldowns))
            # locked, for the job of an earlier message may be writing down what became of it
            every = unit.challenges_of(life.phone_tag_of(draft.id), lock=True)
            alive = _alive(every, now)
            mine = [c for c in alive if _same_start(c, draft)]
            # a reopened one has no seed: its code is still good, but it cannot be sent again
            current = next((c for c in mine if c.seed is not None), None)
            if current is not None:  # what is to happen afterwards is what was asked for last
                current = replace(current, payload=draft.payload)
            full = 0 if mine else _room_in(alive, live_limit, now)
            waits = charging.waits(price, states, now, full=full)
            if current and charging.cooling(price.cooldowns, states, now) and not waits[0].locks:
                unit.update(current)
                return Issued(_sealed(current), charging.longest(waits), None)
            if waits:
                return Refusal(waits[0].code, charging.longest(waits))
            if current is not None:
                return self._send_again(unit, current, price, states, now)
            for worn in mine:
                unit.update(life.finish(worn, "used", now))
            made = replace(life.begin(draft, now), spends=charging.spends_of(price, now))
            unit.add(made)
            return self._paid(unit, made, price, states, now)

    def resend(
        self, challenge_id: str, binding: bytes, price: AskPrice, *, now: float
    ) -> Issued | Refusal | Missing | Ended:
        """Ask for the message once more."""
        with self._write() as unit:
            found = _usable(unit.challenge(challenge_id), binding, now)
            if not isinstance(found, Challenge):
                return found
            price = price.when_free() if found.free else price
            states = unit.lock(charging.keys_of(price.charges, price.cooldowns))
            found = _usable(unit.challenge(challenge_id, lock=True), binding, now)
            if not isinstance(found, Challenge):
                return found
            if found.seed is None:
                return Ended("used")
            waits = charging.waits(price, states, now)
            if waits:
                return Refusal(waits[0].code, charging.longest(waits))
            return self._send_again(unit, found, price, states, now)

    def _send_again(
        self,
        unit: Unit,
        challenge: Challenge,
        price: AskPrice,
        states: Mapping[str, State],
        now: float,
    ) -> Issued:
        again = life.ask_again(challenge, now)
        again = replace(again, spends=(*again.spends, *charging.spends_of(price, now)))
        unit.update(again)
        return self._paid(unit, again, price, states, now)

    def _paid(
        self,
        unit: Unit,
        challenge: Challenge,
        price: AskPrice,
        states: Mapping[str, State],
        now: float,
    ) -> Issued:
        changed = {
            charge.key: charging.spent(charge, states, now)
            for charge in price.charges
            if charge.cost
        }
        for cooldown in price.cooldowns:
            changed[cooldown.key] = charging.cooled(cooldown, states[cooldown.key], now)
        unit.write(changed)
        job = Job(challenge.id, challenge.newest.number, challenge.asked_at)
        waits = charging.waits(price, {**states, **changed}, now)
        return Issued(_sealed(challenge), charging.longest(waits), job)

    def load(self, job: Job, *, now: float) -> Challenge | None:
        """The challenge with its seed, for the job that sends it; None where it is over."""
        with self._read() as unit:
            found = unit.challenge(job.challenge_id)
        if found is None or found.ended or found.seed is None:
            return None
        # not `ending`: a pending generation may outlive the code that it follows
        return found if now < found.newest.expires_at else None

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
            keys = charging.keys_of(found.spends, failures, cooldowns) if failed else set()
            states = unit.lock(keys)
            found = unit.challenge(job.challenge_id, lock=True)
            if found is None:
                return
            if failed:
                refunds = charging.refunds_of(found, "failure", states, at=job.asked_at)
                changed = charging.given_back(refunds, states)
                changed |= {charge.key: charging.spent(charge, states, now) for charge in failures}
                changed |= {c.key: charging.uncooled(states[c.key], job) for c in cooldowns}
                unit.write(changed)
                found = charging.without(found, refunds)
            unit.update(_settled(found, job, settlement))

    def advance(
        self,
        challenge_id: str,
        asked_at: float,
        delivery: str,
        reason: str,
        *,
        replacement: Replacement | None = None,
        now: float,
    ) -> Advanced | None:
        """Move the newest message's delivery forward by a vendor's receipt (RULES 29)."""
        now = life.later_than(asked_at, now)
        with self._write() as unit:
            states = unit.lock(charging.keys_of(replacement.price.charges if replacement else ()))
            found = unit.challenge(challenge_id, lock=True)
            if found is None or found.ended or now >= found.newest.expires_at:
                return None
            moved = life.advance(found, delivery, reason)
            if found.asked_at != asked_at or moved is found:
                return None
            if replacement is not None and life.replaceable(moved, now):
                price = replacement.price.when_free() if moved.free else replacement.price
                if not charging.waits(price, states, now):
                    moved = replace(moved, lost_by=replacement.lost_by)
                    return Advanced(self._send_again(unit, moved, price, states, now).job)
            unit.update(moved)
        return Advanced()

    def spend_try(
        self,
        challenge_id: str,
        entry: Entry,
        charge: Charge,
        *,
        cooldowns: Sequence[Cooldown],
        now: float,
    ) -> Missing | Ended | Refusal | Wrong | Right:
        """Count, compare, consume: one winner, never more than the limits (RULES 5)."""
        with self._write() as unit:
            found = _usable(unit.challenge(challenge_id), entry.binding, now, entry.purpose)
            if not isinstance(found, Challenge):
                return found
            states = unit.lock(charging.keys_of(found.spends, [charge], cooldowns))
            found = _usable(
                unit.challenge(challenge_id, lock=True), entry.binding, now, entry.purpose
            )
            if not isinstance(found, Challenge):
                return found
            locked = budgets.wait(charge, states[charge.key].counts or {}, now)
            if locked:
                return Refusal(charge.code, locked)
            if not life.fits(found, entry, now):
                return _missed(unit, found, charge, states, now)
            refunds = charging.refunds_of(found, "success", states)
            changed = charging.given_back(refunds, states)
            changed |= {c.key: State(cooldown=CooldownState()) for c in cooldowns}
            unit.write(changed)
            unit.update(life.finish(charging.without(found, refunds), "used", now))
            return Right(_sealed(found))

    def reopen(self, challenge_id: str, *, now: float) -> None:
        """Give a right code back whose user could not be made."""
        with self._write() as unit:
            found = unit.challenge(challenge_id, lock=True)
            if found is not None and found.ended == "used" and now < found.expires_at:
                unit.update(life.reopen(found))

    def peek(
        self,
        challenge_id: str,
        binding: bytes,
        price: AskPrice,
        *,
        now: float,
    ) -> Peek | Missing:
        """Look without touching; `price` is what a resend would cost now."""
        with self._read() as unit:
            found = unit.challenge(challenge_id)
            if found is None or life.forgotten(found, now):
                return Missing()
            if not life.bound(found, binding):
                return Missing(foreign=True)
            price = price.when_free() if found.free else price
            states = unit.look(charging.keys_of(price.charges, price.cooldowns))
        return Peek(_sealed(found), charging.longest(charging.waits(price, states, now)))

    def look(self, phone_tag: str, price: AskPrice, *, now: float) -> Look:
        """How a number stands, without touching; `price` holds keys of this number only."""
        with self._read() as unit:
            states = unit.look(charging.keys_of(price.charges, price.cooldowns))
            alive = _alive(unit.challenges_of(phone_tag), now)
        counts = [states[charge.key].counts or {} for charge in price.charges]
        pairs = list(zip(price.charges, counts, strict=True))
        return Look(
            spent=tuple(budgets.spent(charge, found, now) for charge, found in pairs),
            waits=tuple(budgets.wait(charge, found, now) for charge, found in pairs),
            cooling=charging.cooling(price.cooldowns, states, now),
            alive=len(alive),
        )

    def ping(self) -> None:
        """Ask whether the store answers."""
        with self._read() as unit:
            unit.look(("ping",))

    def _sweep(self, now: float) -> None:
        """In a transaction of its own: its rows are in no order with those of a verb."""
        if now - self._swept_at >= SWEEP_SECONDS:
            with self._write() as unit:
                more = unit.sweep(now)
            self._swept_at = 0.0 if more else now


def _alive(challenges: Iterable[Challenge], now: float) -> list[Challenge]:
    return [challenge for challenge in challenges if not life.ending(challenge, now)]


def _sealed(challenge: Challenge) -> Challenge:
    """As it may leave the store: only the job that sends the code sees the seed (RULES 1)."""
    return replace(challenge, seed=None)


def _same_start(challenge: Challenge, draft: Draft) -> bool:
    return challenge.purpose == draft.purpose and life.bound(challenge, draft.binding)


def _usable(
    found: Challenge | None, binding: bytes, now: float, purpose: str | None = None
) -> Challenge | Missing | Ended:
    if found is None or life.forgotten(found, now):
        return Missing()
    if not life.bound(found, binding) or purpose not in (None, found.purpose):
        return Missing(foreign=True)
    how = life.ending(found, now)
    return Ended(how) if how else found


def _room_in(alive: Sequence[Challenge], live_limit: int, now: float) -> int:
    """Whole seconds until one more challenge may be open; 0 where it may be now."""
    over = len(alive) - live_limit
    if over < 0:
        return 0
    return max(1, math.ceil(sorted(c.expires_at for c in alive)[over] - now))


def _settled(challenge: Challenge, job: Job, settlement: Settlement) -> Challenge:
    if challenge.ended:
        return challenge
    newest = challenge.asked_at == job.asked_at
    if settlement.outcome == "failed":
        # a newer message may carry the same code: its own job will tell
        return life.fail(challenge, job.generation, settlement.reason) if newest else challenge
    if settlement.outcome == "accepted":
        settled = life.accept(challenge, job.generation, settlement.digest)
    else:
        settled = life.withhold(challenge, job.generation)
    if newest:
        return settled
    return replace(settled, delivery=challenge.delivery, reason=challenge.reason)


def _missed(
    unit: Unit, challenge: Challenge, charge: Charge, states: Mapping[str, State], now: float
) -> Wrong:
    unit.write({charge.key: charging.spent(charge, states, now)})
    missed = replace(challenge, tries=challenge.tries + 1)
    if not missed.tries_left:
        missed = life.finish(missed, "too_many_tries", now)
    unit.update(missed)
    return Wrong(missed.tries_left)

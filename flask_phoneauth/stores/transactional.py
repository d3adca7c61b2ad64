"""The verbs, written once, over anything that can lock, read and write in one transaction.

Order of locks, the same in every verb: budget rows by sorted key, then the challenge's row.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from flask_phoneauth import budgets
from flask_phoneauth.budgets import DEVICE, AskPrice, Charge, Cooldown, CooldownState, TryPrice
from flask_phoneauth.otp import challenge as life
from flask_phoneauth.otp.challenge import Draft, Entry, phone_tag_of
from flask_phoneauth.records import Challenge, Job
from flask_phoneauth.stores import charging, facts, judging
from flask_phoneauth.stores.asking import Ask, rows_of, try_rows_of
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
from flask_phoneauth.stores.charging import Standing, State
from flask_phoneauth.stores.facts import Facts

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
        self, draft: Draft, price: AskPrice, *, live_limit: int, device: bytes, now: float
    ) -> Issued | Refusal:
        """Make the challenge, or continue or repeat this binding's own (RULES 4)."""
        price = price.when_free() if draft.free else price
        tag = phone_tag_of(draft.id)
        self._sweep(now)
        with self._write() as unit:
            states = unit.lock(rows_of(tag, price))
            ask = Ask.judged(price, states, tag, device, now)
            # locked, for the job of an earlier message may be writing down what became of it
            every = unit.challenges_of(tag, lock=True)
            alive = judging.alive(every, now)
            mine = [c for c in alive if judging.same_start(c, draft)]
            # a reopened one has no seed: its code is still good, but it cannot be sent again
            current = next((c for c in mine if c.seed is not None), None)
            if current is not None:  # what is to happen afterwards is what was asked for last
                current = replace(current, payload=draft.payload)
            in_lane = [c for c in alive if c.lane == ask.stand.lane]
            full = 0 if mine else judging.room_in(in_lane, live_limit, now)
            waits = ask.waits(states, full=full)
            held = charging.cooling(ask.price.cooldowns, states, now)
            if current and held and waits[0].code != budgets.LOCKED:
                unit.update(current)
                longest = charging.longest(waits)
                return Issued(judging.sealed(current), longest, None, ask.stand.lane)
            if waits:
                return Refusal(waits[0].code, charging.longest(waits))
            if current is not None:
                return _send_again(unit, current, ask, states)
            for worn in mine:
                unit.update(life.finish(worn, "used", now))
            made = ask.paid_by(life.begin(draft, now))
            unit.add(made)
            return _paid(unit, made, ask, states)

    def resend(
        self, challenge_id: str, binding: bytes, price: AskPrice, *, device: bytes, now: float
    ) -> Issued | Refusal | Missing | Ended:
        """Ask for the message once more."""
        tag = phone_tag_of(challenge_id)
        with self._write() as unit:
            found = judging.usable(unit.challenge(challenge_id), binding, now)
            if not isinstance(found, Challenge):
                return found
            price = price.when_free() if found.free else price
            states = unit.lock(rows_of(tag, price))
            found = judging.usable(unit.challenge(challenge_id, lock=True), binding, now)
            if not isinstance(found, Challenge):
                return found
            if found.seed is None:
                return Ended("used")
            ask = Ask.judged(price, states, tag, device, now)
            waits = ask.waits(states)
            if waits:
                return Refusal(waits[0].code, charging.longest(waits))
            return _send_again(unit, found, ask, states)

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
            failures = [charge for charge in failures if charge.lane in ("", found.lane)]
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
            unit.update(judging.settled(found, job, settlement))

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
        tag = phone_tag_of(challenge_id)
        with self._write() as unit:
            states = unit.lock(rows_of(tag, replacement.price)) if replacement else {}
            found = unit.challenge(challenge_id, lock=True)
            if found is None or found.ended or now >= found.newest.expires_at:
                return None
            moved = life.advance(found, delivery, reason)
            if found.asked_at != asked_at or moved is found:
                return None
            if replacement is not None and life.replaceable(moved, now):
                price = replacement.price.when_free() if moved.free else replacement.price
                ask = Ask.in_lane(price, states, moved, now)
                if not ask.waits(states):
                    moved = replace(moved, lost_by=replacement.lost_by)
                    return Advanced(_send_again(unit, moved, ask, states).job)
            unit.update(moved)
        return Advanced()

    def spend_try(
        self,
        challenge_id: str,
        entry: Entry,
        price: TryPrice,
        *,
        device: bytes,
        enrol: bytes,
        cooldowns: Sequence[Cooldown],
        now: float,
    ) -> Missing | Ended | Refusal | Wrong | Right:
        """Count, compare, consume: one winner, never more than the limits (RULES 5)."""
        tag = phone_tag_of(challenge_id)
        with self._write() as unit:
            found = judging.usable(unit.challenge(challenge_id), entry.binding, now, entry.purpose)
            if not isinstance(found, Challenge):
                return found
            states = unit.lock(try_rows_of(tag, found, price, cooldowns))
            found = judging.usable(
                unit.challenge(challenge_id, lock=True), entry.binding, now, entry.purpose
            )
            if not isinstance(found, Challenge):
                return found
            stand = charging.standing(states, tag, device, now)
            charge = price.of(stand.lane)
            spent = budgets.wait(charge, states[charge.key].counts or {}, now)
            if spent or stand.locked:
                return Refusal(budgets.LOCKED, max(spent, stand.locked))
            if not life.fits(found, entry, now):
                return _missed(unit, found, price, _Tried(stand, states, now))
            refunds = charging.refunds_of(found, "success", states)
            enrolled = bool(enrol) and stand.lane != DEVICE  # a trusted one stays the same
            trusted = enrol if stand.lane != DEVICE else device
            proven = facts.proven(stand.facts, trusted, price.bounds, now)
            changed = charging.given_back(refunds, states)
            changed |= charging.shares_of(refunds, states)
            changed |= {c.key: State(cooldown=CooldownState()) for c in cooldowns}
            changed |= {c.key: charging.spent(c, states, now) for c in price.right}
            changed[charging.facts_key(tag)] = charging.kept(proven, now)
            unit.write(changed)
            unit.update(life.finish(charging.without(found, refunds), "used", now))
            return Right(judging.sealed(found), stand.lane, enrolled)

    def forget_devices(self, phone_tag: str, *, now: float) -> None:
        """Trust no device of this number any more; it stays known."""
        self._change_facts(phone_tag, facts.without_devices, now)

    def unlock(self, phone_tag: str, *, now: float) -> None:
        """Open code entry that too many wrong codes in a row have closed (RULES 20)."""
        self._change_facts(phone_tag, facts.unlocked, now)

    def _change_facts(self, phone_tag: str, change: Callable[[Facts], Facts], now: float) -> None:
        key = charging.facts_key(phone_tag)
        with self._write() as unit:
            found = unit.lock([key])[key].facts
            if found is not None:
                unit.write({key: charging.kept(change(found), now)})

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
        device: bytes,
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
            tag = phone_tag_of(challenge_id)
            states = unit.look(rows_of(tag, price))
        waits = Ask.judged(price, states, tag, device, now).waits(states)
        return Peek(judging.sealed(found), charging.longest(waits))

    def look(self, phone_tag: str, price: AskPrice, *, device: bytes = b"", now: float) -> Look:
        """How a number stands, without touching; `price` holds keys of this number only."""
        with self._read() as unit:
            states = unit.look(rows_of(phone_tag, price))
            alive = judging.alive(unit.challenges_of(phone_tag), now)
        stand = charging.standing(states, phone_tag, device, now)
        counts = [states[charge.key].counts or {} for charge in price.charges]
        pairs = list(zip(price.charges, counts, strict=True))
        return Look(
            spent=tuple(budgets.spent(charge, found, now) for charge, found in pairs),
            waits=tuple(budgets.wait(charge, found, now) for charge, found in pairs),
            cooling=charging.cooling(price.cooldowns, states, now),
            alive=len(alive),
            known=stand.known,
            devices=sum(now < end for end in stand.facts.devices.values()),
            locked=stand.locked,
            trusted=stand.lane == DEVICE,
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


@dataclass(frozen=True, slots=True)
class _Tried:
    """A try as it found the rows."""

    stand: Standing
    states: Mapping[str, State]
    now: float


def _send_again(unit: Unit, challenge: Challenge, ask: Ask, states: Mapping[str, State]) -> Issued:
    again = ask.paid_by(life.ask_again(challenge, ask.now))
    unit.update(again)
    return _paid(unit, again, ask, states)


def _paid(unit: Unit, challenge: Challenge, ask: Ask, states: Mapping[str, State]) -> Issued:
    price, now = ask.price, ask.now
    changed = {c.key: charging.spent(c, states, now) for c in price.charges if c.cost}
    for cooldown in price.cooldowns:
        changed[cooldown.key] = charging.cooled(cooldown, states[cooldown.key], now)
    unit.write(changed)
    after = {**states, **changed}
    return Issued(
        judging.sealed(challenge),
        charging.longest(ask.waits(after)),
        Job(challenge.id, challenge.newest.number, challenge.asked_at),
        ask.stand.lane,
        charging.levels(ask.whole, after, now),
    )


def _missed(unit: Unit, challenge: Challenge, price: TryPrice, tried: _Tried) -> Wrong:
    states, now = tried.states, tried.now
    charge = price.of(tried.stand.lane)
    changed = {c.key: charging.spent(c, states, now) for c in (charge, *price.wrong)}
    if tried.stand.lane != DEVICE:
        again = facts.missed(tried.stand.facts, price.bounds, now)
        changed[charging.facts_key(phone_tag_of(challenge.id))] = charging.kept(again, now)
    unit.write(changed)
    missed = replace(challenge, tries=challenge.tries + 1)
    if not missed.tries_left:
        missed = life.finish(missed, "too_many_tries", now)
    unit.update(missed)
    after = {**states, **changed}
    return Wrong(missed.tries_left, tuple(charging.level(c, after, now) for c in price.wrong))

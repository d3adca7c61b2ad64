"""The verbs, written once, over anything that can lock, read and write in one transaction.

Order of locks, the same in every verb: budget rows by sorted key, then the challenge's row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from flask_phoneauth import budgets
from flask_phoneauth.budgets import DEVICE, AskPrice, Cooldown, CooldownState, TryPrice
from flask_phoneauth.otp import challenge as life
from flask_phoneauth.otp.challenge import Draft, Entry, phone_tag_of
from flask_phoneauth.records import Challenge, Spend
from flask_phoneauth.stores import charging, facts, judging
from flask_phoneauth.stores.asking import Ask, rows_of, try_rows_of
from flask_phoneauth.stores.base import (
    Ended,
    Held,
    Issued,
    Look,
    Missing,
    Peek,
    Refusal,
    Right,
    Surveyed,
    Wrong,
)
from flask_phoneauth.stores.charging import Standing, State
from flask_phoneauth.stores.facts import Facts
from flask_phoneauth.stores.transactional_jobs import JobVerbs
from flask_phoneauth.stores.units import Unit, lapse, pay, send_again

SWEEP_SECONDS = 30


class TransactionalStore(JobVerbs):
    """`ChallengeStore` over units of work; memory and SQL differ only in their `Unit`."""

    def __init__(self) -> None:
        self._swept_at = 0.0

    def issue(
        self, draft: Draft, price: AskPrice, *, live_limit: int, device: bytes, now: float
    ) -> Issued | Refusal:
        """Make the challenge, or continue or repeat this binding's own (RULES 4)."""
        price = price.when_free() if draft.free else price
        tag = phone_tag_of(draft.id)
        self._sweep(now)
        with self._write() as unit:
            states = unit.lock(rows_of(tag, price))
            # locked, for the job of an earlier message may be writing down what became of it
            every, states = lapse(unit, unit.challenges_of(tag, lock=True), states, now)
            ask = Ask.judged(price, states, tag, device, now)
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
                _lead(unit, every, draft, current.id)
                longest = charging.longest(waits)
                return Issued(judging.sealed(current), longest, None, ask.stand.lane)
            if waits:
                return Refusal(waits[0].code, charging.longest(waits))
            for left in judging.left_behind(alive, draft):
                unit.update(life.finish(left, "expired", now))
            _lead(unit, every, draft, current.id if current else draft.id)
            if current is not None:
                current = replace(current, channel=draft.channel)
                return send_again(unit, current, ask, states)
            for worn in mine:
                unit.update(life.finish(worn, "used", now))
            made = ask.paid_by(life.begin(draft, now))
            unit.add(made)
            return pay(unit, made, ask, states)

    def resend(
        self,
        challenge_id: str,
        binding: bytes,
        price: AskPrice,
        *,
        device: bytes,
        channel: str = "",
        now: float,
    ) -> Issued | Refusal | Missing | Ended:
        """Ask for the message once more; by another channel where one is named."""
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
            found = replace(found, channel=channel or found.channel)
            return send_again(unit, found, ask, states)

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
    ) -> Missing | Ended | Refusal | Wrong | Held | Right:
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
            if entry.stage != life.JUDGE and (spent or stand.locked):
                return Refusal(budgets.LOCKED, max(spent, stand.locked))
            tried = _Tried(stand, states, now)
            if entry.stage == life.HOLD or not life.fits(found, entry, now):
                return _NOT_RIGHT[entry.stage](unit, found, price, tried)
            refunds = charging.refunds_of(found, "success", states)
            proves = life.proves_number(found.channel)
            # a trusted one stays the same
            enrolled = bool(enrol) and stand.lane != DEVICE and proves
            trusted = enrol if stand.lane != DEVICE else device
            changed = charging.given_back(refunds, states)
            changed |= charging.shares_of(refunds, states)
            changed |= {c.key: State(cooldown=CooldownState()) for c in cooldowns}
            changed |= {c.key: charging.spent(c, states, now) for c in price.right}
            if proves:
                proven = facts.proven(stand.facts, trusted, price.bounds, now)
                changed[charging.facts_key(tag)] = charging.kept(proven, now)
            unit.write(changed)
            proved = charging.kept_for_good(charging.without(found, refunds))
            unit.update(life.finish(proved, "used", now))
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

    def survey(self, price: AskPrice, *, known: bool, now: float) -> tuple[Surveyed, ...]:
        """How the shared budgets of a price stand for a number, without touching."""
        with self._read() as unit:
            states = unit.look(charging.keys_of(price.charges))
        return charging.surveyed(price, states, known=known, now=now)

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


def _lead(unit: Unit, every: Iterable[Challenge], draft: Draft, to: str) -> None:
    """The challenge whose right code asks for another one knows which it has led to."""
    for first in every:
        if first.id == draft.follows:
            unit.update(replace(first, led_to=to))


@dataclass(frozen=True, slots=True)
class _Tried:
    """A try as it found the rows."""

    stand: Standing
    states: Mapping[str, State]
    now: float


def _held(unit: Unit, challenge: Challenge, price: TryPrice, tried: _Tried) -> Held | Ended:
    """The try is paid for as a wrong one before anybody is asked about its code."""
    states, now = tried.states, tried.now
    if not challenge.tries_left:
        if life.is_spent(challenge, now):
            unit.update(life.finish(challenge, "too_many_tries", now))
        return Ended("too_many_tries")
    charge = price.of(tried.stand.lane)
    changed = {charge.key: charging.spent(charge, states, now)}
    if tried.stand.lane != DEVICE:
        again = facts.missed(tried.stand.facts, price.bounds, now)
        changed[charging.facts_key(phone_tag_of(challenge.id))] = charging.kept(again, now)
    unit.write(changed)
    bucket = int(now // charge.bucket_seconds)
    held = life.held(challenge, Spend(charge.key, bucket, charge.cost, life.HELD, now))
    unit.update(held)
    return Held(held.tries_left, judging.sealed(held))


def _let_go(unit: Unit, challenge: Challenge, price: TryPrice, tried: _Tried) -> Wrong:
    """A held try was wrong: it is paid for already, but for what is counted over everything."""
    states, now = tried.states, tried.now
    changed = {c.key: charging.spent(c, states, now) for c in price.wrong}
    unit.write(changed)
    wrong = life.let_go(challenge)
    if life.is_spent(wrong, now):
        wrong = life.finish(wrong, "too_many_tries", now)
    unit.update(wrong)
    after = {**states, **changed}
    return Wrong(wrong.tries_left, tuple(charging.level(c, after, now) for c in price.wrong))


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


_NOT_RIGHT: Mapping[str, Callable[..., Wrong | Held | Ended]] = {
    "": _missed,
    life.HOLD: _held,
    life.JUDGE: _let_go,
}
"""What a try comes to that does not open the challenge, by its stage."""

"""Challenges and budgets in Redis: one Lua script a verb, one command on a single server.

What each script decides is what `stores.transactional` decides; the contract tests compare them.
The time is the caller's, as for the other stores; only how long a key lives goes by Redis' own
clock. A script also reaches keys that only its challenge knows (the seed of this browser's
challenge, the budgets that a refund goes to): on a Cluster they are always in the number's slot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from flask_phoneauth.budgets import (
    DEVICE,
    STRANGER,
    AskPrice,
    Cooldown,
    TryPrice,
    of_number,
)
from flask_phoneauth.otp import challenge as life
from flask_phoneauth.otp.challenge import Draft, Entry
from flask_phoneauth.stores.base import (
    Ended,
    Held,
    Issued,
    Level,
    Look,
    Missing,
    Peek,
    Refusal,
    Right,
    Surveyed,
    Wrong,
)
from flask_phoneauth.stores.redis_forms import (
    challenge_form,
    read_challenge,
    read_levels,
)
from flask_phoneauth.stores.redis_jobs import JobVerbs, job_of, keys_for, price_form, who
from flask_phoneauth.stores.redis_shared import Reservation, SharedBudgets


@dataclass(frozen=True, slots=True)
class _Ask:
    """A verb that a price is judged in; `rest` are arguments of its script beside `given`."""

    verb: str
    challenge_id: str
    price: AskPrice
    device: bytes
    now: float
    given: Mapping[str, Any]
    rest: tuple[bytes, ...] = ()

    def guessed(self, lane: str) -> _Ask:
        """As that lane asks; the script says where the guess was wrong."""
        charges = tuple(c for c in self.price.charges if c.lane in ("", lane))
        cooldowns = tuple(c for c in self.price.cooldowns if c.lane in ("", lane))
        given = {**self.given, "guess": lane}
        return replace(self, price=AskPrice(charges, cooldowns), given=given)


class RedisStore(JobVerbs):
    """A `ChallengeStore` on Redis, Valkey, a Cluster of them or a Sentinel's primary."""

    def issue(
        self, draft: Draft, price: AskPrice, *, live_limit: int, device: bytes, now: float
    ) -> Issued | Refusal:
        """Make the challenge, or continue or repeat this binding's own (RULES 4)."""
        price = price.when_free() if draft.free else price
        leased = [charge.key for charge in price.charges if of_number(charge.key)]
        made = challenge_form(life.begin(draft, now))
        given = {
            "made": made,
            "live_limit": live_limit,
            "leased": leased,
            "ends": draft.ends,
            "follows": draft.follows,
        }
        ask = _Ask("issue", draft.id, price, device, now, given, (draft.seed,))
        outcome = self._ask(ask)
        assert isinstance(outcome, Issued | Refusal), "the script has no other answer"
        return outcome

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
        given = {"id": challenge_id, "binding": binding.hex(), "channel": channel}
        return self._ask(_Ask("resend", challenge_id, price, device, now, given))

    def _ask(self, ask: _Ask) -> Issued | Refusal | Missing | Ended:
        ask, reserved, reply = self._judged(ask, pay=True)
        issued = reply[0] == b"issued"
        if self._shared and reserved and reserved.paid and not (issued and reply[4]):
            self._shared.undo(reserved, ask.now)
        if not issued:
            return _refused(reply)
        challenge = read_challenge(reply[1])
        _, _, resend_in, job, paid, lane, told = reply
        totals = read_levels(told, ask.price.charges)
        totals += reserved.totals if reserved and paid else ()
        return Issued(
            challenge, resend_in, job_of(challenge) if job else None, lane.decode(), totals
        )

    def _judged(self, ask: _Ask, *, pay: bool) -> tuple[_Ask, Reservation | None, Any]:
        """The script's reply; on a Cluster the shared part is judged before, by a guessed lane."""
        if self._shared is None:
            return ask, None, self._run_ask(ask, None)
        guessed = ask.guessed(DEVICE if ask.device else STRANGER)
        reserved = self._shared.reserve(guessed.price, ask.now, pay=pay)
        reply = self._run_ask(guessed, reserved)
        if reply[0] != b"lane":
            return guessed, reserved, reply
        if reserved and reserved.paid:
            self._shared.undo(reserved, ask.now)
        # the number does not know that device
        return self._judged(replace(ask, device=b""), pay=pay)

    def _run_ask(self, ask: _Ask, reserved: Reservation | None) -> Any:
        keys = keys_for(ask.challenge_id)
        given = {**ask.given, "price": price_form(keys, ask.price, reserved)}
        given |= who(keys, ask.challenge_id, ask.device)
        return self._run(ask.verb, ask.challenge_id, keys, ask.now, given, *ask.rest)

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
        keys = keys_for(challenge_id)
        given = {
            "id": challenge_id,
            "purpose": entry.purpose,
            "binding": entry.binding.hex(),
            "digests": {key_id: digest.hex() for key_id, digest in entry.digests.items()},
            "stage": entry.stage,
            "of_stranger": keys.charge(price.stranger),
            "of_device": keys.charge(price.device),
            "wrong": [keys.charge(c) for c in price.wrong if self._is_here(c.key)],
            "right": [keys.charge(c) for c in price.right if self._is_here(c.key)],
            "bounds": asdict(price.bounds),
            "cooldowns": [keys.cooldown(c) for c in cooldowns if self._is_here(c.key)],
            **who(keys, challenge_id, device),
            **({"enrol": enrol.hex()} if enrol else {}),
        }
        reply = self._run("spend_try", challenge_id, keys, now, given)
        if reply[0] == b"held":
            return Held(reply[1], read_challenge(reply[2]))
        if reply[0] == b"wrong":
            return Wrong(reply[1], self._wrong_totals(price, reply[2], now))
        if reply[0] != b"right":
            return _refused(reply)
        if self._shared:
            self._shared.succeed(reply[2], cooldowns, price.right, now)
        found, lane = read_challenge(reply[1]), reply[3].decode()
        enrolled = bool(enrol) and lane != DEVICE and life.proves_number(found.channel)
        return Right(found, lane, enrolled)

    def _wrong_totals(self, price: TryPrice, told: Sequence[Any], now: float) -> tuple[Level, ...]:
        if self._shared and price.wrong:
            return self._shared.count(price.wrong, now)
        return read_levels(told, price.wrong)

    def forget_devices(self, phone_tag: str, *, now: float) -> None:
        """Trust no device of this number any more; it stays known."""
        self._change_facts(phone_tag, now, devices=True)

    def unlock(self, phone_tag: str, *, now: float) -> None:
        """Open code entry that too many wrong codes in a row have closed (RULES 20)."""
        self._change_facts(phone_tag, now, devices=False)

    def _change_facts(self, phone_tag: str, now: float, *, devices: bool) -> None:
        keys = keys_for(phone_tag)
        given = {"devices": devices, **who(keys, phone_tag, b"")}
        self._run("facts", phone_tag, keys, now, given)

    def reopen(self, challenge_id: str, *, now: float) -> None:
        """Give a right code back whose user could not be made."""
        self._run("reopen", challenge_id, keys_for(challenge_id), now, {"id": challenge_id})

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
        given = {"id": challenge_id, "binding": binding.hex()}
        ask = _Ask("peek", challenge_id, price, device, now, given)
        _, _, reply = self._judged(ask, pay=False)
        if reply[0] != b"peek":
            return Missing(foreign=reply[0] == b"foreign")
        return Peek(read_challenge(reply[1]), reply[2])

    def look(self, phone_tag: str, price: AskPrice, *, device: bytes = b"", now: float) -> Look:
        """How a number stands, without touching; `price` holds keys of this number only."""
        keys = keys_for(phone_tag)
        given = {"price": keys.price(price), **who(keys, phone_tag, device)}
        reply = self._run("look", phone_tag, keys, now, given)
        alive, cooling, known, devices, locked, trusted, *pairs = reply
        spent, waits = tuple(pairs[::2]), tuple(pairs[1::2])
        return Look(
            spent, waits, cooling, alive, bool(known), devices, locked, trusted=bool(trusted)
        )

    def survey(self, price: AskPrice, *, known: bool, now: float) -> tuple[Surveyed, ...]:
        """How the shared budgets of a price stand for a number, without touching."""
        shared = self._shared or SharedBudgets(self._server)
        return shared.survey(price, known=known, now=now)

    def ping(self) -> None:
        """Ask whether the store answers."""
        self._server.ping()

    def close(self) -> None:
        """Let connections go."""
        self._server.close()


def _refused(reply: Sequence[Any]) -> Refusal | Missing | Ended:
    kind, *told = reply
    if kind == b"refusal":
        return Refusal(told[0].decode(), told[1])
    if kind == b"ended":
        return Ended(told[0].decode())
    return Missing(foreign=kind == b"foreign")

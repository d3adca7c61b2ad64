"""Challenges and budgets in Redis: one Lua script a verb, one command on a single server.

What each script decides is what `stores.transactional` decides; the contract tests compare them.
The time is the caller's, as for the other stores; only how long a key lives goes by Redis' own
clock. A script also reaches keys that only its challenge knows (the seed of this browser's
challenge, the budgets that a refund goes to): on a Cluster they are always in the number's slot.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask_phoneauth.budgets import AskPrice, Charge, Cooldown
from flask_phoneauth.otp import challenge as life
from flask_phoneauth.otp.challenge import Draft, Entry, phone_tag_of
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
from flask_phoneauth.stores.redis_forms import (
    PREFIX,
    SHARED,
    Keys,
    challenge_form,
    challenges_key,
    is_shared,
    read_challenge,
    seeds_prefix,
    spends_form,
)
from flask_phoneauth.stores.redis_server import RedisServer
from flask_phoneauth.stores.redis_shared import Reservation, SharedBudgets


class RedisStore:
    """A `ChallengeStore` on Redis, Valkey, a Cluster of them or a Sentinel's primary."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._shared = SharedBudgets(server) if server.is_cluster else None

    def issue(
        self, draft: Draft, price: AskPrice, *, live_limit: int, now: float
    ) -> Issued | Refusal:
        """Make the challenge, or continue or repeat this binding's own (RULES 4)."""
        price = price.when_free() if draft.free else price
        made = replace(life.begin(draft, now), spends=charging.spends_of(price, now))
        given = {"made": challenge_form(made), "live_limit": live_limit}
        outcome = self._ask("issue", draft.id, price, now, given, draft.seed)
        assert isinstance(outcome, Issued | Refusal), "the script has no other answer"
        return outcome

    def resend(
        self, challenge_id: str, binding: bytes, price: AskPrice, *, now: float
    ) -> Issued | Refusal | Missing | Ended:
        """Ask for the message once more."""
        spends = spends_form(charging.spends_of(price, now))
        given = {"id": challenge_id, "binding": binding.hex(), "spends": spends}
        return self._ask("resend", challenge_id, price, now, given)

    def _ask(
        self,
        verb: str,
        challenge_id: str,
        price: AskPrice,
        now: float,
        given: dict[str, Any],
        *rest: bytes,
    ) -> Issued | Refusal | Missing | Ended:
        reserved = self._reserve(price, now, pay=True)
        keys = _keys(challenge_id)
        given["price"] = _price(keys, price, reserved)
        reply = self._run(verb, challenge_id, keys, now, given, *rest)
        issued = reply[0] == b"issued"
        if self._shared and reserved and reserved.paid and not (issued and reply[4]):
            self._shared.undo(reserved, now)
        if not issued:
            return _refused(reply)
        challenge = read_challenge(reply[1])
        return Issued(challenge, reply[2], _job(challenge) if reply[3] else None)

    def load(self, job: Job, *, now: float) -> Challenge | None:
        """The challenge with its seed, for the job that sends it; None where it is over."""
        given = {"id": job.challenge_id}
        raw, seed = self._run("load", job.challenge_id, _keys(job.challenge_id), now, given)
        if raw is None or seed is None:
            return None
        found = read_challenge(raw, seed)
        # not `ending`: a pending generation may outlive the code that it follows
        return found if not found.ended and now < found.newest.expires_at else None

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
        keys = _keys(job.challenge_id)
        digest = life.NO_CODE if settlement.outcome == "withheld" else settlement.digest
        given = {
            "id": job.challenge_id,
            "generation": job.generation,
            "asked_at": job.asked_at,
            "outcome": settlement.outcome,
            "digest": digest.hex(),
            "reason": settlement.reason,
            "failures": [keys.charge(c) for c in failures if self._is_here(c.key)],
            "cooldowns": [keys.cooldown(c) for c in cooldowns if self._is_here(c.key)],
        }
        reply = self._run("settle", job.challenge_id, keys, now, given)
        if self._shared and reply[0] == b"failed":
            self._shared.fail(reply[1], failures, cooldowns, asked_at=job.asked_at, now=now)

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
        keys = _keys(challenge_id)
        given = {
            "id": challenge_id,
            "purpose": entry.purpose,
            "binding": entry.binding.hex(),
            "digests": {key_id: digest.hex() for key_id, digest in entry.digests.items()},
            "charge": keys.charge(charge),
            "cooldowns": [keys.cooldown(c) for c in cooldowns if self._is_here(c.key)],
        }
        reply = self._run("spend_try", challenge_id, keys, now, given)
        if reply[0] == b"wrong":
            return Wrong(reply[1])
        if reply[0] != b"right":
            return _refused(reply)
        if self._shared:
            self._shared.succeed(reply[2], cooldowns, now)
        return Right(read_challenge(reply[1]))

    def reopen(self, challenge_id: str, *, now: float) -> None:
        """Give a right code back whose user could not be made."""
        self._run("reopen", challenge_id, _keys(challenge_id), now, {"id": challenge_id})

    def peek(
        self,
        challenge_id: str,
        binding: bytes,
        price: AskPrice,
        *,
        now: float,
    ) -> Peek | Missing:
        """Look without touching; `price` is what a resend would cost now."""
        seen = self._reserve(price, now, pay=False)
        keys = _keys(challenge_id)
        given = {"id": challenge_id, "binding": binding.hex(), "price": _price(keys, price, seen)}
        reply = self._run("peek", challenge_id, keys, now, given)
        if reply[0] != b"peek":
            return Missing(foreign=reply[0] == b"foreign")
        return Peek(read_challenge(reply[1]), reply[2])

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
        now, keys = life.later_than(asked_at, now), _keys(challenge_id)
        given = {
            "id": challenge_id,
            "asked_at": asked_at,
            "delivery": delivery,
            "reason": reason,
            "after": life.STEPS[: life.STEPS.index(delivery)] if delivery in life.STEPS else (),
        }
        if replacement is not None:
            given["lost_by"] = replacement.lost_by
            given["price"] = keys.price(replacement.price)
            given["spends"] = spends_form(charging.spends_of(replacement.price, now))
        reply = self._run("advance", challenge_id, keys, now, given)
        if reply[0] == b"issued":
            return Advanced(_job(read_challenge(reply[1])))
        return Advanced() if reply[0] == b"moved" else None

    def look(self, phone_tag: str, price: AskPrice, *, now: float) -> Look:
        """How a number stands, without touching; `price` holds keys of this number only."""
        keys = _keys(phone_tag)
        given = {"price": keys.price(price)}
        alive, cooling, *pairs = self._run("look", phone_tag, keys, now, given)
        return Look(tuple(pairs[::2]), tuple(pairs[1::2]), cooling, alive)

    def ping(self) -> None:
        """Ask whether the store answers."""
        self._server.ping()

    def close(self) -> None:
        """Let connections go."""
        self._server.close()

    def _reserve(self, price: AskPrice, now: float, *, pay: bool) -> Reservation | None:
        return None if self._shared is None else self._shared.reserve(price, now, pay=pay)

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


def _job(challenge: Challenge) -> Job:
    return Job(challenge.id, challenge.newest.number, challenge.asked_at)


def _keys(challenge_id: str) -> Keys:
    return Keys([challenges_key(phone_tag_of(challenge_id))])


def _price(keys: Keys, price: AskPrice, reserved: Reservation | None) -> dict[str, Any]:
    return reserved.form(keys, price) if reserved else keys.price(price)


def _refused(reply: Sequence[Any]) -> Refusal | Missing | Ended:
    kind, *told = reply
    if kind == b"refusal":
        return Refusal(told[0].decode(), told[1])
    if kind == b"ended":
        return Ended(told[0].decode())
    return Missing(foreign=kind == b"foreign")

"""Challenges and prices as our Lua scripts read and write them.

Moments are texts (Lua's JSON rounds numbers to 14 digits), digests hexadecimal, the payload a
text of its own that no script looks into.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from flask_phoneauth.budgets import AskPrice, Charge, Cooldown, of_number
from flask_phoneauth.records import Challenge, Generation, Run, Spend
from flask_phoneauth.stores.base import Level
from flask_phoneauth.stores.charging import facts_key

PREFIX = "phoneauth:"
SHARED = PREFIX + "{shared}:"
_APART = ("seed", "binding", "generations", "spends", "payload", "device", "runs")
_PLAIN = tuple(f.name for f in fields(Challenge) if f.name not in _APART)
_MOMENTS = ("created_at", "expires_at", "asked_at", "ended_at")


def challenges_key(tag: str) -> str:
    """The hash that holds a number's challenges."""
    return f"{PREFIX}{{{tag}}}:challenges"


def seeds_prefix(tag: str) -> str:
    """What the keys of a number's seeds begin with; the challenge's id follows."""
    return f"{PREFIX}{{{tag}}}:seed:"


def is_shared(key: str) -> bool:
    """Whether a budget belongs to no number: an address's or a browser's."""
    return not of_number(key)


def budget_key(key: str) -> str:
    """Where a budget is kept: a number's beside its challenges, the others under one tag."""
    return (SHARED if is_shared(key) else PREFIX) + key


def facts_place(tag: str) -> str:
    """Where the facts of a number are kept."""
    return budget_key(facts_key(tag))


def read_levels(told: Iterable[Any], charges: Iterable[Charge]) -> tuple[Level, ...]:
    """The levels that a script tells as name, spent and limit, one after the other."""
    known = {charge.key: charge for charge in charges}
    flat = list(told)
    triples = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
    named = ((known[name.decode()], spent, limit) for name, spent, limit in triples)
    return tuple(Level(c.rule, c.key, spent, limit, c.cost) for c, spent, limit in named)


def challenge_form(challenge: Challenge) -> dict[str, Any]:
    """The document of a challenge; its seed is kept apart."""
    form: dict[str, Any] = {name: getattr(challenge, name) for name in _PLAIN}
    form["binding"] = challenge.binding.hex()
    form["generations"] = [
        [g.number, repr(g.expires_at), (g.digest or b"").hex()] for g in challenge.generations
    ]
    form["spends"] = spends_form(challenge.spends)
    form["payload"] = json.dumps(challenge.payload)
    form["device"] = challenge.device.hex()
    form["runs"] = [[repr(run.asked_at), run.begun, int(run.over)] for run in challenge.runs]
    return form | {name: repr(form[name]) for name in _MOMENTS}


def read_challenge(raw: bytes, seed: bytes | None = None) -> Challenge:
    """The challenge behind a document."""
    form = json.loads(raw)
    form["binding"] = bytes.fromhex(form["binding"])
    form["generations"] = tuple(
        Generation(number, float(expires_at), bytes.fromhex(digest) or None)
        for number, expires_at, digest in form["generations"]
    )
    form["spends"] = tuple(
        Spend(key, bucket, cost, refund_on, float(at), *share)
        for key, bucket, cost, refund_on, at, *share in form["spends"]
    )
    form["payload"] = json.loads(form["payload"])
    form["device"] = bytes.fromhex(form.get("device", ""))  # those of an older release have none
    runs = form.get("runs", ())
    form["runs"] = tuple(Run(float(at), begun, bool(over)) for at, begun, over in runs)
    return Challenge(seed=seed, **form | {name: float(form[name]) for name in _MOMENTS})


def spends_form(spends: Iterable[Spend]) -> list[list[Any]]:
    """What a challenge remembers of its price."""
    return [
        [s.key, s.bucket, s.cost, s.refund_on, repr(s.at), s.share_key, s.window] for s in spends
    ]


class Keys(list[str]):
    """The keys that a script is given, each named by its place from 1."""

    def place(self, key: str) -> int:
        """Add a key and tell its place."""
        self.append(key)
        return len(self)

    def charge(self, charge: Charge) -> dict[str, Any]:
        """A charge whose budget the script reaches."""
        form = {"key": self.place(budget_key(charge.key)), **charge_form(charge)}
        if charge.share:
            form["share_at"] = self.place(budget_key(charge.share_key))
        return form

    def cooldown(self, cooldown: Cooldown) -> dict[str, Any]:
        """A cooldown that the script reaches."""
        return {
            "key": self.place(budget_key(cooldown.key)),
            "ladder": cooldown.ladder,
            "idle": cooldown.idle,
            "jitter": cooldown.jitter,
            **({"lane": cooldown.lane} if cooldown.lane else {}),
        }

    def price(self, price: AskPrice) -> dict[str, Any]:
        """A price all of whose budgets the script reaches."""
        return {
            "charges": [self.charge(charge) for charge in price.charges],
            "cooldowns": [self.cooldown(cooldown) for cooldown in price.cooldowns],
        }


_OPTIONAL = ("record_only", "refund_on", "lane", "known_limit", "share", "share_key", "watched")


def charge_form(charge: Charge) -> dict[str, Any]:
    """What a script needs to know of a charge, wherever its budget is kept."""
    form = {
        "name": charge.key,
        "limit": charge.limit,
        "window": charge.window,
        "bucket": charge.bucket_seconds,
        "cost": charge.cost,
        "code": charge.code,
    }
    return form | {name: value for name in _OPTIONAL if (value := getattr(charge, name))}

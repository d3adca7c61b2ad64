"""Fault rules: which requests and messages they strike, and what they do. Pure.

Each effect has its place: the time before the answer (``delay``), the answer (``error``,
``disconnect``, ``truncate``), the delivery, the webhook. In each place the rules are asked in
their order, and the first that strikes acts.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from sms_sandbox.bucket import Bucket, take
from sms_sandbox.message import Status
from sms_sandbox.numbers import comparison_key
from sms_sandbox.patterns import compile_regex, compile_stars

Place = Literal["time", "answer", "delivery", "webhook"]
EffectType = Literal["error", "delay", "disconnect", "truncate", "delivery", "webhook"]
Mutation = Literal["drop", "duplicate", "reorder", "stale", "bad_signature", "delay"]

EFFECT_TYPES: tuple[EffectType, ...] = get_args(EffectType)
MUTATIONS: tuple[Mutation, ...] = get_args(Mutation)
ENDINGS: tuple[Status, ...] = ("sent", "delivered", "undelivered", "failed")
"""The statuses at which a rule may let a delivery end."""
DEFAULT_PAUSE = 10.0
"""Seconds by which a webhook is delayed if the rule does not say."""
MAX_BUCKETS = 1000
"""How many accounts' rates one rule watches; the one that was quiet longest is forgotten."""

_PLACES: Mapping[EffectType, Place] = {
    "delay": "time",
    "error": "answer",
    "disconnect": "answer",
    "truncate": "answer",
    "delivery": "delivery",
    "webhook": "webhook",
}
_NUMERIC = re.compile(r"\+?[0-9*\s().\-]+")

Pattern = str | Mapping[str, str]
"""A text in which ``*`` stands for anything, or ``{"regex": ...}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a rule looks at: a message, or a request that is none: its ``body`` is empty, or names
    the operation where a vendor's are many."""

    provider: str
    account: str
    recipient: str = field(default="", repr=False)
    sender: str = field(default="", repr=False)
    body: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a rule does. ``status`` is of HTTP for an ``error`` and of the message for a
    ``delivery``; ``seconds`` are real ones for a ``delay``, else of sandbox time."""

    type: EffectType
    status: int | Status | None = None
    code: str | int | None = None
    message: str | None = None
    retry_after: int | None = None
    seconds: float | None = None
    mutation: Mutation | None = None

    @property
    def place(self) -> Place:
        """Where it acts."""
        return _PLACES[self.type]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Effect":
        """The effect of its API object."""
        values = {_INWARD.get((given["type"], name), name): one for name, one in given.items()}
        return cls(**values)

    def as_json(self) -> dict[str, Any]:
        """The API object: only what the rule says."""
        names = ("type", "status", "code", "message", "retry_after", "seconds", "mutation")
        outward = {(kind, inner): outer for (kind, outer), inner in _INWARD.items()}
        return {
            outward.get((self.type, name), name): getattr(self, name)
            for name in names
            if getattr(self, name) is not None
        }


_INWARD: Mapping[tuple[str, str], str] = {
    ("delivery", "error_code"): "code",
    ("delivery", "after"): "seconds",
}
"""What the API calls a value of an effect, and what it is called here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One fault rule. ``match`` maps ``to``, ``from``, ``provider``, ``account`` and ``body`` to
    patterns; ``account`` is the owner, '' for a rule over all accounts. Of ``every``, ``chance``
    (with ``seed``) and ``above_per_second`` at most one is given; ``times`` bounds the hits.
    ``expires_at`` is seconds since 1970 of the owner's time."""

    id: str
    account: str = ""
    match: Mapping[str, Pattern] = field(default_factory=dict, repr=False)
    effect: Effect
    times: int | None = None
    every: int | None = None
    chance: float | None = None
    seed: int | None = None
    above_per_second: float | None = None
    expires_at: float | None = None
    _tests: tuple[Callable[[Subject], bool], ...] = field(
        init=False, default=(), repr=False, compare=False
    )

    def __post_init__(self) -> None:
        tests = tuple(_test(name, pattern) for name, pattern in self.match.items())
        object.__setattr__(self, "_tests", tests)

    def fits(self, subject: Subject) -> bool:
        """Whether the rule is about this subject at all."""
        return self.account in ("", subject.account) and all(one(subject) for one in self._tests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What a rule has seen so far: fitting subjects and hits, whether it is switched on, and for
    each account the tokens left in its bucket and when that was (seconds since 1970)."""

    seen: int = 0
    hits: int = 0
    enabled: bool = True
    buckets: Mapping[str, Bucket] = field(default_factory=dict)


def is_live(rule: Rule, tally: Tally, now: float) -> bool:
    """Whether the rule can strike: switched on, not used up, not expired."""
    used_up = rule.times is not None and tally.hits >= rule.times
    expired = rule.expires_at is not None and now >= rule.expires_at
    return tally.enabled and not used_up and not expired


def look(rule: Rule, tally: Tally, account: str, now: float) -> tuple[Tally, bool]:
    """Count one fitting subject of ``account``; whether the rule would strike it. The hit itself
    is counted by ``struck``, since an earlier rule may have been first."""
    tally = replace(tally, seen=tally.seen + 1)
    if rule.every is not None:
        return tally, tally.seen % rule.every == 0
    if rule.chance is not None:
        return tally, _draw(rule.seed or 0, tally.seen) < rule.chance
    if rule.above_per_second is not None:
        return _take_token(rule.above_per_second, tally, account, now)
    return tally, True


def struck(tally: Tally) -> Tally:
    """The tally after a hit."""
    return replace(tally, hits=tally.hits + 1)


def _take_token(rate: float, tally: Tally, account: str, now: float) -> tuple[Tally, bool]:
    """A bucket of one second's tokens: above ``rate`` is what finds it empty."""
    bucket, enough = take(tally.buckets.get(account), rate, max(1.0, rate), now)
    others = {name: one for name, one in tally.buckets.items() if name != account}
    if len(others) >= MAX_BUCKETS:
        del others[next(iter(others))]
    return replace(tally, buckets={**others, account: bucket}), not enough


def _draw(seed: int, number: int) -> float:
    """A number from 0 to 1 that depends on nothing but the seed and the place in the row."""
    digest = hashlib.sha256(f"{seed}:{number}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64


def _test(name: str, pattern: Pattern) -> Callable[[Subject], bool]:
    attribute = {"to": "recipient", "from": "sender"}.get(name, name)
    if not isinstance(pattern, str):
        found = compile_regex(pattern["regex"], f"/match/{name}/regex")
        return lambda subject: found(getattr(subject, attribute))
    if attribute in ("recipient", "sender"):
        fits = compile_stars(_address_pattern(pattern))
        return lambda subject: fits(comparison_key(getattr(subject, attribute)))
    fits = compile_stars(pattern)
    return lambda subject: fits(getattr(subject, attribute))


def _address_pattern(pattern: str) -> str:
    """The pattern in the form in which two spellings of one address are equal."""
    if "*" not in pattern:
        return comparison_key(pattern)
    if _NUMERIC.fullmatch(pattern.strip()):
        return re.sub(r"[^0-9*]", "", pattern)
    return pattern.strip().casefold()

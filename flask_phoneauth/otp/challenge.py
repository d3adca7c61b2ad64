"""A challenge's life as pure moves: issue, resend, settle, judge (RULES 2-6)."""

from __future__ import annotations

import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask_phoneauth.records import EMAIL, Challenge, Generation, Job, Run, Spend

REMEMBERED = 600
"""Seconds for which a finished challenge still answers what became of it."""
REPEAT_FLOOR = 90
REPEAT_SHARE = 0.4
MAX_LIVE_CODES = 2
SENT_UNTIL_FAILED = 30
NO_CODE = bytes(32)
"""A digest that no code has."""
AFTER_SENT = ("failed", "delivered")
"""What only a receipt can say of a message before its provider has answered."""
STEPS = ("queued", "sent", *AFTER_SENT)
"""How a delivery moves on."""
BUSY = "busy"
"""Why a message failed that was never queued."""
HOLD = "hold"
JUDGE = "judge"
"""The two stages of a try whose code a vendor has made and judges."""
HELD = "held success"
"""What gives the charge of such a try back: the very success that it led to."""
HELD_FOR = 30
"""Seconds for which a vendor may still say that a held try is right."""
MOST_RUNS = 2
"""Runs of one job that may send: a second one only where the worker of the first was lost."""
REMEMBERED_RUNS = 8
"""Messages of a challenge whose runs are known; jobs of older ones are past their time."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A challenge that is asked for; it becomes one only if the store finds room.

    Once its message is asked for, the same binding's challenges of the purpose `ends` are over.
    The number's challenge `follows`, whose right code asks for this one, knows it from then on.
    """

    id: str
    purpose: str
    phone: str = field(repr=False)
    binding: bytes = field(repr=False)
    reference: str
    channel: str
    key_id: str
    seed: bytes = field(repr=False)
    digest: bytes = field(repr=False)
    code_length: int
    code_ttl: int
    max_tries: int
    free: bool = False
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)
    ends: str = ""
    follows: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One typed code: its digest under each key that may have made the challenge, by key id.

    `stage` is of a try that somebody else judges: `HOLD` counts it and compares nothing, `JUDGE`
    compares and counts nothing.
    """

    purpose: str
    binding: bytes = field(repr=False)
    digests: Mapping[str, bytes] = field(repr=False)
    stage: str = ""


def phone_tag_of(challenge_id: str) -> str:
    """The number's tag, the part of the id before the dot."""
    return challenge_id.partition(".")[0]


def purpose_for(kind: str, holder: str) -> str:
    """A purpose that only one holder's challenges have: no other's code or try fits them."""
    return f"{kind}:{holder}"


def kind_of(purpose: str) -> str:
    """The purpose without its holder."""
    return purpose.partition(":")[0]


def proves_number(channel: str) -> bool:
    """Whether the right code of that channel proves the number: e-mail never does (RULES 10)."""
    return channel != EMAIL


def begin(draft: Draft, now: float) -> Challenge:
    """The first generation, live at once: the caller knows its digest."""
    expires_at = now + draft.code_ttl
    return Challenge(
        id=draft.id,
        purpose=draft.purpose,
        phone=draft.phone,
        binding=draft.binding,
        reference=draft.reference,
        channel=draft.channel,
        key_id=draft.key_id,
        seed=draft.seed,
        generations=(Generation(0, expires_at, draft.digest),),
        code_length=draft.code_length,
        code_ttl=draft.code_ttl,
        free=draft.free,
        max_tries=draft.max_tries,
        created_at=now,
        expires_at=expires_at,
        asked_at=now,
        payload=draft.payload,
    )


def ending(challenge: Challenge, now: float) -> str:
    """`used`, `too_many_tries`, `expired`, or nothing while it lives."""
    if challenge.ended:
        return challenge.ended
    return "expired" if now >= challenge.expires_at else ""


def forgotten(challenge: Challenge, now: float) -> bool:
    """Whether it is over for so long that it answers as if it never was."""
    ended_at = challenge.ended_at if challenge.ended else challenge.expires_at
    return now >= ended_at + REMEMBERED


def bound(challenge: Challenge, binding: bytes) -> bool:
    """Whether this browser or program started it; in constant time."""
    return hmac.compare_digest(challenge.binding, binding)


def _lasts(challenge: Challenge, now: float) -> bool:
    """Whether the newest code has enough time left to be sent once more (RULES 6)."""
    left = challenge.newest.expires_at - now
    return left >= max(REPEAT_FLOOR, REPEAT_SHARE * challenge.code_ttl)


def ask_again(challenge: Challenge, now: float) -> Challenge:
    """A resend: the same code while it has time left, else a new, pending generation."""
    newest = challenge.newest
    if _lasts(challenge, now):
        return replace(challenge, asked_at=now, delivery="queued", reason="")
    if newest.digest is None:  # nothing of the pending one is known to have left: renew it
        generations = challenge.generations[:-1]
    else:
        generations = tuple(g for g in challenge.generations if g.expires_at > now)
        generations = generations[-(MAX_LIVE_CODES - 1) :]
    following = Generation(newest.number + 1, now + challenge.code_ttl)
    return replace(
        challenge,
        generations=(*generations, following),
        asked_at=now,
        delivery="queued",
        reason="",
    )


def run_of(challenge: Challenge, job: Job) -> Run | None:
    """The runs of this job so far; None where there was none."""
    return next((run for run in challenge.runs if run.asked_at == job.asked_at), None)


def taken(challenge: Challenge, job: Job) -> Challenge | None:
    """The challenge with one more run of the job begun; None where another run has sent, or does.

    A broker brings a job again where it has lost the first one's worker, perhaps in the midst of
    sending: then it is sent once more with the same code, as after a time-out (RULES 27).
    """
    run = run_of(challenge, job)
    if run is None:
        run = Run(job.asked_at)
    elif run.over or job.delivered < MOST_RUNS or run.begun >= MOST_RUNS:
        return None
    else:
        run = replace(run, begun=run.begun + 1)
    return _with_run(challenge, run)


def run_over(challenge: Challenge, job: Job) -> Challenge:
    """The challenge that knows what became of this job: no later run of it sends."""
    run = run_of(challenge, job)
    return challenge if run is None else _with_run(challenge, replace(run, over=True))


def _with_run(challenge: Challenge, run: Run) -> Challenge:
    others = tuple(one for one in challenge.runs if one.asked_at != run.asked_at)
    return replace(challenge, runs=(*others, run)[-REMEMBERED_RUNS:])


def never_queued(challenge: Challenge, job: Job, reason: str) -> bool:
    """Whether nobody knows of it: its first message found no room, and its asker got no id."""
    return reason == BUSY and challenge.created_at == job.asked_at


def accept(challenge: Challenge, generation: int, digest: bytes) -> Challenge:
    """A provider took the message: a pending generation becomes live and carries the expiry."""
    generations = tuple(
        replace(g, digest=digest) if g.number == generation and g.digest is None else g
        for g in challenge.generations
    )
    expires_at = max(g.expires_at for g in generations if g.digest is not None)
    # a receipt may be quicker than the answer that it follows
    early = challenge.delivery in AFTER_SENT
    return replace(
        challenge,
        generations=generations,
        expires_at=expires_at,
        delivery=challenge.delivery if early else "sent",
        reason=challenge.reason if early else "",
    )


def withhold(challenge: Challenge, generation: int) -> Challenge:
    """Nothing is sent, yet it lives as long as a sent one, or its end would tell (RULES 11)."""
    return replace(accept(challenge, generation, NO_CODE), delivery="withheld")


def fail(challenge: Challenge, generation: int, reason: str) -> Challenge:
    """The message is known not to have left: a pending generation is discarded."""
    generations = tuple(
        g for g in challenge.generations if g.number != generation or g.digest is not None
    )
    return replace(challenge, generations=generations, delivery="failed", reason=reason)


def advance(challenge: Challenge, delivery: str, reason: str) -> Challenge:
    """A receipt's word, forward only; the very same challenge where it is no step forward.

    "Delivered" follows "failed": of two messages with one code the first may have been lost.
    """
    if challenge.delivery not in STEPS or delivery not in STEPS:
        return challenge
    if STEPS.index(delivery) <= STEPS.index(challenge.delivery):
        return challenge
    return replace(challenge, delivery=delivery, reason=reason)


def later_than(asked_at: float, now: float) -> float:
    """The time, and never that of the ask itself, though a clock was set back.

    A message is told from the one that takes its place by when it was asked for.
    """
    return max(now, math.nextafter(asked_at, math.inf))


def replaceable(challenge: Challenge, now: float) -> bool:
    """Whether a message that a receipt calls lost may be sent anew: once, with the same code."""
    lost = challenge.delivery == "failed" and not challenge.lost_by
    return lost and challenge.seed is not None and _lasts(challenge, now)


def held(challenge: Challenge, spend: Spend) -> Challenge:
    """One try more, paid for by `spend` and not judged yet; the challenge still lives."""
    return replace(challenge, tries=challenge.tries + 1, spends=(*challenge.spends, spend))


def let_go(challenge: Challenge) -> Challenge:
    """A held try was wrong: what it cost stays spent."""
    mine = next((spend for spend in challenge.spends if spend.refund_on == HELD), None)
    if mine is None:
        return challenge
    place = challenge.spends.index(mine)
    return replace(challenge, spends=challenge.spends[:place] + challenge.spends[place + 1 :])


def is_spent(challenge: Challenge, now: float) -> bool:
    """Whether no try is left, and none is held that may still prove right."""
    held = (spend.at for spend in challenge.spends if spend.refund_on == HELD)
    return not challenge.tries_left and not any(now < at + HELD_FOR for at in held)


def fits(challenge: Challenge, entry: Entry, now: float) -> bool:
    """Whether the typed code is one of the live ones; every live digest is compared."""
    typed = entry.digests.get(challenge.key_id, b"")
    found = False
    for generation in challenge.generations:
        if generation.digest is not None and now < generation.expires_at:
            found |= hmac.compare_digest(generation.digest, typed)
    return found


def finish(challenge: Challenge, how: str, now: float) -> Challenge:
    """Over: the seed is erased, the fate stays for ten minutes."""
    return replace(challenge, seed=None, ended=how, ended_at=now)


def reopen(challenge: Challenge) -> Challenge:
    """Back to life after a right code whose user could not be made; without seed, so no resend."""
    return replace(challenge, ended="", ended_at=0.0, led_to="")


def delivery_shown(challenge: Challenge, now: float) -> str:
    """`queued`, `sent`, `delivered` or `failed`; what was withheld looks like a lost message."""
    if challenge.delivery != "withheld":
        return challenge.delivery
    return "sent" if now < challenge.asked_at + SENT_UNTIL_FAILED else "failed"

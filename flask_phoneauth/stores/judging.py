"""What a challenge answers to a verb: pure judgements that every transactional store shares."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from flask_phoneauth.otp import challenge as life
from flask_phoneauth.otp.challenge import Draft
from flask_phoneauth.records import Challenge, Job
from flask_phoneauth.stores.base import Ended, Missing, Settlement


def alive(challenges: Iterable[Challenge], now: float) -> list[Challenge]:
    """Those that are not over."""
    return [challenge for challenge in challenges if not life.ending(challenge, now)]


def sealed(challenge: Challenge) -> Challenge:
    """As it may leave the store: only the job that sends the code sees the seed (RULES 1)."""
    return replace(challenge, seed=None)


def same_start(challenge: Challenge, draft: Draft) -> bool:
    """Whether a start is of this purpose, from this browser, and proves as much."""
    alike = life.proves_number(challenge.channel) == life.proves_number(draft.channel)
    return alike and challenge.purpose == draft.purpose and life.bound(challenge, draft.binding)


def left_behind(alive: Iterable[Challenge], draft: Draft) -> list[Challenge]:
    """Those of this browser that a new start ends."""
    return [c for c in alive if c.purpose == draft.ends and life.bound(c, draft.binding)]


def usable(
    found: Challenge | None, binding: bytes, now: float, purpose: str | None = None
) -> Challenge | Missing | Ended:
    """The challenge where it may be used, or why not."""
    if found is None or life.forgotten(found, now):
        return Missing()
    if not life.bound(found, binding) or purpose not in (None, found.purpose):
        return Missing(foreign=True)
    how = life.ending(found, now)
    return Ended(how) if how else found


def sendable(found: Challenge | None, now: float) -> Challenge | None:
    """The challenge where its message may still leave; None where it is over."""
    if found is None or found.ended or found.seed is None:
        return None
    # not `ending`: a pending generation may outlive the code that it follows
    return found if now < found.newest.expires_at else None


def room_in(alive: Sequence[Challenge], live_limit: int, now: float) -> int:
    """Whole seconds until one more challenge may be open; 0 where it may be now."""
    over = len(alive) - live_limit
    if over < 0:
        return 0
    return max(1, math.ceil(sorted(c.expires_at for c in alive)[over] - now))


def settled(challenge: Challenge, job: Job, settlement: Settlement) -> Challenge:
    """The challenge once it is known what became of a message."""
    if challenge.ended:
        return challenge
    challenge = life.run_over(challenge, job)
    newest = challenge.asked_at == job.asked_at
    if settlement.outcome == "failed":
        if not newest:  # a newer message may carry the same code: its own job will tell
            return challenge
        if life.never_queued(challenge, job, settlement.reason):
            return life.finish(challenge, "expired", job.asked_at)
        return life.fail(challenge, job.generation, settlement.reason)
    if settlement.outcome == "accepted":
        moved = life.accept(challenge, job.generation, settlement.digest)
        if settlement.vendor_id and (newest or not challenge.vendor_id):
            moved = replace(moved, vendor_id=settlement.vendor_id)
    else:
        moved = life.withhold(challenge, job.generation)
    if newest:
        return moved
    return replace(moved, delivery=challenge.delivery, reason=challenge.reason)

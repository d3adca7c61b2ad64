"""Somebody types a code: counted, compared and consumed in one step, then let in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_phoneauth.budgets import tries_charge
from flask_phoneauth.errors import (
    ENDINGS,
    InvalidCode,
    InvalidRequest,
    NumberNotVerified,
    TooManyTries,
    UnknownChallenge,
)
from flask_phoneauth.flows.admit import Admitted, admit
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.flows.request_code import refuse
from flask_phoneauth.otp.challenge import Entry, phone_tag_of
from flask_phoneauth.otp.code import digest_code, normalise_code
from flask_phoneauth.phone.virtual import Verdict, is_virtual, verdict
from flask_phoneauth.records import LOGIN, Challenge
from flask_phoneauth.stores.base import Ended, Missing, Refusal, Wrong


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is in, and what waited in the challenge for this moment."""

    user: Any
    new_user: bool
    payload: Mapping[str, Any] = field(repr=False)


def submit_code(parts: Parts, challenge_id: str, code: object, binding: bytes) -> SignedIn:
    """Judge one try of a login code.

    Raises `InvalidRequest` for what is no code (uncounted), `InvalidCode`, `UnknownChallenge`,
    a `Gone`, `Locked`, `NumberNotVerified` or an `Unavailable`.
    """
    proven = prove(parts, challenge_id, code, binding, purpose=LOGIN)
    if is_virtual(proven.phone) and verdict(proven.phone) is not Verdict.VERIFIED:
        raise NumberNotVerified
    admitted = _admitted(parts, proven)
    return SignedIn(admitted.user, admitted.new_user, proven.payload)


def prove(
    parts: Parts, challenge_id: str, code: object, binding: bytes, *, purpose: str
) -> Challenge:
    """Spend one try; the challenge comes back to its one winner only."""
    length = parts.settings.code_length
    digits = normalise_code(code, length)
    if digits is None:
        raise InvalidRequest(
            "A code has {length} digits.", pointer="/code", places={"length": length}
        )
    outcome = parts.challenges.spend_try(
        challenge_id,
        Entry(purpose, binding, _digests(parts, challenge_id, purpose, digits)),
        tries_charge(parts.settings, phone_tag_of(challenge_id)),
        cooldowns=parts.cooldowns(challenge_id, binding),
        now=parts.clock.now(),
    )
    if isinstance(outcome, Missing):
        raise InvalidCode if outcome.foreign else UnknownChallenge
    if isinstance(outcome, Ended):
        raise ENDINGS[outcome.how]
    if isinstance(outcome, Refusal):
        refuse(parts, outcome, purpose=purpose, phone="")
    if isinstance(outcome, Wrong):
        if not outcome.tries_left:
            raise TooManyTries
        raise InvalidCode(tries_left=outcome.tries_left)
    return outcome.challenge


def _digests(parts: Parts, challenge_id: str, purpose: str, digits: str) -> dict[str, bytes]:
    return {
        keys.id: digest_code(keys.check, challenge_id=challenge_id, purpose=purpose, code=digits)
        for keys in parts.keys.all
    }


def _admitted(parts: Parts, proven: Challenge) -> Admitted:
    """Let the winner in; if the user cannot be made, the right code stays good."""
    judged = False
    try:
        admitted = admit(parts, proven.phone)
        judged = True
    except InvalidCode:
        judged = True
        raise
    finally:
        if not judged:
            parts.challenges.reopen(proven.id, now=parts.clock.now())
    return admitted

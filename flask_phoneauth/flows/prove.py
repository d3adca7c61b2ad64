"""A code is typed: counted, compared and consumed in one step, whatever it is to open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask_phoneauth.budgets import tries_charge
from flask_phoneauth.errors import (
    ENDINGS,
    InvalidCode,
    InvalidRequest,
    NumberNotVerified,
    PhoneAuthError,
    TooManyTries,
    UnknownChallenge,
)
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.flows.request_code import refuse
from flask_phoneauth.otp.challenge import Entry, phone_tag_of
from flask_phoneauth.otp.code import digest_code, normalise_code
from flask_phoneauth.phone.virtual import Verdict, is_virtual, verdict
from flask_phoneauth.records import Challenge
from flask_phoneauth.stores.base import Ended, Missing, Refusal, Wrong


def prove(
    parts: Parts, challenge_id: str, code: object, binding: bytes, *, purpose: str
) -> Challenge:
    """Spend one try; the challenge comes back to its one winner only.

    Raises `InvalidRequest` for what is no code (uncounted), `InvalidCode`, `UnknownChallenge`,
    a `Gone`, `Locked`, `NumberNotVerified` or an `Unavailable`.
    """
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
    phone = outcome.challenge.phone
    if is_virtual(phone) and verdict(phone) is not Verdict.VERIFIED:
        raise NumberNotVerified
    return outcome.challenge


@contextmanager
def reopening(
    parts: Parts, challenge_id: str, *, unless: type[PhoneAuthError] | None = None
) -> Iterator[None]:
    """What fails in here, but for the verdict `unless`, leaves the right code good."""
    judged = False
    try:
        yield
        judged = True
    except PhoneAuthError as error:
        judged = unless is not None and isinstance(error, unless)
        raise
    finally:
        if not judged:
            parts.challenges.reopen(challenge_id, now=parts.clock.now())


def _digests(parts: Parts, challenge_id: str, purpose: str, digits: str) -> dict[str, bytes]:
    return {
        keys.id: digest_code(keys.check, challenge_id=challenge_id, purpose=purpose, code=digits)
        for keys in parts.keys.all
    }

"""A code is typed: counted, compared and consumed in one step, whatever it is to open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask_phoneauth.budgets import AskPrice
from flask_phoneauth.errors import (
    ENDINGS,
    InvalidCode,
    InvalidRequest,
    NumberNotVerified,
    PhoneAuthError,
    TooManyTries,
    UnknownChallenge,
)
from flask_phoneauth.events import CodeWrong
from flask_phoneauth.flows.alarm import LONG_CODE
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.flows.request_code import refuse
from flask_phoneauth.flows.vendor_codes import Outcome, judge
from flask_phoneauth.otp.challenge import Entry, kind_of, phone_tag_of
from flask_phoneauth.otp.code import digest_code, normalise_code
from flask_phoneauth.phone.virtual import Verdict, is_virtual, verdict
from flask_phoneauth.prices import try_price
from flask_phoneauth.records import Challenge
from flask_phoneauth.stores.base import Ended, Missing, Peek, Refusal, Right, Wrong


@dataclass(frozen=True, slots=True)
class Device:
    """The browser that types the code: the SHA-256 of the token that it has for the number.

    `enrol` is that of the token that it is to be given if it proves the number as a stranger.
    """

    token: bytes = field(default=b"", repr=False)
    enrol: bytes = field(default=b"", repr=False)


NO_DEVICE = Device()
"""A program, or a browser that is not to be remembered."""


@dataclass(frozen=True, slots=True)
class Proven:
    """The challenge of the right code, and whether the browser's new token is remembered."""

    challenge: Challenge
    enrolled: bool = False


def prove(
    parts: Parts,
    challenge_id: str,
    code: object,
    binding: bytes,
    *,
    purpose: str,
    or_else: str = "",
    device: Device = NO_DEVICE,
) -> Proven:
    """Spend one try; the challenge comes back to its one winner only.

    One that is not of `purpose` may be of the purpose `or_else`, where that is given.
    Raises `InvalidRequest` for what is no code (uncounted), `InvalidCode`, `UnknownChallenge`,
    a `Gone`, `Locked`, `NumberNotVerified` or an `Unavailable`.
    """
    now, tag = parts.clock.now(), phone_tag_of(challenge_id)
    digits = _typed(parts, challenge_id, code, binding, now)

    def spend(code: str, stage: str, wanted: str = purpose) -> Outcome:
        digests = _digests(parts, challenge_id, wanted, code) if code else {}
        return parts.challenges.spend_try(
            challenge_id,
            Entry(wanted, binding, digests, stage),
            try_price(parts.settings, tag, device.token),
            device=device.token,
            enrol=device.enrol,
            cooldowns=parts.cooldowns(challenge_id, binding, device.token),
            now=now,
        )

    verifier = parts.verifier
    outcome = judge(verifier, digits, spend) if verifier else spend(digits, "")
    if or_else and isinstance(outcome, Missing) and outcome.foreign:
        purpose, outcome = or_else, spend(digits, "", or_else)  # no vendor makes such a code
    return _proven(parts, challenge_id, purpose, outcome, now)


def _proven(parts: Parts, challenge_id: str, purpose: str, outcome: Outcome, now: float) -> Proven:
    """The challenge of a right code; every other outcome as its error."""
    if isinstance(outcome, Missing):
        raise InvalidCode if outcome.foreign else UnknownChallenge
    if isinstance(outcome, Ended):
        raise ENDINGS[outcome.how]
    if isinstance(outcome, Refusal):
        refuse(parts, outcome, purpose=purpose, tag=phone_tag_of(challenge_id))
    if isinstance(outcome, Wrong):
        parts.alarm.note(outcome.totals, parts.notify, now)
        parts.notify(CodeWrong(challenge_id, kind_of(purpose), outcome.tries_left))
        if not outcome.tries_left:
            raise TooManyTries
        raise InvalidCode(tries_left=outcome.tries_left)
    assert isinstance(outcome, Right), "a try that is held is judged at once"
    phone = outcome.challenge.phone
    if is_virtual(phone) and verdict(phone) is not Verdict.VERIFIED:
        raise NumberNotVerified
    return Proven(outcome.challenge, outcome.enrolled)


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


def _typed(parts: Parts, challenge_id: str, code: object, binding: bytes, now: float) -> str:
    """The typed code if it can be one: a longer one only where that was sent."""
    length = parts.settings.code_length
    digits = normalise_code(code, length)
    if digits is None and length < LONG_CODE:
        longer = normalise_code(code, LONG_CODE)
        digits = longer if longer and _is_long(parts, challenge_id, binding, now) else None
    if digits is None:
        raise InvalidRequest(
            "A code has {length} digits.", pointer="/code", places={"length": length}
        )
    return digits


def _is_long(parts: Parts, challenge_id: str, binding: bytes, now: float) -> bool:
    """Whether it was issued under a wide attack (RULES 23)."""
    nothing = AskPrice((), ())
    peek = parts.challenges.peek(challenge_id, binding, nothing, device=b"", now=now)
    return isinstance(peek, Peek) and peek.challenge.code_length == LONG_CODE


def _digests(parts: Parts, challenge_id: str, purpose: str, digits: str) -> dict[str, bytes]:
    return {
        keys.id: digest_code(keys.check, challenge_id=challenge_id, purpose=purpose, code=digits)
        for keys in parts.keys.all
    }

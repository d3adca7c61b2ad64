"""Codes that a vendor makes and checks, behind the same asks, tries and sessions as our own.

What the store compares in place of such a code is a word that cannot be typed: it is entered by
us, once the vendor has said that the code is right.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from flask_phoneauth.delivery.failover import Passage
from flask_phoneauth.errors import ProviderDown, ProviderUnavailable, SendFailed, SendUncertain
from flask_phoneauth.flows.parts import Parts, test_code
from flask_phoneauth.otp.challenge import HOLD, JUDGE
from flask_phoneauth.phone.virtual import Verdict as VirtualVerdict
from flask_phoneauth.phone.virtual import fixed_code, is_virtual
from flask_phoneauth.phone.virtual import verdict as virtual_verdict
from flask_phoneauth.records import EMAIL, Accepted, Challenge
from flask_phoneauth.stores.base import Ended, Held, Missing, Refusal, Right, Wrong
from flask_phoneauth.verifiers.base import Verifier, Wish

JUDGED = "judged by the vendor"
"""Stands for every code that a vendor makes; no typed code has letters."""
MARK = "verifier"
"""The entry of a challenge's payload that names who makes its code."""

Outcome = Missing | Ended | Refusal | Wrong | Held | Right
Spend = Callable[[str, str], Outcome]
"""Spends a try of a code (`""`: one that is not compared) in a stage."""


def is_managed(challenge: Challenge) -> bool:
    """Whether a vendor makes the code of this challenge."""
    return MARK in challenge.payload


def manages(parts: Parts, phone: str, channel: str, now: float) -> bool:
    """Whether a vendor is to make the code of a new challenge."""
    own = channel == EMAIL or test_code(parts.settings, phone, now) is not None
    return parts.verifier is not None and not own


def tries(parts: Parts) -> int:
    """How many tries such a challenge has: no more than the vendor lets follow."""
    most = parts.settings.max_tries
    return most if parts.verifier is None else min(most, parts.verifier.max_tries)


def start(parts: Parts, challenge: Challenge, seconds: float) -> Passage:
    """Have the vendor send its code; its id is that of the accepted message.

    What may have begun is asked for once more: a vendor joins what runs for the number.
    """
    verifier = parts.verifier
    if verifier is None:  # it was switched off since
        return Passage(failure=ProviderDown("no_verifier"))
    wish = Wish(
        number=challenge.phone,
        channel=challenge.channel,
        code_length=challenge.code_length,
        seconds=int(seconds),
        brand=parts.brand,
        locale=str(challenge.payload.get("locale") or "en"),
        former=challenge.vendor_id,
        app_hash=parts.settings.app_hash if challenge.payload.get("app") else "",
    )
    try:
        return Passage(Accepted(verifier.name, _started(verifier, wish)))
    except SendUncertain as failure:  # nobody knows its id, so its code is good for nothing
        return Passage(failure=ProviderDown(failure.reason, failure.answer))
    except SendFailed as failure:
        return Passage(failure=failure)


def judge(verifier: Verifier, code: str, spend: Spend) -> Outcome:
    """Spend a try, ask the vendor, and consume the challenge if the code is right.

    The try is paid for before the vendor is asked; where it does not answer, it stays so. The
    vendor is asked of every number alike, and of what else it says nobody learns: a message that
    was withheld, from a blocked number say, has no verification (RULES 28). Raises
    `ProviderUnavailable`.
    """
    held = spend("", HOLD)
    if not isinstance(held, Held):
        return held
    challenge = held.challenge
    if not is_managed(challenge):
        return spend(code, JUDGE)
    vendor_id = challenge.vendor_id or verifier.nobodys()
    try:
        verdict = verifier.judge(vendor_id, code)
    except SendFailed:
        raise ProviderUnavailable from None
    # the code of such a number is right; it is the number that cannot be verified
    if verdict == "right" or _is_refused_virtual(challenge, code):
        return spend(JUDGED, JUDGE)
    outcome = spend("", JUDGE)
    if isinstance(outcome, Wrong) and not outcome.tries_left:
        with suppress(SendFailed):  # it ends by itself, later
            verifier.cancel(vendor_id)
    return outcome


def _started(verifier: Verifier, wish: Wish) -> str:
    try:
        return verifier.start(wish)
    except SendUncertain:
        return verifier.start(wish)


def _is_refused_virtual(challenge: Challenge, code: str) -> bool:
    phone = challenge.phone
    if not is_virtual(phone) or virtual_verdict(phone) is not VirtualVerdict.NOT_VERIFIED:
        return False
    return code == fixed_code(phone, challenge.code_length)

"""A number with a new SIM is proven: its account takes a second code, which comes by e-mail.

What is half proven is an ordinary challenge of a purpose of its own, on the same number, of the
same browser, for one account: it ends with its code, its tries or its time, and when a login of
that browser begins anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from flask_phoneauth.errors import Expired, SimChanged
from flask_phoneauth.events import CodeRefused
from flask_phoneauth.flows.channels import ACCOUNT, email_of, mark_of_account, offered
from flask_phoneauth.flows.check_sim import unconfirmed
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.flows.prove import reopening
from flask_phoneauth.flows.request_code import Ask, Asked, issue_challenge
from flask_phoneauth.phone.number import mask, parse
from flask_phoneauth.records import EMAIL, STEP_UP, Challenge, Client

PROOF_LIFE = 900
"""Seconds after the number's proof in which the second code must be typed, whatever is resent."""
PROVEN_AT = "proven_at"
"""The entry of a second challenge's payload that tells when the number was proven."""


@dataclass(frozen=True, slots=True)
class Halfway:
    """A number was proven, and its account is not open yet: nobody is signed in.

    `proof` is the challenge of the right code, nothing where the mobile network has told.
    """

    user: Any
    phone: str = field(repr=False)
    purpose: str
    payload: Mapping[str, Any] = field(repr=False)
    proof: str = ""


def ask_second(parts: Parts, half: Halfway, binding: bytes, client: Client) -> Asked:
    """Send the second code to the account's verified address.

    Raises `SimChanged` where it has none, a `Refused` or an `Unavailable`; after these two the
    right code stays good.
    """
    again = reopening(parts, half.proof, unless=SimChanged) if half.proof else nullcontext()
    with again:
        if EMAIL not in offered(parts, STEP_UP) or not email_of(parts, half.user):
            tag = parts.keys.phone_tag(half.phone)
            parts.notify(CodeRefused(half.purpose, mask(half.phone), SimChanged.code, tag))
            raise unconfirmed(parts)
        number = parse(half.phone, virtual_numbers=parts.settings.virtual_numbers)
        return issue_challenge(parts, number, _ask(parts, half, binding, client))


def check_lasts(second: Challenge, now: float) -> None:
    """Raise `Expired` where another e-mail's code would outlive the proof of the number."""
    if now + second.code_ttl > second.payload[PROVEN_AT] + PROOF_LIFE:
        raise Expired("This code is not sent again any more. Use it, or start again.")


def _ask(parts: Parts, half: Halfway, binding: bytes, client: Client) -> Ask:
    return Ask(
        half.phone,
        binding,
        client,
        host=str(half.payload.get("host") or ""),
        purpose=STEP_UP,
        channel=EMAIL,
        payload={
            **{name: half.payload[name] for name in ("next", "remember") if name in half.payload},
            ACCOUNT: mark_of_account(parts, half.user),
            PROVEN_AT: parts.clock.now(),
        },
        follows=half.proof,
    )

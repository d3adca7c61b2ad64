"""Somebody types a login code: the number is proven, and they are let in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_phoneauth.errors import InvalidCode
from flask_phoneauth.flows.admit import admit, admit_by_email
from flask_phoneauth.flows.check_sim import takes_second
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.flows.prove import NO_DEVICE, Device, prove, reopening
from flask_phoneauth.flows.step_up import Halfway
from flask_phoneauth.records import EMAIL, LOGIN, STEP_UP


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who is in, and what waited in the challenge for this moment.

    `enrolled` tells that the browser's new device token is remembered.
    """

    user: Any
    new_user: bool
    payload: Mapping[str, Any] = field(repr=False)
    enrolled: bool = False


def submit_code(
    parts: Parts, challenge_id: str, code: object, binding: bytes, *, device: Device = NO_DEVICE
) -> SignedIn | Halfway:
    """Judge one try of a login code, or of the second one; raises what `prove` raises.

    If the user cannot be made, the right code stays good. Who is `Halfway` is let in by nobody
    but `ask_second` and its code.
    """
    second = STEP_UP if parts.settings.sim_swap == "step_up" else ""
    proven = prove(parts, challenge_id, code, binding, purpose=LOGIN, or_else=second, device=device)
    challenge = proven.challenge
    with reopening(parts, challenge.id, unless=InvalidCode):
        if challenge.channel == EMAIL:
            admitted = admit_by_email(parts, challenge)
        else:
            admitted = admit(parts, challenge.phone)
            if not admitted.new_user and takes_second(parts, admitted.user, challenge.phone):
                payload = challenge.payload
                return Halfway(admitted.user, challenge.phone, LOGIN, payload, challenge.id)
    return SignedIn(admitted.user, admitted.new_user, challenge.payload, proven.enrolled)

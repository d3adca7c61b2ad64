"""A signed-in user links a number or changes it: a code to the new one, a notice to the old."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flask_phoneauth.errors import Busy, InvalidRequest, NotSignedIn, NumberTaken
from flask_phoneauth.events import PhoneChanged
from flask_phoneauth.flows.notice import record_notice
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.flows.prove import NO_DEVICE, Device, prove, reopening
from flask_phoneauth.flows.request_code import Ask, Asked, request_code
from flask_phoneauth.otp.challenge import purpose_for
from flask_phoneauth.phone.number import mask, parse
from flask_phoneauth.records import CHANGE_PHONE, Job, User

logger = logging.getLogger("flask_phoneauth")


@dataclass(frozen=True, slots=True)
class Changed:
    """The user with the number that was proven, and what waited in the challenge.

    `enrolled` tells that the browser's new device token is remembered.
    """

    user: Any
    phone: str = field(repr=False)
    payload: Mapping[str, Any] = field(repr=False)
    enrolled: bool = False


def ask_to_change(parts: Parts, user: User, ask: Ask) -> Asked:
    """Send a code to the number that this user wants; nothing is changed before its proof.

    Raises what `request_code` raises, and `InvalidRequest` if the number is the user's already.
    """
    settings = parts.settings
    number = parse(
        ask.phone, default_region=settings.default_region, virtual_numbers=settings.virtual_numbers
    )
    if number.e164 == _proven_number(user):
        raise InvalidRequest("This is your number already.", pointer="/phone")
    payload = {**ask.payload, "user": str(user.get_id())}
    return request_code(parts, replace(ask, purpose=_purpose(parts, user), payload=payload))


def change_phone(
    parts: Parts,
    user: User,
    challenge_id: str,
    code: object,
    binding: bytes,
    *,
    device: Device = NO_DEVICE,
) -> Changed:
    """Judge one try of this user's code, and give them the number: the first to prove it has it.

    Raises what `prove` raises, `NumberTaken` if another account was quicker or had it all along,
    `NotSignedIn` if the user is no more. On any other failure the right code stays good.
    """
    user_id = str(user.get_id())
    purpose = _purpose(parts, user)
    right = prove(parts, challenge_id, code, binding, purpose=purpose, device=device)
    proven = right.challenge
    former = _proven_number(user)
    if former == proven.phone:  # repeated, as what follows the change had failed
        return Changed(user, proven.phone, proven.payload, right.enrolled)
    with reopening(parts, proven.id, unless=NumberTaken):
        # written before the change: whoever takes an account over cannot keep it from being told
        notice = record_notice(parts, former, proven.payload)
        if former is not None:  # whoever gets that number next is no device of this user
            parts.challenges.forget_devices(parts.keys.phone_tag(former), now=parts.clock.now())
        parts.users.set_phone(user_id, proven.phone)
    if notice is not None:
        _submit(parts, notice)
    changed = parts.users.get(user_id)
    if changed is None:
        raise NotSignedIn
    parts.notify(PhoneChanged(changed, mask(proven.phone), mask(former) if former else ""))
    return Changed(changed, proven.phone, proven.payload, right.enrolled)


def _proven_number(user: Any) -> str | None:
    """None also for a number that an app's own form took without proof: it is nobody's yet."""
    typed_only = getattr(user, "phone_verified_at", True) is None
    return None if typed_only else user.phone


def _purpose(parts: Parts, user: User) -> str:
    return purpose_for(CHANGE_PHONE, parts.keys.hashed("user", str(user.get_id())))


def _submit(parts: Parts, notice: Job) -> None:
    try:
        parts.dispatch.submit(notice)
    except Busy:  # the number is changed; nothing may say otherwise
        logger.warning("the notice of a changed number was not sent: the queue is full")

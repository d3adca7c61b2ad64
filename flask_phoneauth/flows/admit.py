"""The one door: whoever proved a number is found, or made, here and nowhere else (RULES 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_phoneauth.errors import InvalidCode, NumberTaken, StoreUnavailable
from flask_phoneauth.events import UserSignedUp
from flask_phoneauth.flows.channels import email_of, is_meant, mark_of
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.records import Challenge


@dataclass(frozen=True, slots=True)
class Admitted:
    """The user behind a proven number, and whether it was made just now."""

    user: Any
    new_user: bool


def admit(parts: Parts, phone: str) -> Admitted:
    """Find or make the user; a blocked or uninvited one is answered like a wrong code."""
    user = parts.users.by_phone(phone)
    new_user = False
    if user is None:
        if not parts.settings.signup:
            raise InvalidCode
        user, new_user = _made(parts, phone)
    if user.blocked_at is not None:
        raise InvalidCode
    if new_user:
        parts.notify(UserSignedUp(user))
    return Admitted(user, new_user)


def admit_by_email(parts: Parts, challenge: Challenge) -> Admitted:
    """Find the user whose mailbox the code went to: no account is made, no number proven."""
    user = parts.users.by_phone(challenge.phone)
    if user is None or user.blocked_at is not None or not is_meant(parts, challenge, user):
        raise InvalidCode
    address = email_of(parts, user)
    if not address or mark_of(parts, address) != challenge.vendor_id:
        raise InvalidCode
    return Admitted(user, False)


def _made(parts: Parts, phone: str) -> tuple[Any, bool]:
    try:
        return parts.users.create(phone), True
    except NumberTaken:  # another first login of this number was quicker
        user = parts.users.by_phone(phone)
        if user is None:  # made and removed meanwhile: the code stays good for another try
            raise StoreUnavailable from None
        return user, False

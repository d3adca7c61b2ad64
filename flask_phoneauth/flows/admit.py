"""The one door: whoever proved a number is found, or made, here and nowhere else (RULES 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_phoneauth.errors import InvalidCode, NumberTaken, StoreUnavailable
from flask_phoneauth.events import UserSignedUp
from flask_phoneauth.flows.parts import Parts


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


def _made(parts: Parts, phone: str) -> tuple[Any, bool]:
    try:
        return parts.users.create(phone), True
    except NumberTaken:  # another first login of this number was quicker
        user = parts.users.by_phone(phone)
        if user is None:  # made and removed meanwhile: the code stays good for another try
            raise StoreUnavailable from None
        return user, False

"""By which channels a code may come, and where it then goes (RULES 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_phoneauth.errors import InvalidRequest
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.otp.challenge import kind_of
from flask_phoneauth.records import EMAIL, LOGIN, SMS, STEP_UP, VOICE, Challenge

ACCOUNT = "account"
"""The entry of a second challenge's payload that names the account."""


def offered(parts: Parts, purpose: str) -> tuple[str, ...]:
    """The channels for a code of that purpose; e-mail proves no number, so it only lets in.

    A second code comes by e-mail alone: the first one came to the number.
    """
    mails = parts.mailer is not None and bool(_email_of(parts))
    if purpose == STEP_UP:
        return (EMAIL,) if mails else ()
    there = {
        SMS: True,
        VOICE: bool(parts.calls) or parts.verifier is not None,
        EMAIL: mails and kind_of(purpose) == LOGIN,
    }
    return tuple(channel for channel in parts.settings.channels if there[channel])


def not_offered(parts: Parts) -> tuple[str, ...]:
    """Why a channel that `CHANNELS` holds is not there, each with its cure."""
    there = offered(parts, LOGIN)
    return tuple(
        f"PHONEAUTH_CHANNELS holds {channel!r}, but {_CURES[channel]}"
        for channel in parts.settings.channels
        if channel not in there
    )


_CURES = {
    VOICE: "no provider can call: it takes 'twilio' in PHONEAUTH_PROVIDERS, PHONEAUTH_PUBLIC_URL, "
    "PHONEAUTH_TWILIO_AUTH_TOKEN, and a number as PHONEAUTH_TWILIO_FROM",
    EMAIL: "the user store has no method email_of(user), which tells the verified address",
}


def check_channel(parts: Parts, channel: str, purpose: str) -> None:
    """Raise `InvalidRequest`, which names those that there are."""
    there = offered(parts, purpose)
    if channel not in there:
        raise InvalidRequest(
            "This channel is not offered here. Choose one of: {channels}.",
            pointer="/channel",
            places={"channels": ", ".join(there)},
        )


def email_of(parts: Parts, user: Any) -> str | None:
    """The user's verified address; None where there is none, or no store that knows."""
    tell = _email_of(parts)
    return tell(user) if tell else None


def mark_of(parts: Parts, address: str) -> str:
    """What a challenge remembers of the address that its code went to: a keyed hash."""
    return parts.keys.hashed("email", address)


def mark_of_account(parts: Parts, user: Any) -> str:
    """What a challenge remembers of the one account that it opens: a keyed hash."""
    return parts.keys.hashed("user", str(user.get_id()))


def is_meant(parts: Parts, challenge: Challenge, user: Any) -> bool:
    """Whether the challenge may open this account: a second code opens that of the first alone."""
    named = challenge.payload.get(ACCOUNT)
    return challenge.purpose != STEP_UP or named == mark_of_account(parts, user)


def _email_of(parts: Parts) -> Callable[[Any], str | None] | None:
    """What a store that is a `HasEmail` has."""
    found: Callable[[Any], str | None] | None = getattr(parts.users, "email_of", None)
    return found


def recipient_of(parts: Parts, challenge: Challenge) -> str | None:
    """The number or the address that the code goes to; None where nothing is to be sent.

    The user is looked up for every number alike (RULES 26); blocked and uninvited get nothing.
    """
    user = parts.users.by_phone(challenge.phone)
    if user is None:
        nobody = challenge.channel == EMAIL or parts.hides_strangers(challenge)
        return None if nobody else challenge.phone
    if user.blocked_at is not None or not is_meant(parts, challenge, user):
        return None
    return _address(parts, challenge, user) if challenge.channel == EMAIL else challenge.phone


def _address(parts: Parts, challenge: Challenge, user: Any) -> str | None:
    """A code that went to one address goes to no other: the first one's reader would know it."""
    address = email_of(parts, user)
    if not address or challenge.vendor_id not in ("", mark_of(parts, address)):
        return None
    return address

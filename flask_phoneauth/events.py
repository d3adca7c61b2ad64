"""What happened, as frozen facts: masked numbers only, never a code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True, slots=True)
class CodeSent(Event):
    """A provider accepted the message."""

    challenge_id: str
    purpose: str
    masked_phone: str
    provider: str


@dataclass(frozen=True, slots=True)
class CodeRefused(Event):
    """An ask or a try was refused; `code` is the problem's machine code."""

    purpose: str
    masked_phone: str
    code: str


@dataclass(frozen=True, slots=True)
class CodeFailed(Event):
    """No provider would take the message; `reason` is a machine word."""

    challenge_id: str
    purpose: str
    masked_phone: str
    reason: str


@dataclass(frozen=True, slots=True)
class UserSignedUp(Event):
    """A new user was made after the number was proven."""

    user: Any


@dataclass(frozen=True, slots=True)
class UserSignedIn(Event):
    """A session was started."""

    user: Any
    session_id: str
    new_user: bool


@dataclass(frozen=True, slots=True)
class UserSignedOut(Event):
    """A session was ended by its own device."""

    user: Any
    session_id: str
    everywhere: bool


@dataclass(frozen=True, slots=True)
class SessionRevoked(Event):
    """A user, or an operator, ended another session; `session_id` is None for all others."""

    user: Any
    session_id: str | None


@dataclass(frozen=True, slots=True)
class UserBlocked(Event):
    """An operator blocked a user, and all of the user's sessions ended."""

    user: Any


@dataclass(frozen=True, slots=True)
class PhoneChanged(Event):
    """A user proved a number and has it now; `former_masked_phone` is empty if it is the first."""

    user: Any
    masked_phone: str
    former_masked_phone: str


@dataclass(frozen=True, slots=True)
class DeliveryUpdated(Event):
    """A message's delivery moved: `queued`, `sent`, `delivered` or `failed`."""

    challenge_id: str
    delivery: str


Notify = Callable[[Event], None]

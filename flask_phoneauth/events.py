"""What happened, as frozen facts: masked numbers only, never a code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True, slots=True)
class CodeAsked(Event):
    """A message was queued, at the first ask or at another one; told to the audit trail only."""

    challenge_id: str
    purpose: str
    masked_phone: str
    channel: str = "sms"


@dataclass(frozen=True, slots=True)
class CodeWrong(Event):
    """A wrong code was counted; told to the audit trail only."""

    challenge_id: str
    purpose: str
    tries_left: int


@dataclass(frozen=True, slots=True)
class CodeSent(Event):
    """A provider accepted the message; `channel` is `sms`, `voice` or `email`."""

    challenge_id: str
    purpose: str
    masked_phone: str
    provider: str
    channel: str = "sms"


@dataclass(frozen=True, slots=True)
class CodeRefused(Event):
    """An ask or a try was refused; `code` is the problem's machine code.

    `phone_tag` stands for the number: it is the same for all that happens to it.
    """

    purpose: str
    masked_phone: str
    code: str
    phone_tag: str = ""


@dataclass(frozen=True, slots=True)
class CodeFailed(Event):
    """No provider would take the message; `reason` is a machine word."""

    challenge_id: str
    purpose: str
    masked_phone: str
    reason: str
    channel: str = "sms"


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
class UserUnblocked(Event):
    """An operator let a blocked user sign in again; told to the audit trail only."""

    user: Any


@dataclass(frozen=True, slots=True)
class UserDeleted(Event):
    """An operator removed a user and all sessions; told to the audit trail only."""

    user: Any


@dataclass(frozen=True, slots=True)
class NumberUnlocked(Event):
    """An operator opened a number that wrong codes had closed; told to the audit trail only."""

    phone_tag: str
    masked_phone: str


@dataclass(frozen=True, slots=True)
class PhoneChanged(Event):
    """A user proved a number and has it now; `former_masked_phone` is empty if it is the first."""

    user: Any
    masked_phone: str
    former_masked_phone: str


@dataclass(frozen=True, slots=True)
class BudgetWarning(Event):
    """A budget that many numbers share has reached 50, 80 or 100 percent.

    `rule` is `prefix`, `country`, `money` or `spray`; `key` says which, without any digit of a
    number.
    """

    rule: str
    percent: int
    key: str


@dataclass(frozen=True, slots=True)
class DeliveryUpdated(Event):
    """A message's delivery moved: `queued`, `sent`, `delivered` or `failed`.

    `provider` is whose receipt said so, nothing where it was seen at sending.
    """

    challenge_id: str
    delivery: str
    provider: str = ""


Notify = Callable[[Event], None]

"""From an event to its line in the audit trail: tags and masked numbers only, never a code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flask_phoneauth import events
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.otp.keys import Keyring
from flask_phoneauth.phone.number import mask
from flask_phoneauth.records import SMS, AuditEntry, Client

MESSAGE_KINDS = ("asked", "sent", "failed", "receipt", "refused", "wrong")
"""What befalls messages and codes; kept as long as `AUDIT_MESSAGE_RETENTION` says."""
KINDS = (
    *MESSAGE_KINDS,
    "locked",
    "signed_up",
    "signed_in",
    "signed_out",
    "revoked",
    "changed",
    "blocked",
    "unblocked",
    "deleted",
    "unlocked",
    "budget",
)
"""Every kind of entry; those that are not of messages are kept for `AUDIT_RETENTION`."""


def entry_of(
    event: events.Event, keys: Keyring, *, client: Client | None, now: float
) -> AuditEntry | None:
    """The entry that tells of `event`; None where it is not kept.

    `client` is who caused it, if a request did; what providers or all numbers did has none.
    """
    if isinstance(event, events.CodeSent | events.CodeFailed | events.DeliveryUpdated):
        return _of_message(event, now)
    if isinstance(event, events.BudgetWarning):
        return AuditEntry(now, "budget", detail=f"{event.percent} % {event.key}")
    if isinstance(event, events.NumberUnlocked):
        tag, masked = event.phone_tag, event.masked_phone
        return AuditEntry(now, "unlocked", phone_tag=tag, masked_phone=masked)
    entry = _of_code(event, now) or _of_user(event, keys, now)
    return _from(entry, client) if entry and client else entry


def _of_message(
    event: events.CodeSent | events.CodeFailed | events.DeliveryUpdated, now: float
) -> AuditEntry | None:
    held: dict[str, Any] = {
        "phone_tag": phone_tag_of(event.challenge_id),
        "challenge_id": event.challenge_id,
    }
    if isinstance(event, events.DeliveryUpdated):  # what was seen at sending is told by others
        told = f"{event.provider} {event.delivery}"
        return AuditEntry(now, "receipt", detail=told, **held) if event.provider else None
    held |= {"purpose": event.purpose, "masked_phone": event.masked_phone}
    told = event.provider if isinstance(event, events.CodeSent) else event.reason
    kind = "sent" if isinstance(event, events.CodeSent) else "failed"
    return AuditEntry(now, kind, detail=_by(event.channel, told), **held)


def _by(channel: str, told: str) -> str:
    """With the channel in front, where it is not a text message."""
    return told if channel in (SMS, told) else f"{channel} {told}".strip()


def _of_code(event: events.Event, now: float) -> AuditEntry | None:
    if isinstance(event, events.CodeRefused):
        return AuditEntry(
            now,
            "locked" if event.code == "locked" else "refused",
            phone_tag=event.phone_tag,
            masked_phone=event.masked_phone if event.masked_phone.startswith("+") else "",
            purpose=event.purpose,
            detail=event.code,
        )
    if not isinstance(event, events.CodeAsked | events.CodeWrong):
        return None
    tag = phone_tag_of(event.challenge_id)
    entry = AuditEntry(
        now, "asked", phone_tag=tag, challenge_id=event.challenge_id, purpose=event.purpose
    )
    if isinstance(event, events.CodeAsked):
        return replace(entry, masked_phone=event.masked_phone, detail=_by(event.channel, ""))
    return replace(entry, kind="wrong", detail=f"{event.tries_left} left")


def _of_user(event: events.Event, keys: Keyring, now: float) -> AuditEntry | None:
    if type(event) not in _OF_USERS:
        return None
    kind, detail = _OF_USERS[type(event)]
    user: Any = event.user  # type: ignore[attr-defined]
    phone = str(user.phone or "")
    return AuditEntry(
        now,
        kind,
        phone_tag=keys.phone_tag(phone) if phone else "",
        masked_phone=mask(phone) if phone else "",
        user_id=str(user.get_id()),
        session_id=str(getattr(event, "session_id", None) or ""),
        detail=detail(event),
    )


_OF_USERS: Mapping[type[events.Event], tuple[str, Callable[[Any], str]]] = {
    events.UserSignedUp: ("signed_up", lambda _: ""),
    events.UserSignedIn: ("signed_in", lambda event: "new user" if event.new_user else ""),
    events.UserSignedOut: ("signed_out", lambda event: "everywhere" if event.everywhere else ""),
    events.SessionRevoked: ("revoked", lambda event: "" if event.session_id else "all others"),
    events.PhoneChanged: ("changed", lambda event: event.former_masked_phone),
    events.UserBlocked: ("blocked", lambda _: ""),
    events.UserUnblocked: ("unblocked", lambda _: ""),
    events.UserDeleted: ("deleted", lambda _: ""),
}


def _from(entry: AuditEntry, client: Client) -> AuditEntry:
    return replace(entry, address=client.address, user_agent=client.user_agent, place=client.place)

"""An event as labels: few values, and never a number, an id or a code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from flask_phoneauth import events
from flask_phoneauth.records import SMS

OTHER = "other"
_WORD = re.compile(r"[a-z][a-z_]{0,31}(?:_(?:50|80|100))?")


class Telemetry(Protocol):
    """What collects: counts of events, and how long deliveries take."""

    def count(self, event: events.Event) -> None:
        """Something happened."""

    def delivering(self) -> AbstractContextManager[Any]:
        """A message is looked up, worded and sent in here."""


def labels_of(event: events.Event) -> tuple[str, str] | None:
    """What happened and its detail, a machine word; None for an event that is not counted."""
    found = _LABELS.get(type(event))
    if found is None:
        return None
    name, detail = found
    word = detail(event)
    # a provider of the app's own may word a reason as it likes
    return name, word if not word or _WORD.fullmatch(word) else OTHER


def _nothing(_: Any) -> str:
    return ""


def _by(channel: str, told: str) -> str:
    return told if channel in (SMS, told) else f"{channel}_{told}"


_LABELS: Mapping[type[events.Event], tuple[str, Callable[[Any], str]]] = {
    events.CodeAsked: ("asked", lambda event: event.purpose),
    events.CodeSent: ("sent", lambda event: _by(event.channel, event.provider)),
    events.CodeFailed: ("failed", lambda event: _by(event.channel, event.reason)),
    events.CodeRefused: ("refused", lambda event: event.code),
    events.CodeWrong: ("wrong", lambda event: event.purpose),
    events.DeliveryUpdated: ("delivery", lambda event: event.delivery),
    events.BudgetWarning: ("budget", lambda event: f"{event.rule}_{event.percent}"),
    events.UserSignedUp: ("signed_up", _nothing),
    events.UserSignedIn: ("signed_in", lambda event: "new_user" if event.new_user else ""),
    events.UserSignedOut: ("signed_out", _nothing),
    events.SessionRevoked: ("revoked", _nothing),
    events.PhoneChanged: ("changed", _nothing),
    events.UserBlocked: ("blocked", _nothing),
    events.UserUnblocked: ("unblocked", _nothing),
    events.UserDeleted: ("deleted", _nothing),
    events.NumberUnlocked: ("unlocked", _nothing),
}

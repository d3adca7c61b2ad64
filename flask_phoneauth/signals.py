"""Blinker signals; the sender is the Flask app, the arguments are the event's fields."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from blinker import Namespace

from flask_phoneauth import events

_namespace = Namespace()

code_sent = _namespace.signal("phoneauth-code-sent", events.CodeSent.__doc__)
code_refused = _namespace.signal("phoneauth-code-refused", events.CodeRefused.__doc__)
code_failed = _namespace.signal("phoneauth-code-failed", events.CodeFailed.__doc__)
delivery_updated = _namespace.signal("phoneauth-delivery-updated", events.DeliveryUpdated.__doc__)
user_signed_up = _namespace.signal("phoneauth-user-signed-up", events.UserSignedUp.__doc__)
user_signed_in = _namespace.signal("phoneauth-user-signed-in", events.UserSignedIn.__doc__)
user_signed_out = _namespace.signal("phoneauth-user-signed-out", events.UserSignedOut.__doc__)
session_revoked = _namespace.signal("phoneauth-session-revoked", events.SessionRevoked.__doc__)
user_blocked = _namespace.signal("phoneauth-user-blocked", events.UserBlocked.__doc__)
budget_warning = _namespace.signal("phoneauth-budget-warning", events.BudgetWarning.__doc__)
phone_changed = _namespace.signal("phoneauth-phone-changed", events.PhoneChanged.__doc__)

SIGNALS = {
    events.CodeSent: code_sent,
    events.CodeRefused: code_refused,
    events.CodeFailed: code_failed,
    events.DeliveryUpdated: delivery_updated,
    events.UserSignedUp: user_signed_up,
    events.UserSignedIn: user_signed_in,
    events.UserSignedOut: user_signed_out,
    events.SessionRevoked: session_revoked,
    events.PhoneChanged: phone_changed,
    events.BudgetWarning: budget_warning,
    events.UserBlocked: user_blocked,
}


def publish(app: Any, event: events.Event) -> None:
    """Send an event to its signal's listeners, if it has a signal."""
    signal = SIGNALS.get(type(event))
    if signal is not None and signal.receivers:
        signal.send(app, **{entry.name: getattr(event, entry.name) for entry in fields(event)})

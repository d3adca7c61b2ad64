"""Start and end a login: Flask-Login's session, with the registry's token as its id."""

from __future__ import annotations

from typing import Any

from flask import current_app, g, session
from flask_login import current_user, login_user, logout_user

from flask_phoneauth.errors import UnknownSession
from flask_phoneauth.events import SessionRevoked, UserSignedIn, UserSignedOut
from flask_phoneauth.records import Client
from flask_phoneauth.sessions.loading import current_session
from flask_phoneauth.sessions.state import Live, current_live

LOGIN_KEYS = ("_user_id", "_fresh", "_id", "_remember", "_remember_seconds")


def start(live: Live, user: Any, client: Client, *, remember: bool, new_user: bool) -> None:
    """A new session for this device; whatever was planted before it does not survive."""
    _leave_former(live)
    token, record = live.registry.start(str(user.get_id()), client, remember=remember)
    _clean(clear=live.parts.settings.session_clear_on_login)
    try:
        login_user(user, remember=remember, force=True)
    finally:  # a listener that errs must not leave the user's own id, which cannot be revoked
        session["_user_id"] = token  # Flask-Login signs its remember cookie over this too
    g.phoneauth_session = record
    live.parts.notify(UserSignedIn(user, record.id, new_user))


def end(live: Live, *, everywhere: bool) -> None:
    """End this device's session, or all of the user's; without a user nothing happens."""
    user, record = _user(), current_session()
    if user is not None:
        if everywhere:
            end_everywhere(live, user)
        elif record is not None:
            live.registry.end(record.user_id, record.id)
    g.pop("phoneauth_session", None)  # it is over: `follow_logout` finds nothing to end
    logout_user()
    if user is not None:
        live.parts.notify(UserSignedOut(user, record.id if record else "", everywhere))


def end_everywhere(live: Live, user: Any) -> None:
    """End all sessions; no browser counts as one that has proven the number any more (RULES 19).

    The sessions end though the store that remembers those browsers may be away.
    """
    parts = live.parts
    try:
        if user.phone:
            tag = parts.keys.phone_tag(str(user.phone))
            parts.challenges.forget_devices(tag, now=parts.clock.now())
    finally:
        live.registry.end_all(str(user.get_id()))


def follow_logout(_app: Any, user: Any) -> None:
    """Where the app calls Flask-Login's `logout_user` itself, the device's session ends with it."""
    record = current_session()
    if record is None:
        return
    live = current_live()
    live.registry.end(record.user_id, record.id)
    g.pop("phoneauth_session", None)
    live.parts.notify(UserSignedOut(user, record.id, False))


def revoke(live: Live, session_id: str) -> None:
    """End one of the user's sessions; `current` is this one. Raises `UnknownSession`."""
    record = current_session()
    if session_id == "current" or (record is not None and session_id == record.id):
        end(live, everywhere=False)
        return
    user = _user()
    if user is None or not live.registry.end(str(user.get_id()), session_id):
        raise UnknownSession
    live.parts.notify(SessionRevoked(user, session_id))


def revoke_others(live: Live) -> None:
    """End all of the user's sessions but this one."""
    user, record = _user(), current_session()
    if user is not None:
        live.registry.end_others(str(user.get_id()), record.id if record else "")
        live.parts.notify(SessionRevoked(user, None))


def _user() -> Any | None:
    return current_user._get_current_object() if current_user.is_authenticated else None


def _leave_former(live: Live) -> None:
    """Signing in over a session of this device ends that one: nobody could reach it any more."""
    record = current_session() if current_user.is_authenticated else None
    if record is not None:
        live.registry.end(record.user_id, record.id)


def _clean(*, clear: bool) -> None:
    regenerate = getattr(current_app.session_interface, "regenerate", None)
    if regenerate is not None:
        regenerate(session)  # a server-side session gets a new id: a planted one is worth nothing
    token = current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token")
    for key in list(session) if clear else (*LOGIN_KEYS, token):
        session.pop(key, None)

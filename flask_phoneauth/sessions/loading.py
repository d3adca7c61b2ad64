"""Who is this? Flask-Login's loaders on top of the registry (RULES 12, 13)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, g, session
from flask_login import LoginManager

from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.records import SessionRecord
from flask_phoneauth.sessions.registry import Registry
from flask_phoneauth.sessions.state import Live, current_live, current_state
from flask_phoneauth.settings import SettingError

Loader = Callable[[str], Any]
MARK = "_phoneauth_wraps"


def wrap_loader(manager: LoginManager) -> None:
    """Put our loader in front of the host's, which keeps serving the ids that are its own."""
    host: Loader | None = manager.user_callback
    if getattr(host, MARK, False):
        return

    def load(login_id: str) -> Any | None:
        return _load(login_id, host)

    setattr(load, MARK, True)
    manager.user_loader(load)


def _load(login_id: str, host: Loader | None) -> Any | None:
    if not Registry.owns(login_id):
        return _load_foreign(login_id, host)
    if registry_is_down():  # asked once a request: a second wait would only double the delay
        return None
    try:
        live = current_live()
        record, user = live.registry.find(login_id) or (None, None)
        if record is not None and user is None:
            user = _user_of(live, record)
    except SettingError:  # said in the log; the app's other pages go on
        return None
    except StoreUnavailable:
        g.phoneauth_registry_down = True
        return None
    if _is_shut_out(user):
        return None
    g.phoneauth_session = record
    return user


def _user_of(live: Live, record: SessionRecord) -> Any | None:
    user = live.parts.users.get(record.user_id)
    if user is None:  # a database may give a deleted user's id again: nobody may inherit this
        live.registry.end(record.user_id, record.id)
    return user


def _is_shut_out(user: Any | None) -> bool:
    return user is None or getattr(user, "blocked_at", None) is not None


def _load_foreign(login_id: str, host: Loader | None) -> Any | None:
    if current_state().settings.require_registry:
        return None
    if host is not None:
        user = host(login_id)
        return None if _is_shut_out(user) else user
    try:
        user = current_live().parts.users.get(login_id)
    except SettingError:
        return None
    except StoreUnavailable:
        g.phoneauth_registry_down = True
        return None
    return None if _is_shut_out(user) else user


def current_session() -> SessionRecord | None:
    """The registry's record behind this request's user, if it has one."""
    record: SessionRecord | None = g.get("phoneauth_session")
    return record


def registry_is_down() -> bool:
    """Whether this request's user could not be looked up."""
    return bool(g.get("phoneauth_registry_down"))


def keep_cookies(response: Response) -> Response:
    """A user who could not be looked up keeps every cookie as it was (RULES 13)."""
    if registry_is_down():
        session.modified = False
    return response

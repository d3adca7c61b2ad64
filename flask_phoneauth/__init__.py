"""Phone-number sign-up and login for Flask: `PhoneAuth(app)`.

Names are loaded when they are first used, so that the pytest fixtures cost a run nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask_phoneauth.errors import PhoneAuthError
    from flask_phoneauth.extension import PhoneAuth
    from flask_phoneauth.sessions.guards import anonymous_required, fresh_login_required
    from flask_phoneauth.settings import SettingError, Settings
    from flask_phoneauth.users.callables import CallableUsers
    from flask_phoneauth.users.mixin import PhoneUserMixin
    from flask_phoneauth.users.sqlalchemy import SQLAlchemyUsers

__all__ = [
    "CallableUsers",
    "PhoneAuth",
    "PhoneAuthError",
    "PhoneUserMixin",
    "SQLAlchemyUsers",
    "SettingError",
    "Settings",
    "anonymous_required",
    "fresh_login_required",
]

_HOMES = {
    "CallableUsers": "users.callables",
    "PhoneAuth": "extension",
    "PhoneAuthError": "errors",
    "PhoneUserMixin": "users.mixin",
    "SQLAlchemyUsers": "users.sqlalchemy",
    "SettingError": "settings",
    "Settings": "settings",
    "anonymous_required": "sessions.guards",
    "fresh_login_required": "sessions.guards",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

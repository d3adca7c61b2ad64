"""Phone-number sign-up and login for Flask: `PhoneAuth(app)`."""

from __future__ import annotations

from flask_phoneauth.errors import PhoneAuthError
from flask_phoneauth.extension import PhoneAuth
from flask_phoneauth.sessions.guards import anonymous_required, fresh_login_required
from flask_phoneauth.settings import SettingError, Settings

__all__ = [
    "PhoneAuth",
    "PhoneAuthError",
    "SettingError",
    "Settings",
    "anonymous_required",
    "fresh_login_required",
]

"""How long a login lasts."""

from __future__ import annotations

from dataclasses import dataclass

from flask_phoneauth.settings.declaring import setting


@dataclass(frozen=True, kw_only=True)
class SessionsSettings:
    """How long a login lasts."""

    session_lifetime: int = setting(30 * 86400, "longest life of a session")
    session_idle: int = setting(14 * 86400, "quiet time that ends a session")
    remember_lifetime: int = setting(90 * 86400, 'life of a session with "stay signed in"')
    session_clear_on_login: bool = setting(False, "empty the app's cookie session at login")
    require_registry: bool = setting(False, "refuse sessions that the host's own `login_user` made")
    fresh_for: int = setting(600, "how long a login counts as fresh")

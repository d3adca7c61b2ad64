"""Decorators for views that not everybody may see."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import current_app, redirect
from flask_login import current_user
from werkzeug.wrappers import Response

from flask_phoneauth.errors import FreshLoginRequired
from flask_phoneauth.sessions.loading import current_session
from flask_phoneauth.sessions.state import current_live

P = ParamSpec("P")
R = TypeVar("R")


def fresh_login_required(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Only for a login of the last ten minutes: else 401 or 403, or the login page."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        manager = current_app.login_manager  # type: ignore[attr-defined]
        if not current_user.is_authenticated:
            refused: Response = manager.unauthorized()
            return refused
        record = current_session()
        if record is None or not current_live().registry.is_fresh(record):
            raise FreshLoginRequired
        return view(*args, **kwargs)

    return guarded


def anonymous_required(view: Callable[P, R]) -> Callable[P, R | Response]:
    """Only for strangers: who is signed in is sent to `AFTER_LOGIN_URL`."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R | Response:
        if current_user.is_authenticated:
            return redirect(current_live().parts.settings.after_login_url, 303)
        return view(*args, **kwargs)

    return guarded

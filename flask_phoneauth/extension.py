"""`PhoneAuth(app)`: wiring only, no decisions."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app, redirect, request, url_for
from flask_login import LoginManager
from markupsafe import Markup

from flask_phoneauth import building
from flask_phoneauth.cli import phoneauth_group
from flask_phoneauth.clock import system
from flask_phoneauth.errors import NotSignedIn, PhoneAuthError, StoreUnavailable
from flask_phoneauth.sessions.loading import keep_cookies, registry_is_down, wrap_loader
from flask_phoneauth.sessions.state import State, current_live
from flask_phoneauth.settings import Settings
from flask_phoneauth.users.base import UserStore
from flask_phoneauth.web import pages
from flask_phoneauth.web.views import answer_problem, create_blueprint


class PhoneAuth:
    """Phone-number sign-up and login; keeps no app, so one object may serve several."""

    def __init__(
        self,
        app: Flask | None = None,
        *,
        users: UserStore | None = None,
        login_manager: LoginManager | None = None,
    ) -> None:
        """`users` is where accounts live (default: our own table), `login_manager` the app's."""
        self._users = users
        self._login_manager = login_manager
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Register everything on the app; raises `SettingError` for a malformed setting only."""
        settings = Settings.from_config(app.config)
        users = self._users
        state = State(settings, lambda: building.build(app, settings, users, system))
        app.extensions["phoneauth"] = state
        manager = self._manager(app)
        app.register_blueprint(create_blueprint(settings))
        app.register_error_handler(PhoneAuthError, answer_problem)
        app.context_processor(lambda: {"phoneauth": _Templates()})
        app.cli.add_command(phoneauth_group)
        app.config.setdefault("REMEMBER_COOKIE_SAMESITE", "Lax")
        app.config.setdefault("REMEMBER_COOKIE_DURATION", settings.remember_lifetime)
        first = _FirstRequest(manager)
        app.before_request_funcs.setdefault(None, []).insert(0, first)
        app.after_request(keep_cookies)

    def _manager(self, app: Flask) -> LoginManager:
        manager = self._login_manager or getattr(app, "login_manager", None)
        if manager is None:
            manager = LoginManager()
            # phones roam between networks; freshness is ours, by `authenticated_at` (RULES 12)
            manager.session_protection = None
        if getattr(app, "login_manager", None) is not manager:
            manager.init_app(app)
        return manager


class _FirstRequest:
    """Before each request, but at work once: what a host may still change after `init_app`."""

    def __init__(self, manager: LoginManager) -> None:
        self._manager = manager
        self._done = False

    def __call__(self) -> None:
        wrap_loader(self._manager)  # a host may have set its own loader since
        if self._done:
            return
        self._done = True
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        if self._manager.login_view is None:
            self._manager.login_view = "phoneauth.login"
            self._manager.login_message = None
        _wrap_unauthorized(self._manager)
        _exempt_from_csrf(app)
        lenient = app.debug or app.testing
        app.config.setdefault("REMEMBER_COOKIE_SECURE", not lenient)
        if lenient and not app.secret_key:
            building.lend_key(app)


def _wrap_unauthorized(manager: LoginManager) -> None:
    host = manager.unauthorized_callback

    def unauthorized() -> Any:
        if registry_is_down():
            return answer_problem(StoreUnavailable())
        if host is not None:
            return host()
        return _ask_to_sign_in(manager)

    manager.unauthorized_handler(unauthorized)


def _ask_to_sign_in(manager: LoginManager) -> Any:
    """A problem for programs, the login page for people."""
    accepted = request.accept_mimetypes
    prefers_json = accepted["application/json"] > accepted["text/html"]
    if request.is_json or prefers_json or not manager.login_view:
        return answer_problem(NotSignedIn())
    wanted = request.full_path if request.query_string else request.path
    target = manager.blueprint_login_views.get(request.blueprint, manager.login_view)
    return redirect(url_for(target, next=wanted), 303)


def _exempt_from_csrf(app: Flask) -> None:
    """Our views check tokens themselves, and take JSON without one by RULES 31."""
    protect: Any = app.extensions.get("csrf")
    if protect is not None:
        protect.exempt(app.blueprints["phoneauth"])


class _Templates:
    """What templates see as `phoneauth`."""

    def login_form(self, next: str = "") -> Markup:  # noqa: A002 - the query's own name
        """The login form for a page of the app's own."""
        return pages.login_form(current_live(), next)

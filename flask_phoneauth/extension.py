"""`PhoneAuth(app)`: wiring only, no decisions."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Flask, current_app, redirect, request
from flask_limiter import Limiter
from flask_login import LoginManager, login_url, user_logged_out
from markupsafe import Markup

from flask_phoneauth import building
from flask_phoneauth.cli import phoneauth_group
from flask_phoneauth.clock import system
from flask_phoneauth.errors import NotSignedIn, PhoneAuthError, StoreUnavailable, Used
from flask_phoneauth.flows.look_up_challenge import look_up_challenge, second_of
from flask_phoneauth.flows.parts import Hooks
from flask_phoneauth.flows.request_code import Ask, Asked, request_code
from flask_phoneauth.flows.step_up import ask_second
from flask_phoneauth.flows.submit_code import SignedIn, submit_code
from flask_phoneauth.phone.policy import NumberPolicy
from flask_phoneauth.plugins import DISPATCHERS, OPERATORS, PROVIDERS, VERIFIERS
from flask_phoneauth.records import SMS, Client
from flask_phoneauth.risk.base import RiskHook
from flask_phoneauth.sessions.loading import keep_cookies, registry_is_down, wrap_loader
from flask_phoneauth.sessions.login import follow_logout, start
from flask_phoneauth.sessions.state import State, current_live
from flask_phoneauth.settings import SettingError, Settings
from flask_phoneauth.users.base import UserStore
from flask_phoneauth.web import binding, inputs, pages, receipts, voice
from flask_phoneauth.web.origins import this_page
from flask_phoneauth.web.views import answer_problem, create_blueprint

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class PhoneAuth:
    """Phone-number sign-up and login; keeps no app, so one object may serve several."""

    def __init__(
        self,
        app: Flask | None = None,
        *,
        users: UserStore | type[Any] | None = None,
        limiter: Limiter | None = None,
        login_manager: LoginManager | None = None,
        number_policy: NumberPolicy | None = None,
        risk: RiskHook | None = None,
        place: Callable[[str], str] | None = None,
    ) -> None:
        """`users` is where accounts live: a store or a Flask-SQLAlchemy model (default: our table).

        `limiter` and `login_manager` are the app's; those that are on the app are found.
        `number_policy` says whether a number is served, `risk` weighs an ask for a code, `place`
        tells where an address is.
        """
        self._users = _user_store(users)
        self._limiter = limiter
        self._login_manager = login_manager
        self._hooks = Hooks(number_policy, risk, place)
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Register everything on the app; raises `SettingError` for a malformed setting only."""
        settings = Settings.from_config(app.config)
        for name in settings.providers:
            PROVIDERS.check(name)
        if settings.dispatch:
            DISPATCHERS.check(settings.dispatch)
        if settings.verifier:
            VERIFIERS.check(settings.verifier)
        if settings.operator:
            OPERATORS.check(settings.operator)
        users, hooks = self._users, self._hooks
        state = State(
            settings,
            lambda: building.build(app, settings, users, system, hooks),
            accounts=users is None,
        )
        app.extensions["phoneauth"] = state
        self._add_manager(app)
        user_logged_out.connect(follow_logout, app)
        app.register_blueprint(create_blueprint(settings, self._limiter))
        app.register_error_handler(PhoneAuthError, answer_problem)
        app.context_processor(lambda: {"phoneauth": _Templates()})
        app.cli.add_command(phoneauth_group)
        app.config.setdefault("REMEMBER_COOKIE_SAMESITE", "Lax")
        app.config.setdefault("REMEMBER_COOKIE_DURATION", settings.remember_lifetime)
        app.before_request_funcs.setdefault(None, []).insert(0, _FirstRequest())
        app.wsgi_app = _KeyLender(app)  # type: ignore[method-assign]
        # they run from the last to the first: nobody touches the session after it
        app.after_request_funcs.setdefault(None, []).insert(0, keep_cookies)

    def _add_manager(self, app: Flask) -> None:
        manager = self._login_manager or getattr(app, "login_manager", None)
        if manager is None:
            manager = LoginManager()
            # phones roam between networks; freshness is ours, by `authenticated_at` (RULES 12)
            manager.session_protection = None
        if getattr(app, "login_manager", None) is not manager:
            manager.init_app(app)

    def close(self, app: Flask) -> None:
        """Send what was promised and let connections go, before the program ends."""
        state: State = app.extensions["phoneauth"]
        state.close()

    def request_code(
        self,
        phone: str,
        *,
        address: str = "",
        locale: str = "en",
        channel: str = SMS,
        risk_token: str = "",
    ) -> CodeRequest:
        """Ask for a login code from your own code; raises a `PhoneAuthError`.

        `address` is the asker's, which budgets count; `channel` is one of `CHANNELS`;
        `risk_token` is the answer of a puzzle. Needs the app's context.
        """
        live = current_live()
        secret = binding.new_secret()
        ask = Ask(
            phone=phone,
            binding=binding.digest(secret),
            client=Client(address, locale=locale),
            host=urlsplit(live.parts.settings.public_url).hostname or "",
            channel=channel,
            risk_token=risk_token,
        )
        return CodeRequest(request_code(live.parts, ask), secret)

    def submit_code(
        self, challenge_id: str, challenge_secret: str, code: str, *, address: str = ""
    ) -> SignedIn | CodeRequest:
        """Judge a code; the user comes back, `sign_in` makes it a session.

        With `SIM_SWAP` = `step_up` a second code may have been sent by e-mail: then its
        `CodeRequest` comes back, and nobody is to be signed in before that one; the same one comes
        back where the used code is given again. `address` is the asker's, which budgets count.
        """
        parts, bound = current_live().parts, binding.digest(challenge_secret)
        try:
            outcome = submit_code(parts, challenge_id, code, bound)
        except Used:
            first = look_up_challenge(parts, challenge_id, bound, Client(address))
            second = second_of(parts, first, bound, Client(address))
            if second is None:
                raise
            return CodeRequest(second, challenge_secret)
        if isinstance(outcome, SignedIn):
            return outcome
        client = Client(address, locale=str(outcome.payload.get("locale") or "en"))
        return CodeRequest(ask_second(parts, outcome, bound, client), challenge_secret)

    def sign_in(self, user: Any, *, remember: bool = False) -> None:
        """Start a session for a user in this request, known to the registry."""
        live = current_live()
        client = inputs.client(live.parts.settings)
        start(live, user, client, remember=remember, new_user=False)


@dataclass(frozen=True, slots=True)
class CodeRequest:
    """What `submit_code` needs later; the secret is the asker's alone."""

    asked: Asked
    challenge_secret: str = field(repr=False)


def _user_store(users: UserStore | type[Any] | None) -> UserStore | None:
    if not isinstance(users, type):
        return users
    from flask_phoneauth.users.sqlalchemy import SQLAlchemyUsers  # SQLAlchemy's ORM, if needed

    return SQLAlchemyUsers(users)


class _FirstRequest:
    """Before each request, but at work once: what a host may still change after `init_app`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._prepared: LoginManager | None = None

    def __call__(self) -> None:
        app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
        manager: LoginManager = app.login_manager
        wrap_loader(manager)  # a host may have set its own loader since
        if self._prepared is manager:
            return
        with self._lock:
            if self._prepared is not manager:
                _prepare(app, manager)
                self._prepared = manager


def _prepare(app: Flask, manager: LoginManager) -> None:
    if manager.login_view is None:
        manager.login_view = "phoneauth.login"
        manager.login_message = None
    _wrap_unauthorized(manager)
    _exempt_from_csrf(app)
    for limiter in app.extensions.get("limiter", ()):
        receipts.exempt(limiter)
        voice.exempt(limiter)
    settings: Settings = app.extensions["phoneauth"].settings
    plain = app.debug or app.testing or settings.allow_insecure_cookie_in_production
    app.config.setdefault("REMEMBER_COOKIE_SECURE", not plain)


class _KeyLender:
    """Sees to the `SECRET_KEY` before Flask opens the first session with it."""

    def __init__(self, app: Flask) -> None:
        self._app, self.wsgi_app = app, app.wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        app = self._app
        if not app.secret_key and (app.debug or app.testing):
            building.lend_key(app)
        return self.wsgi_app(environ, start_response)


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
    if inputs.wants_json() or not manager.login_view:
        return answer_problem(NotSignedIn())
    view = manager.blueprint_login_views.get(request.blueprint, manager.login_view)
    return redirect(login_url(view, next_url=this_page() or None), 303)


def _exempt_from_csrf(app: Flask) -> None:
    """Our views check tokens themselves, and take JSON without one by RULES 31."""
    protect: Any = app.extensions.get("csrf")
    if protect is not None:
        protect.exempt(app.blueprints["phoneauth"])


class _Templates:
    """What templates see as `phoneauth`."""

    def login_form(self, next: str = "") -> Markup:  # noqa: A002 - the query's own name
        """The login form for a page of the app's own; nothing where the settings do not fit."""
        try:
            return pages.login_form(current_live(), next)
        except SettingError:  # said in the log; the app's page goes on without
            return Markup()

"""The routes, a few lines each: input, flow, response."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, g, jsonify, redirect, request, url_for
from flask_limiter import Limiter
from flask_login import current_user

from flask_phoneauth.errors import (
    CsrfFailed,
    FreshLoginRequired,
    Misconfigured,
    NotSignedIn,
    PhoneAuthError,
    StoreUnavailable,
    Used,
)
from flask_phoneauth.flows.look_up_challenge import look_up_challenge, second_of
from flask_phoneauth.flows.request_code import request_code
from flask_phoneauth.flows.resend_code import resend_code
from flask_phoneauth.flows.step_up import Halfway, ask_second
from flask_phoneauth.flows.submit_code import SignedIn, submit_code
from flask_phoneauth.sessions import login as sign_in
from flask_phoneauth.sessions.loading import current_session
from flask_phoneauth.sessions.state import Live, current_live, current_state
from flask_phoneauth.settings import SettingError, Settings
from flask_phoneauth.web import binding, devices, inputs, pages, receipts, responses, voice
from flask_phoneauth.web.forms import CodeForm, EmptyForm, LoginForm, ResendForm
from flask_phoneauth.web.limits import RouteLimit
from flask_phoneauth.web.openapi import openapi
from flask_phoneauth.web.origins import safe_next, this_page
from flask_phoneauth.web.phone_views import add_phone_routes
from flask_phoneauth.web.silent import add_silent_routes
from flask_phoneauth.web.steps import (
    asked_answer,
    awaiting_second,
    fate,
    is_fresh,
    read_ask,
    require_registry,
    second_step,
    sent_on,
    signed_in_user,
)

OF_VENDORS = (receipts.ENDPOINT, voice.ENDPOINT)
"""Where only vendors' servers come, which share few addresses."""
JSON_ENDPOINTS = ("phoneauth.me", "phoneauth.challenge", "phoneauth.openapi", *OF_VENDORS)


def create_blueprint(settings: Settings, limiter: Limiter | None = None) -> Blueprint:
    """The blueprint `phoneauth` with all routes under the setting's prefix."""
    blueprint = Blueprint(
        "phoneauth",
        __name__,
        url_prefix=settings.url_prefix or None,
        template_folder="templates",
        static_folder="static",
        # at the root the app's own static files have `/static`
        static_url_path="/static" if settings.url_prefix else "/phoneauth/static",
    )
    limit = RouteLimit(settings.route_limit, limiter)
    blueprint.before_request(lambda: _admit_request(limit))
    blueprint.after_request(_finish)
    blueprint.register_error_handler(PhoneAuthError, answer_problem)
    add = blueprint.add_url_rule
    add("/login", view_func=login, methods=["GET", "POST"])
    add("/verify", view_func=verify, methods=["GET", "POST"])
    add("/resend", view_func=resend, methods=["POST"])
    add("/challenges/<challenge_id>", view_func=challenge)
    add_phone_routes(blueprint)
    add_silent_routes(blueprint)
    add("/receipts/<provider>/<delivery>", view_func=receipts.receipt, methods=["GET", "POST"])
    add("/voice/<provider>/<delivery>", view_func=voice.voice, methods=["POST"])
    add("/openapi.json", view_func=openapi)
    add("/logout", view_func=logout, methods=["POST"])
    add("/me", view_func=me)
    add("/sessions", view_func=sessions, methods=["GET", "DELETE"])
    add("/sessions/revoke", view_func=revoke_sessions, methods=["POST"])
    add("/sessions/<session_id>", view_func=session, methods=["DELETE"])
    add("/sessions/<session_id>/revoke", view_func=revoke_session, methods=["POST"])
    return blueprint


def _admit_request(limit: RouteLimit) -> None:
    if request.endpoint == "phoneauth.static":
        return
    g.phoneauth_json = request.method == "DELETE" or request.endpoint in JSON_ENDPOINTS
    try:
        live = current_live()
    except SettingError:
        raise Misconfigured from None
    if live.fault:
        raise Misconfigured
    if request.endpoint not in OF_VENDORS:
        limit.check(live, inputs.client(live.parts.settings).address)
        inputs.check_query()


def _finish(response: Response) -> Response:
    return response if request.endpoint == "phoneauth.static" else responses.harden(response)


def answer_problem(error: PhoneAuthError) -> Any:
    """An error as a problem for programs, as a page for people."""
    return responses.harden(_problem(error))


def _problem(error: PhoneAuthError) -> Any:
    state = current_state()
    as_json = g.get("phoneauth_json") or inputs.wants_json() or isinstance(error, Misconfigured)
    if as_json or not state.is_live:  # without running parts there is no page
        return responses.problem_json(responses.problem_of(error, inputs.locale(state.settings)))
    if isinstance(error, NotSignedIn | FreshLoginRequired):
        again = "1" if isinstance(error, FreshLoginRequired) else None
        return redirect(url_for("phoneauth.login", next=this_page() or None, again=again), 303)
    return pages.problem_page(current_live(), error)


def login() -> Any:
    """Type a number, ask for a code."""
    live = current_live()
    if request.method != "POST":
        if current_user.is_authenticated and not _signs_in_again(live):
            return sent_on(live, request.args.get("next"))
        return pages.login_page(live)
    settings = live.parts.settings
    values = inputs.read_body(LoginForm, settings)
    ask, held = read_ask(live, values)
    wishes = {
        "remember": inputs.flag(values, "remember"),
        "next": safe_next(inputs.optional_text(values, "next"), settings),
    }
    asked = request_code(live.parts, replace(ask, payload=wishes))
    return asked_answer(live, asked, held, "phoneauth.verify")


def verify() -> Any:
    """Type the code."""
    live = current_live()
    if request.method != "POST":
        return _verify_page(live)
    settings = live.parts.settings
    try:
        values = inputs.read_body(CodeForm, settings)
        held = binding.presented(live, values)
        challenge_id = inputs.challenge_id(values)
        typing = devices.typing(live, challenge_id, held)
        device = devices.device_of(typing)
        outcome = submit_code(
            live.parts, challenge_id, values.get("code"), held.digest, device=device
        )
    except (CsrfFailed, Used) as error:  # the first click's login drops the form's token
        if _is_in_already(live):
            return sent_on(live, None)
        if isinstance(error, Used) and (answer := second_step(live, challenge_id, held)):
            return answer
        raise
    if isinstance(outcome, Halfway):
        asked = ask_second(live.parts, outcome, held.digest, devices.located_asker(live))
        return asked_answer(live, asked, held, "phoneauth.verify")
    return _signed_in(live, outcome, challenge_id, typing)


def _signed_in(
    live: Live, signed_in: SignedIn, challenge_id: str, typing: devices.Typing | None
) -> Any:
    payload = signed_in.payload
    try:
        sign_in.start(
            live,
            signed_in.user,
            devices.located_asker(live),
            remember=bool(payload.get("remember")),
            new_user=signed_in.new_user,
        )
    except StoreUnavailable:  # the registry may be another database: the right code stays good
        live.parts.challenges.reopen(challenge_id, now=live.parts.clock.now())
        raise
    target = str(payload.get("next") or live.parts.settings.after_login_url)
    if inputs.wants_json():
        user = responses.user_json(signed_in.user)
        answer: Any = jsonify(user=user, new_user=signed_in.new_user, next=target)
    else:
        answer = redirect(target, 303)
    devices.remember(answer, live, typing, enrolled=signed_in.enrolled)
    return answer


def _verify_page(live: Live) -> Any:
    challenge_id = inputs.known_form(request.args.get("challenge_id", ""))
    if current_user.is_authenticated and fate(live, challenge_id) != "pending":
        return sent_on(live, None)
    if not challenge_id:
        return redirect(url_for("phoneauth.login"), 303)
    held, client = binding.presented(live, {}), devices.asker(live)
    first = look_up_challenge(live.parts, challenge_id, held.digest, client)
    if second := second_of(live.parts, first, held.digest, client):
        return redirect(url_for("phoneauth.verify", challenge_id=second.challenge_id), 303)
    if first.undecided:
        return awaiting_second(live, challenge_id)
    return pages.code_page(live, first, challenge_id)


def _signs_in_again(live: Live) -> bool:
    """Who needs a fresh login gets the page that others who are signed in are sent on from."""
    return "again" in request.args and not is_fresh(live)


def _is_in_already(live: Live) -> bool:
    """A second click of a browser whose first one signed it in."""
    if inputs.wants_json() or not current_user.is_authenticated:
        return False
    return fate(live, inputs.known_form(request.form.get("challenge_id", ""))) == "verified"


def resend() -> Any:
    """Ask for the code once more, perhaps by another channel."""
    live = current_live()
    try:
        values = inputs.read_body(ResendForm, live.parts.settings)
        channel = inputs.optional_text(values, "channel")
        held = binding.presented(live, values)
        client = devices.asker(live)
        challenge_id = inputs.challenge_id(values)
        asked = resend_code(live.parts, challenge_id, held.digest, client, channel=channel)
    except (CsrfFailed, Used):  # Back, after the login that dropped the form's token
        if _is_in_already(live):
            return sent_on(live, None)
        raise
    return asked_answer(live, asked, held, "phoneauth.verify")


def challenge(challenge_id: str) -> Any:
    """What became of a challenge (always JSON)."""
    live = current_live()
    held = binding.presented(live, {})
    known = inputs.known_form(challenge_id)
    status = look_up_challenge(live.parts, known, held.digest, devices.asker(live))
    return responses.status_json(status)


def logout() -> Any:
    """End this session, or all of the user's."""
    live = current_live()
    values = inputs.read_body(EmptyForm, live.parts.settings)
    everywhere = _everywhere(values)
    require_registry()
    phone = getattr(current_user, "phone", None) if everywhere else None
    sign_in.end(live, everywhere=everywhere)
    if inputs.wants_json():
        answer: Any = responses.no_content()
    else:
        answer = redirect(live.parts.settings.after_logout_url, 303)
    if phone:
        devices.forget(answer, live, live.parts.keys.phone_tag(str(phone)))
    return answer


def _everywhere(values: Any) -> bool:
    if request.mimetype == "application/json":
        return inputs.flag(values, "everywhere")
    return request.form.get("everywhere") == "1"


def me() -> Any:
    """Who is signed in (always JSON)."""
    return jsonify(user=responses.user_json(signed_in_user()))


def sessions() -> Any:
    """The user's devices; DELETE ends all others."""
    live = current_live()
    if request.method == "DELETE":
        inputs.guard_bodyless(live.parts.settings)
        signed_in_user()
        sign_in.revoke_others(live)
        return responses.no_content()
    user = signed_in_user()
    current = current_session()
    records = live.registry.of_user(str(user.get_id()))
    if not inputs.wants_json():
        rows = [responses.session_row(record, current) for record in records]
        return pages.sessions_page(live, rows)
    shown = [responses.session_fields(record, current) for record in records]
    return jsonify(sessions=[_with_dates(entry) for entry in shown])


def _with_dates(entry: dict[str, Any]) -> dict[str, Any]:
    dates = {
        name: datetime.fromtimestamp(entry[name], UTC).isoformat(timespec="seconds")
        for name in pages.TIMES
    }
    return {**entry, **dates}


def session(session_id: str) -> Any:
    """DELETE ends one of the user's sessions; `current` is this one."""
    live = current_live()
    inputs.guard_bodyless(live.parts.settings)
    signed_in_user()
    sign_in.revoke(live, session_id)
    return responses.no_content()


def revoke_session(session_id: str) -> Any:
    """The form that ends one session."""
    live = current_live()
    inputs.read_body(EmptyForm, live.parts.settings)
    signed_in_user()
    sign_in.revoke(live, session_id)
    return _after_revoking()


def revoke_sessions() -> Any:
    """The form that ends all other sessions."""
    live = current_live()
    inputs.read_body(EmptyForm, live.parts.settings)
    signed_in_user()
    sign_in.revoke_others(live)
    return _after_revoking()


def _after_revoking() -> Any:
    if inputs.wants_json():
        return responses.no_content()
    return redirect(url_for("phoneauth.sessions"), 303)

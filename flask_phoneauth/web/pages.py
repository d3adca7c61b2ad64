"""The pages: what each template is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Response, make_response, render_template, request, url_for
from flask_login import current_user
from markupsafe import Markup

from flask_phoneauth.errors import NumberTaken, PhoneAuthError, SimChanged, UnsupportedMediaType
from flask_phoneauth.flows.channels import offered
from flask_phoneauth.flows.look_up_challenge import Status, look_up_challenge
from flask_phoneauth.locales.catalogue import catalogue_for
from flask_phoneauth.phone.number import mask
from flask_phoneauth.records import CHANGE_PHONE, LOGIN
from flask_phoneauth.sessions.state import Live
from flask_phoneauth.web import binding, devices
from flask_phoneauth.web.forms import CodeForm, EmptyForm, LoginForm, PhoneForm, ResendForm
from flask_phoneauth.web.inputs import UnreadableBody, locale
from flask_phoneauth.web.origins import safe_next
from flask_phoneauth.web.responses import Problem, problem_of, with_status

_CHANGE = "phoneauth.verify_phone"
_CODE_ENDPOINTS = ("phoneauth.verify", _CHANGE, "phoneauth.resend")
_DOORS = {
    LOGIN: ("phoneauth.verify", "phoneauth.login"),
    CHANGE_PHONE: (_CHANGE, "phoneauth.phone"),
}
"""Where the code of each purpose is typed, and where another one is asked for."""
TIMES = ("created_at", "authenticated_at", "last_seen_at")


def login_page(live: Live, problem: Problem | None = None) -> Response:
    """Where the number is typed; a problem keeps what was typed."""
    form = LoginForm()
    form.next.data = safe_next(request.values.get("next"), live.parts.settings)
    return _page(live, "login.html", problem, form=form)


def login_form(live: Live, target: str = "") -> Markup:
    """The form alone, for the app's own page."""
    form = LoginForm(formdata=None)
    form.next.data = safe_next(target, live.parts.settings)
    return Markup(  # noqa: S704 - the output of our own, escaping template
        render_template("phoneauth/_login_form.html", form=form, assets=True, **_common(live, None))
    )


def verify_page(live: Live, challenge_id: str, problem: Problem | None = None) -> Response:
    """Where the code is typed; raises `UnknownChallenge`."""
    held = binding.presented(live, {})
    status = look_up_challenge(live.parts, challenge_id, held.digest, devices.asker(live))
    return code_page(live, status, challenge_id, problem)


def code_page(
    live: Live, status: Status, challenge_id: str, problem: Problem | None = None
) -> Response:
    """Where the code is typed, of a challenge that was looked up."""
    form = CodeForm()
    form.challenge_id.data = challenge_id
    form.code.data = ""
    again, *others = _resend_forms(live, status, challenge_id)
    return _page(
        live,
        "verify.html",
        problem,
        form=form,
        resend_form=again,
        other_forms=others,
        **_verify_context(status),
    )


def _resend_forms(live: Live, status: Status, challenge_id: str) -> list[ResendForm]:
    """One for each channel, that of the newest message first."""
    newest = status.asked.channel
    others = [channel for channel in offered(live.parts, status.purpose) if channel != newest]
    forms = []
    for channel in (newest, *others):
        form = ResendForm()
        form.challenge_id.data, form.channel.data = challenge_id, channel
        forms.append(form)
    return forms


def silent_page(live: Live, url: str, *, seconds: int = 0) -> Response:
    """Leads on by itself: to the mobile operator, or after `seconds` to what it has said."""
    return _page(live, "silent.html", None, url=url, seconds=seconds)


def phone_page(live: Live, problem: Problem | None = None) -> Response:
    """Where a signed-in user types another number; a problem keeps what was typed."""
    form = PhoneForm()
    form.next.data = safe_next(request.values.get("next"), live.parts.settings)
    present = getattr(current_user, "phone", None)
    masked = mask(present) if present else ""
    return _page(live, "phone.html", problem, form=form, masked_phone=masked)


def _verify_context(status: Status) -> Mapping[str, Any]:
    verify, start = _DOORS.get(status.purpose, _DOORS[LOGIN])
    return {
        "purpose": status.purpose,
        "verify_url": url_for(verify),
        "start_url": url_for(start, next=status.next or None),
        "asked": status.asked,
        "status": status.status,
        "delivery": status.delivery,
        "status_url": url_for("phoneauth.challenge", challenge_id=status.asked.challenge_id),
    }


def sessions_page(live: Live, sessions: Sequence[Mapping[str, Any]]) -> Response:
    """The user's devices."""
    shown = [
        {**entry, **{name: datetime.fromtimestamp(entry[name], UTC) for name in TIMES}}
        for entry in sessions
    ]
    return _page(live, "sessions.html", None, sessions=shown, form=EmptyForm())


def problem_page(live: Live, error: PhoneAuthError) -> Response:
    """The page on which the error happened, with the error on it; else a page of its own."""
    problem = problem_of(error, locale(live.parts.settings))
    if isinstance(error, UnreadableBody | UnsupportedMediaType | SimChanged):
        return bare_problem_page(live, problem)
    page = _posted_page(live, error, problem) if request.method == "POST" else None
    return page or bare_problem_page(live, problem)


def bare_problem_page(live: Live, problem: Problem) -> Response:
    """The problem on a page of its own."""
    return _page(live, "problem.html", problem)


def _posted_page(live: Live, error: PhoneAuthError, problem: Problem) -> Response | None:
    """The page whose form was sent."""
    if request.endpoint in ("phoneauth.login", "phoneauth.silent"):
        return login_page(live, problem)
    taken = isinstance(error, NumberTaken)  # that code is spent: another number is the cure
    if request.endpoint == "phoneauth.phone" or (request.endpoint == _CHANGE and taken):
        return phone_page(live, problem) if current_user.is_authenticated else None
    if request.endpoint in _CODE_ENDPOINTS:
        return _verify_again(live, problem)
    return None


def _verify_again(live: Live, problem: Problem) -> Response | None:
    try:
        return verify_page(live, request.form.get("challenge_id", ""), problem)
    except PhoneAuthError:
        return None  # nothing to type a code into: the problem gets a page of its own


def _page(live: Live, name: str, problem: Problem | None, **context: Any) -> Response:
    page = render_template(f"phoneauth/{name}", **_common(live, problem), **context)
    response = make_response(page)
    return response if problem is None else with_status(response, problem)


def _common(live: Live, problem: Problem | None) -> Mapping[str, Any]:
    chosen = locale(live.parts.settings)
    catalogue = catalogue_for(chosen)
    return {
        "_": catalogue.gettext,
        "ngettext": catalogue.ngettext,
        "brand": live.parts.brand,
        "locale": chosen,
        "problem": problem,
        "puzzle": live.parts.puzzle,
        "silent": live.parts.operator is not None,
    }

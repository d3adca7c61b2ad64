"""A login without a code: the way out to the mobile operator, and the way back."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, g, jsonify, redirect, request, url_for

from flask_phoneauth.errors import InvalidRequest
from flask_phoneauth.flows.prove import NO_DEVICE, Device
from flask_phoneauth.flows.silent_login import (
    LIFE,
    MAX_CODE,
    Known,
    Return,
    SetOut,
    SilentAsk,
    Undecided,
    come_back,
    fall_back,
    set_out,
)
from flask_phoneauth.flows.step_up import Halfway, ask_second
from flask_phoneauth.sessions import login as sign_in
from flask_phoneauth.sessions.state import Live, current_live
from flask_phoneauth.web import binding, devices, inputs, pages, responses
from flask_phoneauth.web.forms import LoginForm
from flask_phoneauth.web.origins import own_host, own_origin, refuse_foreign, safe_next
from flask_phoneauth.web.steps import asked_answer

COOKIE = "phoneauth_silent"
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_S256 = re.compile(r"[A-Za-z0-9_-]{43}")
"""RFC 7636, section 4."""


def add_silent_routes(blueprint: Blueprint) -> None:
    """The two routes."""
    add = blueprint.add_url_rule
    add("/silent", view_func=silent, methods=["POST"])
    add("/silent/callback", view_func=silent_callback)


def silent() -> Any:
    """Type a number, get the address of the mobile operator; a code where that can not help."""
    live = current_live()
    settings = live.parts.settings
    values = inputs.read_body(LoginForm, settings)
    given = _challenge_of_verifier(values)
    secret = "" if given else request.cookies.get(_cookie_name(live), "")
    if not given and not _S256.fullmatch(secret):
        secret = binding.new_secret()
    ask = SilentAsk(
        phone=inputs.text(values, "phone"),
        proof=given or _s256(secret),
        client=devices.located_asker(live),
        redirect_uri=_redirect_uri(live),
        risk_token=inputs.risk_token(live.parts.puzzle, values),
        payload={
            "host": own_host(settings),
            "remember": inputs.flag(values, "remember"),
            "next": safe_next(inputs.optional_text(values, "next"), settings),
        },
    )
    outcome = set_out(live.parts, ask)
    if isinstance(outcome, Undecided):
        return _code_instead(live, outcome, binding.starting(live, values))
    answer = _on_the_way(live, outcome)
    if secret:
        _keep(answer, live, secret)
    return answer


def silent_callback() -> Any:
    """The device comes back from its operator."""
    if request.method == "HEAD":  # whoever only looks shall spend nothing
        return responses.no_content()
    live = current_live()
    verifier = _verifier(live)
    held = request.cookies.get(_cookie_name(live), "")
    g.phoneauth_json = bool(verifier)
    shown = _shown(verifier, held)
    back = Return(
        state=request.args.get("state", "")[:200],
        code="" if "error" in request.args else request.args.get("code", "")[:MAX_CODE],
        proof=_s256(shown) if shown else "",
        redirect_uri=_redirect_uri(live),
        verifier=shown,
    )
    typings: dict[str, devices.Typing] = {}

    def device_for(tag: str) -> Device:
        if verifier:
            return NO_DEVICE  # a program keeps no cookie
        typings[tag] = devices.typing_of(live, tag)
        return typings[tag].device

    outcome = come_back(live.parts, back, device_for)
    if isinstance(outcome, Undecided | Halfway):
        held_now = binding.Binding(binding.new_secret(), by_cookie=False) if verifier else None
        answer = _code_instead(live, outcome, held_now or binding.starting(live, {}))
    else:
        answer = _signed_in(live, outcome, typings.get(outcome.phone_tag), as_json=bool(verifier))
    if held:
        answer.delete_cookie(
            _cookie_name(live), path="/", secure=binding.is_secure(live), httponly=True
        )
    return answer


def _signed_in(live: Live, known: Known, typing: devices.Typing | None, *, as_json: bool) -> Any:
    payload, admitted = known.payload, known.admitted
    sign_in.start(
        live,
        admitted.user,
        devices.located_asker(live),
        remember=bool(payload.get("remember")),
        new_user=admitted.new_user,
    )
    target = str(payload.get("next") or live.parts.settings.after_login_url)
    if as_json or inputs.wants_json():
        user = responses.user_json(admitted.user)
        answer: Any = jsonify(user=user, new_user=admitted.new_user, next=target)
    else:
        answer = redirect(target, 303)
    devices.remember(answer, live, typing, enrolled=known.enrolled)
    return answer


def _code_instead(live: Live, outcome: Undecided | Halfway, held: binding.Binding) -> Any:
    """A code to the number; by e-mail where the number was proven and has a new SIM."""
    client = devices.asker(live)
    if isinstance(outcome, Halfway):
        asked = ask_second(live.parts, outcome, held.digest, client)
    else:
        asked = fall_back(live.parts, outcome, held.digest, client)
    if g.get("phoneauth_json"):
        response = responses.asked_json(asked, held)
        binding.hand_out(response, live, held)
        return response
    return asked_answer(live, asked, held, "phoneauth.verify")


def _on_the_way(live: Live, out: SetOut) -> Response:
    """A page leads on by itself: a form must not be redirected to where a policy forbids it."""
    if inputs.wants_json():
        return jsonify(url=out.url, challenge_id=out.challenge_id)
    return pages.silent_page(live, out.url)


def _challenge_of_verifier(values: Mapping[str, Any]) -> str:
    given = values.get("verifier_challenge")
    if given is None:
        return ""
    if not isinstance(given, str) or not _S256.fullmatch(given):
        raise InvalidRequest(
            "The verifier_challenge must be an S256 of 43 characters.",
            pointer="/verifier_challenge",
        )
    return given


def _verifier(live: Live) -> str:
    """A program's; a browser shows its cookie.

    A link with a verifier in it would sign whoever opens it in as whoever made it.
    """
    given = request.args.get("verifier", "")
    if given:
        refuse_foreign(live.parts.settings)
    accepted = request.accept_mimetypes
    opened = accepted["text/html"] > accepted["application/json"]
    return "" if opened or request.headers.get("Sec-Fetch-Mode") == "navigate" else given


def _shown(verifier: str, held: str) -> str:
    if verifier:
        return verifier if _VERIFIER.fullmatch(verifier) else ""
    return held if _S256.fullmatch(held) else ""


def _s256(text: str) -> str:
    digest = hashlib.sha256(text.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _redirect_uri(live: Live) -> str:
    """By `PUBLIC_URL` alone; without it (debug and testing) the loopback host of the request."""
    settings = live.parts.settings
    if settings.public_url:
        return f"{settings.public_url.rstrip('/')}{settings.url_prefix}/silent/callback"
    origin = own_origin(settings)
    if not origin:
        raise InvalidRequest("Set PHONEAUTH_PUBLIC_URL, where devices are to come back to.")
    return origin + url_for("phoneauth.silent_callback")


def _cookie_name(live: Live) -> str:
    return binding.host_cookie_name(live, COOKIE)


def _keep(answer: Response, live: Live, secret: str) -> None:
    answer.set_cookie(
        _cookie_name(live),
        secret,
        max_age=LIFE,
        secure=binding.is_secure(live),
        httponly=True,
        samesite="Lax",  # the way back is a navigation from elsewhere
        path="/",
    )

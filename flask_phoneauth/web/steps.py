"""What several views share: who is signed in, what became of a challenge, where they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, redirect, url_for
from flask_login import current_user

from flask_phoneauth.errors import (
    FreshLoginRequired,
    NotSignedIn,
    StoreUnavailable,
    UnknownChallenge,
)
from flask_phoneauth.flows.look_up_challenge import look_up_challenge, second_of
from flask_phoneauth.flows.request_code import Ask, Asked
from flask_phoneauth.records import SMS
from flask_phoneauth.sessions.loading import current_session, registry_is_down
from flask_phoneauth.sessions.state import Live
from flask_phoneauth.web import binding, devices, inputs, pages, responses
from flask_phoneauth.web.origins import own_host, safe_next

LOOK_AGAIN = 2
"""Seconds after which a page looks again for what the mobile operator has said."""


def signed_in_user() -> Any:
    """The user of this request; raises `NotSignedIn`, or `StoreUnavailable` if nobody knows."""
    if not current_user.is_authenticated:
        require_registry()
        raise NotSignedIn
    return current_user


def require_registry() -> None:
    """Nobody is called a stranger because the registry could not be read (RULES 13)."""
    if not current_user.is_authenticated and registry_is_down():
        raise StoreUnavailable


def freshly_signed_in_user(live: Live) -> Any:
    """The user, whose login must be fresh; raises `FreshLoginRequired` besides."""
    user = signed_in_user()
    if not is_fresh(live):
        raise FreshLoginRequired
    return user


def is_fresh(live: Live) -> bool:
    """Whether the session of this request began at most `FRESH_FOR` seconds ago."""
    record = current_session()
    return record is not None and live.registry.is_fresh(record)


def read_ask(live: Live, values: Mapping[str, Any]) -> tuple[Ask, binding.Binding]:
    """Who asks for a code to which number, and what binds the challenge to them."""
    held = binding.starting(live, values)
    ask = Ask(
        phone=inputs.text(values, "phone"),
        binding=held.digest,
        client=devices.located_asker(live),
        host=own_host(live.parts.settings),
        by_app=not held.by_cookie and not inputs.of_apple(),
        channel=inputs.optional_text(values, "channel") or SMS,
        risk_token=inputs.risk_token(live.parts.puzzle, values),
    )
    return ask, held


def fate(live: Live, challenge_id: str) -> str:
    """The status of a challenge of this browser; nothing where there is none."""
    held = binding.presented(live, {})
    try:
        return look_up_challenge(live.parts, challenge_id, held.digest, devices.asker(live)).status
    except UnknownChallenge:
        return ""


def asked_answer(live: Live, asked: Asked, held: binding.Binding, code_page: str) -> Any:
    """202 for programs, the way to the endpoint `code_page` for people."""
    if inputs.wants_json():
        response = responses.asked_json(asked, held)
    else:
        target = url_for(code_page, challenge_id=asked.challenge_id)
        response = redirect(target, 303)  # type: ignore[assignment]
    binding.hand_out(response, live, held)
    return response


def second_step(live: Live, challenge_id: str, held: binding.Binding) -> Any | None:
    """Where a used code has led, or may be about to lead; None where that is nowhere."""
    client = devices.asker(live)
    first = look_up_challenge(live.parts, challenge_id, held.digest, client)
    if second := second_of(live.parts, first, held.digest, client):
        return asked_answer(live, second, held, "phoneauth.verify")
    if first.undecided and not inputs.wants_json():
        return awaiting_second(live, challenge_id)
    return None


def awaiting_second(live: Live, challenge_id: str) -> Response:
    """A browser that clicks twice drops the first answer: this page looks where that one led."""
    url = url_for("phoneauth.verify", challenge_id=challenge_id)
    return pages.silent_page(live, url, seconds=LOOK_AGAIN)


def sent_on(live: Live, target: object) -> Any:
    """To `target` if that is a path of this site, else where logins lead."""
    settings = live.parts.settings
    return redirect(safe_next(target, settings) or settings.after_login_url, 303)

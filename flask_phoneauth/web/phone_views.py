"""The routes by which a signed-in user links a number or changes it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, jsonify, redirect, request, url_for
from flask_login import current_user

from flask_phoneauth.errors import StoreUnavailable, Used
from flask_phoneauth.flows.change_phone import ask_to_change, change_phone
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.sessions import login as sign_in
from flask_phoneauth.sessions.state import Live, current_live
from flask_phoneauth.web import binding, devices, inputs, pages
from flask_phoneauth.web.forms import CodeForm, PhoneForm
from flask_phoneauth.web.origins import safe_next
from flask_phoneauth.web.steps import (
    asked_answer,
    fate,
    freshly_signed_in_user,
    read_ask,
    sent_on,
    signed_in_user,
)


def add_phone_routes(blueprint: Blueprint) -> None:
    """`/phone` and `/phone/verify`."""
    add = blueprint.add_url_rule
    add("/phone", view_func=phone, methods=["GET", "POST"])
    add("/phone/verify", view_func=verify_phone, methods=["GET", "POST"])


def phone() -> Any:
    """Type the number that the account is to have, ask for a code."""
    live = current_live()
    settings = live.parts.settings
    if request.method != "POST":
        freshly_signed_in_user(live)
        return pages.phone_page(live)
    values = inputs.read_body(PhoneForm, settings)
    user = freshly_signed_in_user(live)
    ask, held = read_ask(live, values)
    wishes = {"next": safe_next(inputs.optional_text(values, "next"), settings)}
    asked = ask_to_change(live.parts, user, replace(ask, payload=wishes))
    return asked_answer(live, asked, held, "phoneauth.verify_phone")


def verify_phone() -> Any:
    """Type the code; the account has the number, its other sessions end."""
    live = current_live()
    if request.method != "POST":
        return _verify_page(live)
    values = inputs.read_body(CodeForm, live.parts.settings)
    user = signed_in_user()
    held = binding.presented(live, values)
    challenge_id = inputs.challenge_id(values)
    typing = devices.typing(live, challenge_id, held)
    former = live.parts.keys.phone_tag(str(user.phone)) if user.phone else ""
    try:
        changed = change_phone(
            live.parts,
            user,
            challenge_id,
            values.get("code"),
            held.digest,
            device=devices.device_of(typing),
        )
    except Used:
        if not inputs.wants_json() and _is_changed_already(live, challenge_id):
            return sent_on(live, None)
        raise
    try:
        sign_in.revoke_others(live)
    except StoreUnavailable:  # the right code stays good, until the other sessions are ended too
        live.parts.challenges.reopen(challenge_id, now=live.parts.clock.now())
        raise
    if inputs.wants_json():
        answer = jsonify(user={"id": str(changed.user.get_id()), "phone": changed.phone})
    else:
        answer = sent_on(live, changed.payload.get("next"))
    devices.remember(answer, live, typing, enrolled=changed.enrolled, former=former)
    return answer


def _verify_page(live: Live) -> Any:
    signed_in_user()
    challenge_id = inputs.known_form(request.args.get("challenge_id", ""))
    if not challenge_id:
        return redirect(url_for("phoneauth.phone"), 303)
    if _is_changed_already(live, challenge_id):
        return sent_on(live, None)
    return pages.verify_page(live, challenge_id)


def _is_changed_already(live: Live, challenge_id: str) -> bool:
    """A second click: the number of that challenge is this user's by now."""
    number = getattr(current_user, "phone", None)
    if not number or live.parts.keys.phone_tag(number) != phone_tag_of(challenge_id):
        return False
    return fate(live, challenge_id) == "verified"

"""The two routes of the well-known tutorial on number verification: they tell the verdict alone.

`POST /login` takes a number and answers the address that the device opens; `GET /callback` is
where the device comes back to. Nobody is signed in: that is what `/auth/silent` is for.
"""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Flask, current_app, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeTimedSerializer

from flask_phoneauth.operators.base import Operator, Unsure
from flask_phoneauth.operators.camara import VonageOperator
from flask_phoneauth.settings import Settings

APPLICATION = "00000000-0000-4000-8000-000000000002"
"""Another application than the login's: an operator sends devices back to one address of each."""
STATE_LIFE = 300

tutorial = Blueprint("tutorial", __name__)


def add_tutorial(app: Flask) -> None:
    """Serve both routes where a sandbox plays the operator, and nowhere else."""
    sandbox = str(app.config.get("PHONEAUTH_SANDBOX_URL") or "")
    if not sandbox:
        return
    password = str(app.config.get("PHONEAUTH_SANDBOX_PASSWORD") or "")
    settings = Settings(
        operator="vonage",
        sandbox_url=sandbox,
        sandbox_password=password,
        operator_application_id=APPLICATION,
    )
    app.extensions["tutorial"] = VonageOperator.from_settings(settings)
    app.register_blueprint(tutorial)


@tutorial.post("/login")
def login() -> ResponseReturnValue:
    """`{"phone"}` to `{"url"}`."""
    values = request.get_json(silent=True)
    phone = values.get("phone") if isinstance(values, dict) else None
    if not isinstance(phone, str) or not _is_number(phone):
        return jsonify(error="Send a number as {'phone': '+99012345678'}."), 400
    try:
        url = _operator().begin(phone, _serializer().dumps(phone), _callback())
    except Unsure:
        return jsonify(error="The mobile operator does not answer. Try again."), 502
    return jsonify(url=url)


@tutorial.get("/callback")
def callback() -> ResponseReturnValue:
    """`code` and `state` to `{"devicePhoneNumberVerified"}`."""
    error, code = request.args.get("error"), request.args.get("code", "")
    try:
        phone: Any = _serializer().loads(request.args.get("state", ""), max_age=STATE_LIFE)
    except BadSignature:
        return jsonify(error="The state is not ours, or too old. Begin with POST /login."), 400
    if error or not code:
        return jsonify(error="The mobile operator could not tell."), 502
    try:
        verified = _operator().verify(str(phone), code, _callback())
    except Unsure:
        return jsonify(error="The mobile operator could not tell."), 502
    return jsonify(devicePhoneNumberVerified=verified)


def _is_number(phone: str) -> bool:
    return re.fullmatch(r"\+[1-9][0-9]{6,14}", phone) is not None


def _operator() -> Operator:
    operator: Operator = current_app.extensions["tutorial"]
    return operator


def _callback() -> str:
    return url_for("tutorial.callback", _external=True)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="tutorial")

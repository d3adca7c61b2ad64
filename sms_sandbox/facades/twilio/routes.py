"""Twilio's URLs: credentials, then the verb, then Twilio's own form of the answer."""

import secrets
import time
from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response, g, jsonify
from werkzeug.exceptions import RequestEntityTooLarge

from sms_sandbox.errors import FaultStruck, InvalidRequest, SandboxError, TurnedAway
from sms_sandbox.facades.asking import answer
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.paths import ANYWHERE, EVERY_METHOD
from sms_sandbox.facades.twilio import wire
from sms_sandbox.facades.twilio.calls.views import Calls
from sms_sandbox.facades.twilio.desk import Desk
from sms_sandbox.facades.twilio.errors import TwilioError, of_fault, of_stranger
from sms_sandbox.facades.twilio.lookup import routes as lookup_routes
from sms_sandbox.facades.twilio.messages.views import Messages
from sms_sandbox.facades.twilio.numbers.views import Numbers
from sms_sandbox.facades.twilio.services import routes as services_routes
from sms_sandbox.facades.twilio.verify import routes as verify_routes

_ACCOUNT = f"/{wire.API_VERSION}/Accounts/<account>"


def create_blueprint(room: Room, prefix: str) -> Blueprint:
    """The routes below ``prefix``; ``.json`` may be left out, the answer is JSON all the same."""
    blueprint = Blueprint("twilio", __name__, url_prefix=prefix)
    desk = Desk(room, prefix)
    rules = [
        ("GET", "", partial(_account, desk)),
        *Messages(desk).rules(),
        *Calls(desk).rules(),
        *Numbers(desk).rules(),
    ]
    for place, (method, path, view) in enumerate(rules):
        for suffix in ("", ".json"):
            blueprint.add_url_rule(
                _ACCOUNT + path + suffix,
                endpoint=f"classic_{place}{suffix.replace('.', '_')}",
                view_func=view,
                methods=[method],
                provide_automatic_options=False,
            )
    services_routes.register(blueprint, room, prefix)
    verify_routes.register(blueprint, room, prefix)
    lookup_routes.register(blueprint, room, prefix)
    nowhere = _nowhere(desk)
    for path in ANYWHERE:
        blueprint.add_url_rule(
            path, "nowhere", nowhere, methods=EVERY_METHOD, provide_automatic_options=False
        )
    blueprint.before_request(_begin)
    blueprint.after_request(_sign_off)
    _handle_errors(blueprint, former=room.settings.error_texts == "former")
    return blueprint


def _account(desk: Desk, account: str) -> Response:
    return jsonify(wire.show_account(account, desk.room.clock.now(desk.enter(account))))


def _nowhere(desk: Desk) -> Callable[..., Response]:
    def nowhere(_rest: str = "") -> Response:
        raise desk.not_found()

    return nowhere


def _begin() -> None:
    g.twilio_started = time.monotonic()


def _sign_off(response: Response) -> Response:
    seconds = time.monotonic() - g.get("twilio_started", time.monotonic())
    response.headers["Twilio-Request-Id"] = "RQ" + secrets.token_hex(16)
    response.headers["Twilio-Request-Duration"] = f"{seconds:.3f}"
    response.headers["Twilio-Concurrent-Requests"] = "1"
    response.headers["X-API-Domain"] = "api.twilio.com"
    response.headers["X-Home-Region"] = "us1"
    return response


def _handle_errors(blueprint: Blueprint, *, former: bool) -> None:
    def refuse(error: TwilioError) -> Response:
        response = answer(error.as_json(former=former), error.status, retry_after=error.retry_after)
        if error.status == 401:
            response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
        return response

    def refuse_in_twilios_words(error: SandboxError) -> Response:
        if isinstance(error, FaultStruck):
            return refuse(of_fault(error))
        if isinstance(error, InvalidRequest):
            return refuse(TwilioError(20001, detail=error.detail))
        if isinstance(error, TurnedAway):
            return refuse(of_stranger(error))
        said = f"Service is unavailable: {error.detail}"
        return refuse(TwilioError(20503, said, retry_after=error.retry_after or 1))

    def refuse_too_large(_: RequestEntityTooLarge) -> Response:
        # A form of that size holds far more text than a message may.
        return refuse(TwilioError(21617))

    blueprint.register_error_handler(TwilioError, refuse)
    blueprint.register_error_handler(SandboxError, refuse_in_twilios_words)
    blueprint.register_error_handler(RequestEntityTooLarge, refuse_too_large)

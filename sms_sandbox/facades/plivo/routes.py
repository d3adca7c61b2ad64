"""Plivo's URLs: credentials, then the verb, then Plivo's own form of the answer."""

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from sms_sandbox.errors import SandboxError
from sms_sandbox.facades.asking import transcript
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.paths import Rule, add_paths
from sms_sandbox.facades.plivo import fields, lookup
from sms_sandbox.facades.plivo.caller import answer, begin, enter
from sms_sandbox.facades.plivo.errors import UNAUTHORIZED, PlivoError, in_plivos_words
from sms_sandbox.facades.plivo.messages import views as messages
from sms_sandbox.facades.plivo.verify import start
from sms_sandbox.facades.plivo.verify import views as verify

_ACCOUNT = "/v1/Account/<auth_id>"
_MESSAGES = f"{_ACCOUNT}/Message/"
_SESSIONS = f"{_ACCOUNT}/Verify/Session/"


def create_blueprint(room: Room, prefix: str) -> Blueprint:
    """The routes below ``prefix``; the slash at the end may be left out."""
    blueprint = Blueprint("plivo", __name__, url_prefix=prefix)
    view = _View(room)
    rules: list[Rule] = [
        ("POST", _MESSAGES, view.send),
        ("GET", _MESSAGES, view.list_messages),
        ("GET", f"{_MESSAGES}<message_uuid>/", view.fetch_message),
        ("GET", f"{_MESSAGES}<message_uuid>/Media/", view.list_media),
        ("POST", _SESSIONS, view.create_session),
        ("GET", _SESSIONS, view.list_sessions),
        ("GET", f"{_SESSIONS}<session_uuid>/", view.fetch_session),
        ("POST", f"{_SESSIONS}<session_uuid>/", view.validate_session),
        ("GET", "/v1/Number/<number>/", view.look_up),
    ]
    add_paths(blueprint, rules, wrong_method=view.wrong_method, nowhere=view.nowhere)
    blueprint.before_request(lambda: begin(room))
    blueprint.register_error_handler(PlivoError, _refuse)
    blueprint.register_error_handler(SandboxError, _refuse_in_plivos_words)
    blueprint.register_error_handler(RequestEntityTooLarge, _refuse_too_large)
    blueprint.register_error_handler(lookup.NotValid, _refuse_number)
    return blueprint


class _View:
    """One method an address: who asks, the verb, the answer."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def send(self, auth_id: str) -> Response:
        caller = enter(self._room, auth_id)
        return answer(*messages.create(caller, _body(), transcript()))

    def list_messages(self, auth_id: str) -> Response:
        return answer(messages.list_page(enter(self._room, auth_id), request.args))

    def fetch_message(self, auth_id: str, message_uuid: str) -> Response:
        return answer(messages.fetch(enter(self._room, auth_id), message_uuid))

    def list_media(self, auth_id: str, message_uuid: str) -> Response:
        return answer(messages.media(enter(self._room, auth_id), message_uuid))

    def create_session(self, auth_id: str) -> Response:
        caller = enter(self._room, auth_id)
        return answer(start.create(caller, _body(), transcript()), 202)

    def list_sessions(self, auth_id: str) -> Response:
        return answer(verify.list_page(enter(self._room, auth_id), request.args))

    def fetch_session(self, auth_id: str, session_uuid: str) -> Response:
        return answer(verify.fetch(enter(self._room, auth_id), session_uuid))

    def validate_session(self, auth_id: str, session_uuid: str) -> Response:
        return answer(verify.validate(enter(self._room, auth_id), session_uuid, _body()))

    def look_up(self, number: str) -> Response:
        return answer(lookup.fetch(enter(self._room, None), number, request.args))

    def wrong_method(self, auth_id: str | None = None, **_: str) -> Response:
        enter(self._room, auth_id)
        raise PlivoError(405)

    def nowhere(self, _rest: str = "") -> Response:
        enter(self._room, None)
        raise PlivoError(404)


def _body() -> fields.Fields:
    return fields.read(request.mimetype, request.get_data())


def _refuse(error: PlivoError) -> Response:
    if error.status == 401:
        response = Response(error.text, status=401, content_type="text/plain; charset=utf-8")
        response.headers["WWW-Authenticate"] = 'Basic realm="Login Required"'
    else:
        response = answer({"error": error.text}, error.status)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _refuse_in_plivos_words(error: SandboxError) -> Response:
    refusal = in_plivos_words(error)
    if refusal.status == 401:
        refusal = PlivoError(401, UNAUTHORIZED, retry_after=refusal.retry_after)
    return _refuse(refusal)


def _refuse_too_large(_: RequestEntityTooLarge) -> Response:
    return _refuse(PlivoError(400, "The body is larger than 1 MiB"))


def _refuse_number(_: lookup.NotValid) -> Response:
    content = {"error_code": lookup.INVALID, "message": "The phone number is not valid"}
    return answer(content, 404)

"""The one address of both services: which protocol, who asks, the action, AWS's own answer."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from sms_sandbox.errors import FaultStruck, InvalidRequest, Refused, SandboxError, TurnedAway
from sms_sandbox.facades.asking import transcript
from sms_sandbox.facades.aws import actions, login, messaging, query, readback
from sms_sandbox.facades.aws.call import Call
from sms_sandbox.facades.aws.errors import RATE_EXCEEDED, AwsError, code_for, invalid
from sms_sandbox.facades.aws.wire import uuid_of
from sms_sandbox.facades.base import Room

_PATHS = ("", "/", "/sns", "/sns/", "/sms-voice", "/sms-voice/")
_EVERY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE")
_XML = "text/xml"
_JSON = "application/x-amz-json-1.0"


def create_blueprint(room: Room, prefix: str) -> Blueprint:
    """The routes below ``prefix``, and the path where LocalStack shows what SNS has sent."""
    both = Blueprint("aws", __name__)
    blueprint = Blueprint("vendor", __name__, url_prefix=prefix)
    view = _View(room)
    for path in _PATHS:
        blueprint.add_url_rule(path, "serve", view.serve, methods=["GET", "POST"])
        blueprint.add_url_rule(path, "nowhere", _nowhere, methods=["PUT", "PATCH", "DELETE"])
    blueprint.add_url_rule("/<path:_rest>", "nowhere", _nowhere, methods=_EVERY_METHOD)
    blueprint.before_request(view.begin)
    blueprint.after_request(_sign_off)
    blueprint.register_error_handler(AwsError, _refuse)
    blueprint.register_error_handler(SandboxError, _refuse_in_awss_words)
    blueprint.register_error_handler(RequestEntityTooLarge, _refuse_too_large)
    both.register_blueprint(blueprint)
    both.register_blueprint(readback.create_blueprint(room))
    return both


class _View:
    """Serves a signed request in the protocol that it speaks."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def begin(self) -> None:
        g.aws_request_id = uuid_of(self._room.ids.hex("", 16))

    def serve(self) -> Response:
        body = request.get_data()
        return self._serve_json(body) if _speaks_json() else self._serve_query(body)

    def _serve_query(self, body: bytes) -> Response:
        parameters = query.parse(request.query_string, body)
        call = self._call(parameters, body, "sns")
        name, perform = actions.find(parameters)
        document = query.write_answer(name, perform(call), _request_id())
        return Response(document, content_type=_XML)

    def _serve_json(self, body: bytes) -> Response:
        call = self._call({}, body, "sms-voice")
        if request.headers.get("X-Amz-Target") != messaging.TARGET:
            raise AwsError(
                "UnknownOperationException",
                f"This sandbox imitates {messaging.TARGET} only.",
                status=400,
            )
        return _json(messaging.send_text(call, body), 200)

    def _call(self, parameters: Mapping[str, str], body: bytes, service: str) -> Call:
        path = request.environ.get("sms_sandbox.path", request.path)
        caller = login.check(self._room, request, path, body, service)
        return Call(self._room, caller, parameters, transcript)


def _speaks_json() -> bool:
    label = request.mimetype.startswith("application/x-amz-json")
    return label or "X-Amz-Target" in request.headers


def _request_id() -> str:
    # A request that the sandbox itself turns away has not begun here.
    if "aws_request_id" not in g:
        g.aws_request_id = str(uuid.uuid4())
    return str(g.aws_request_id)


def _nowhere(**_: str) -> Response:
    raise AwsError("UnknownOperationException", "There is nothing at this address.")


def _sign_off(response: Response) -> Response:
    response.headers["x-amzn-RequestId"] = _request_id()
    return response


def _refuse(error: AwsError) -> Response:
    if _speaks_json():
        error = error.in_json()
        content = {"__type": error.code, "Message": error.text, **error.members}
        response = _json(content, error.status)
        response.headers["x-amzn-ErrorType"] = error.code
    else:
        document = query.write_error(error, _request_id())
        response = Response(document, status=error.status, content_type=_XML)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _refuse_in_awss_words(error: SandboxError) -> Response:
    return _refuse(_translated(error))


def _translated(error: SandboxError) -> AwsError:
    if isinstance(error, FaultStruck):
        code = code_for(error.status) if error.vendor_code is None else str(error.vendor_code)
        text = error.text or (RATE_EXCEEDED if error.status == 429 else error.detail)
        return AwsError(code, text, status=error.status, retry_after=error.retry_after)
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, InvalidRequest):
        return invalid(f"Message Reason: {error.detail}")
    if isinstance(error, TurnedAway):
        code = "Misdirected" if error.status == 421 else code_for(error.status)
        return AwsError(code, f"{error.detail} {error.hint}", status=error.status)
    return AwsError("ServiceUnavailable", error.detail, retry_after=error.retry_after or 1)


def _refused(error: Refused) -> AwsError:
    if error.status == 429:
        return AwsError("Throttling", RATE_EXCEEDED, retry_after=error.retry_after)
    if error.status == 503:
        return AwsError("InternalError", error.detail, retry_after=error.retry_after)
    if error.reason == "opted_out" and _speaks_json():
        return messaging.opted_out()
    return invalid(f"PhoneNumber Reason: {error.detail}")


def _refuse_too_large(_: RequestEntityTooLarge) -> Response:
    # A request of that size holds far more text than a message may.
    return _refuse(invalid("Message too long"))


def _json(content: Mapping[str, Any], status: int) -> Response:
    return Response(json.dumps(content), status=status, content_type=_JSON)

"""MessageBird's URLs: the access key, then the verb, then MessageBird's own form of the answer."""

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from sms_sandbox.errors import SandboxError
from sms_sandbox.facades.asking import answer, refuse_foreign_page, transcript
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.messagebird import balance, fields, hlr, lookup
from sms_sandbox.facades.messagebird.caller import enter
from sms_sandbox.facades.messagebird.errors import (
    BAD,
    NO_API,
    MessageBirdError,
    in_messagebirds_words,
    missing,
)
from sms_sandbox.facades.messagebird.messages import listing
from sms_sandbox.facades.messagebird.messages import views as messages
from sms_sandbox.facades.messagebird.verify import views as verify
from sms_sandbox.facades.paths import Rule, add_paths


def create_blueprint(room: Room, prefix: str) -> Blueprint:
    """The routes below ``prefix``; a slash at the end may be left out."""
    blueprint = Blueprint("messagebird", __name__, url_prefix=prefix)
    view = _View(room)
    verbs: list[Rule] = [
        ("POST", "/messages/", view.send),
        ("GET", "/messages/", view.list_messages),
        ("GET", "/messages/<message_id>/", view.fetch_message),
        ("DELETE", "/messages/<message_id>/", view.delete_message),
        ("POST", "/verify/", view.create_verification),
        ("GET", "/verify/<verification_id>/", view.fetch_verification),
        ("DELETE", "/verify/<verification_id>/", view.delete_verification),
        ("GET", "/lookup/<number>/", view.look_up),
        ("GET", "/lookup/<number>/hlr/", view.fetch_hlr_of),
        ("POST", "/lookup/<number>/hlr/", view.create_hlr_of),
        ("POST", "/hlr/", view.create_hlr),
        ("GET", "/hlr/<query_id>/", view.fetch_hlr),
        ("GET", "/balance/", view.balance),
    ]
    add_paths(blueprint, verbs, wrong_method=view.wrong_method, nowhere=view.nowhere)
    blueprint.register_error_handler(MessageBirdError, _refuse)
    blueprint.register_error_handler(SandboxError, _refuse_in_messagebirds_words)
    blueprint.register_error_handler(RequestEntityTooLarge, _refuse_too_large)
    return blueprint


class _View:
    """One method an address: who asks, the verb, the answer."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def send(self) -> Response:
        return answer(messages.create(enter(self._room), _body(), transcript()), 201)

    def list_messages(self) -> Response:
        return answer(listing.list_page(enter(self._room), request.args))

    def fetch_message(self, message_id: str) -> Response:
        return answer(messages.fetch(enter(self._room), message_id))

    def delete_message(self, message_id: str) -> Response:
        messages.delete(enter(self._room), message_id)
        return Response(status=204)

    def create_verification(self) -> Response:
        return answer(verify.create(enter(self._room), _body(), transcript()), 201)

    def fetch_verification(self, verification_id: str) -> Response:
        """With a token it is a try: the one GET of this API that changes something."""
        token = request.args.get("token")
        if token is None:
            return answer(verify.fetch(enter(self._room), verification_id))
        refuse_foreign_page(MessageBirdError(405))
        return answer(verify.check(enter(self._room), verification_id, token))

    def delete_verification(self, verification_id: str) -> Response:
        verify.delete(enter(self._room), verification_id)
        return Response(status=204)

    def look_up(self, number: str) -> Response:
        return answer(lookup.fetch(enter(self._room), number, request.args))

    def fetch_hlr_of(self, number: str) -> Response:
        return answer(lookup.fetch_hlr(enter(self._room), number, request.args))

    def create_hlr_of(self, number: str) -> Response:
        country = request.args.get("countryCode")
        return answer(lookup.create_hlr(enter(self._room), number, country, _body()), 201)

    def create_hlr(self) -> Response:
        caller, asked = enter(self._room), _body()
        number = asked.text("msisdn", most=64)
        if number is None:
            raise missing("msisdn", "no msisdn found")
        return answer(lookup.create_waiting_hlr(caller, number, asked), 201)

    def fetch_hlr(self, query_id: str) -> Response:
        return answer(hlr.fetch(enter(self._room), query_id))

    def balance(self) -> Response:
        return answer(balance.fetch(enter(self._room)))

    def wrong_method(self, **_: str) -> Response:
        enter(self._room)
        raise MessageBirdError(405)

    def nowhere(self, _rest: str = "") -> Response:
        enter(self._room)
        raise MessageBirdError(404, NO_API, "Not found (api does not exist)")


def _body() -> fields.Fields:
    return fields.read(request.mimetype, request.get_data())


def _refuse(error: MessageBirdError) -> Response:
    response = answer(error.as_json(), error.status, retry_after=error.retry_after)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="REST API authentication"'
    return response


def _refuse_in_messagebirds_words(error: SandboxError) -> Response:
    return _refuse(in_messagebirds_words(error))


def _refuse_too_large(_: RequestEntityTooLarge) -> Response:
    return _refuse(MessageBirdError(422, BAD, "Bad request (the body is larger than 1 MiB)"))

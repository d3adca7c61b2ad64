"""Twilio's URLs: credentials, then the verb, then Twilio's own form of the answer."""

import secrets
import time
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from sms_sandbox.errors import InvalidRequest, SandboxError
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.twilio import login, paging, wire
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.message import is_final
from sms_sandbox.storage import submissions
from sms_sandbox.storage.submissions import Submitted
from sms_sandbox.transcript import transcribe

_EVERY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE")


def create_blueprint(room: Room, prefix: str) -> Blueprint:
    """The routes below ``prefix``; ``.json`` may be left out, the answer is JSON all the same."""
    blueprint = Blueprint("twilio", __name__, url_prefix=prefix)
    views = _Views(room)
    account = f"/{wire.API_VERSION}/Accounts/<account>"
    one = f"{account}/Messages/<sid>"
    for suffix in ("", ".json"):
        for method, path, view in (
            ("GET", account, views.account),
            ("POST", f"{account}/Messages", views.create),
            ("GET", f"{account}/Messages", views.list),
            ("GET", one, views.fetch),
            ("POST", one, views.update),
            ("DELETE", one, views.delete),
            ("GET", f"{one}/Media", views.media),
            ("POST", f"{one}/Feedback", views.feedback),
        ):
            blueprint.add_url_rule(
                path + suffix,
                endpoint=view.__name__ + suffix.replace(".", "_"),
                view_func=view,
                methods=[method],
            )
    blueprint.add_url_rule("/", view_func=_nowhere, methods=_EVERY_METHOD)
    blueprint.add_url_rule("/<path:_rest>", view_func=_nowhere, methods=_EVERY_METHOD)
    blueprint.before_request(_begin)
    blueprint.after_request(_sign_off)
    blueprint.register_error_handler(TwilioError, _refuse)
    blueprint.register_error_handler(SandboxError, _refuse_in_twilios_words)
    blueprint.register_error_handler(RequestEntityTooLarge, _refuse_too_large)
    return blueprint


class _Views:
    """One method a URL."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def account(self, account: str) -> Response:
        self._let_in(account)
        return jsonify(wire.show_account(account, self._room.clock.now()))

    def create(self, account: str) -> Response:
        self._let_in(account)
        draft = wire.parse_draft(account, request.form, _transcript())
        message = self._room.inbox.accept(draft)
        assert draft.submission is not None
        shown = wire.show_message(Submitted(message, draft.submission, None), created=True)
        return _answer(shown, 201)

    def list(self, account: str) -> Response:
        self._let_in(account)
        return jsonify(paging.list_messages(self._room, account, request.args))

    def fetch(self, account: str, sid: str) -> Response:
        self._let_in(account)
        return jsonify(wire.show_message(self._find(account, sid)))

    def update(self, account: str, sid: str) -> Response:
        """Redact, or cancel; nothing here is ever scheduled, so a cancel comes too late."""
        self._let_in(account)
        found = self._find(account, sid)
        body, status = request.form.get("Body"), request.form.get("Status")
        if (body is None) == (status is None) or body or status not in (None, "canceled"):
            raise TwilioError(30400)
        if status is not None:
            raise TwilioError(30409)
        facts = {**found.submission.facts, "redacted": True}
        with self._room.database.write() as connection:
            submissions.set_facts(connection, found.message.seq, facts)
        return jsonify(wire.show_message(self._find(account, sid)))

    def delete(self, account: str, sid: str) -> Response:
        self._let_in(account)
        found = self._find(account, sid)
        if not is_final(found.message.status):
            raise TwilioError(20009)
        with self._room.database.write() as connection:
            submissions.delete(connection, found.message.seq)
        return Response(status=204)

    def media(self, account: str, sid: str) -> Response:
        self._let_in(account)
        self._find(account, sid)
        uri = f"{wire.account_uri(account)}/Messages/{sid}/Media.json"
        return jsonify(paging.empty_list(uri, "media_list"))

    def feedback(self, account: str, sid: str) -> Response:
        self._let_in(account)
        found = self._find(account, sid)
        outcome = request.form.get("Outcome", "confirmed")
        if outcome not in ("confirmed", "unconfirmed"):
            raise TwilioError(20001, detail="Outcome is confirmed or unconfirmed.")
        now = wire.rfc2822(self._room.clock.now())
        uri = f"{wire.account_uri(account)}/Messages/{found.submission.vendor_id}/Feedback.json"
        return jsonify(
            account_sid=account,
            date_created=now,
            date_updated=now,
            message_sid=found.submission.vendor_id,
            outcome=outcome,
            uri=uri,
        )

    def _let_in(self, account: str) -> None:
        login.check(self._room, request.authorization, account, _path())

    def _find(self, account: str, sid: str) -> Submitted:
        with self._room.database.read() as connection:
            found = submissions.by_vendor_id(connection, "twilio", account, sid)
        if found is None:
            raise TwilioError(20404, path=_path())
        return found


def _nowhere(_rest: str = "") -> Response:
    raise TwilioError(20404, path=_path())


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


def _refuse(error: TwilioError) -> Response:
    response = _answer(error.as_json(), error.status)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return response


def _refuse_in_twilios_words(error: SandboxError) -> Response:
    if isinstance(error, InvalidRequest):
        return _refuse(TwilioError(20001, detail=error.detail))
    response = _refuse(TwilioError(20503))
    response.headers["Retry-After"] = str(error.retry_after or 1)
    return response


def _refuse_too_large(_: RequestEntityTooLarge) -> Response:
    # A form of that size holds far more text than a message may.
    return _refuse(TwilioError(21617))


def _answer(content: dict[str, Any], status: int) -> Response:
    response = jsonify(content)
    response.status_code = status
    return response


def _path() -> str:
    """The path as it is on Twilio's own host."""
    blueprint_root = f"/{request.path.split('/', 2)[1]}"
    return request.path.removeprefix(blueprint_root)


def _transcript() -> str:
    # The form has been parsed by now, and with it the body has gone: it is written anew.
    body = "&".join(f"{name}={value}" for name, value in request.form.items(multi=True))
    return transcribe(
        request.method, request.full_path.rstrip("?"), request.headers.items(), body.encode()
    )

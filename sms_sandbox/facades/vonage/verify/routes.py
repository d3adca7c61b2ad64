"""The URLs of Verify v2."""

from flask import Response, request

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage.caller import enter, transcript
from sms_sandbox.facades.vonage.errors import respond_json
from sms_sandbox.facades.vonage.family import Family
from sms_sandbox.facades.vonage.parameters import read_json
from sms_sandbox.facades.vonage.verify import errors, form, going_on, silent, start

_REQUESTS = "/v2/verify"
_REQUEST = f"{_REQUESTS}/<request_id>"
_SILENT = f"{_REQUEST}/silent-auth"


def family(room: Room) -> Family:
    """Verify v2, and the addresses that a phone opens for silent authentication."""

    def begin() -> Response:
        caller = enter(room)
        wish = form.read(read_json(request.get_data()))
        return respond_json(start.start(caller, wish, transcript()), 202)

    def check(request_id: str) -> Response:
        caller = enter(room)
        code = form.read_code(read_json(request.get_data()))
        return respond_json(going_on.check(caller, request_id, code))

    def cancel(request_id: str) -> Response:
        going_on.cancel(enter(room), request_id)
        return Response(status=204)

    def next_workflow(request_id: str) -> Response:
        going_on.next_workflow(enter(room), request_id, transcript())
        return Response(status=200)

    return Family(
        name="verify",
        refuse=errors.refuse,
        rules=[
            ("POST", _REQUESTS, begin),
            ("POST", _REQUEST, check),
            ("DELETE", _REQUEST, cancel),
            ("POST", f"{_REQUEST}/next_workflow", next_workflow),
            ("GET", f"{_SILENT}/redirect", lambda request_id: silent.begin(room, request_id)),
            ("GET", f"{_SILENT}/operator", lambda request_id: silent.operate(room, request_id)),
            ("GET", f"{_SILENT}/confirm", lambda request_id: silent.confirm(room, request_id)),
        ],
    )

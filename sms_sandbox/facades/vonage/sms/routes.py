"""The SMS API's routes."""

from collections.abc import Mapping

from flask import Response, request

from sms_sandbox.facades.asking import refuse_foreign_page
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage.caller import transcript
from sms_sandbox.facades.vonage.errors import Unserved, respond_json
from sms_sandbox.facades.vonage.family import Family
from sms_sandbox.facades.vonage.parameters import read_parameters
from sms_sandbox.facades.vonage.sms import views
from sms_sandbox.facades.vonage.sms.entry import enter
from sms_sandbox.facades.vonage.sms.errors import SmsError, refuse


def family(room: Room) -> Family:
    """Sending, and what becomes of it."""
    view = _View(room)
    rules = (
        ("GET", "/sms/json", view.send),
        ("POST", "/sms/json", view.send),
        ("POST", "/conversions/sms", view.convert),
    )
    return Family(name="sms", rules=rules, refuse=refuse)


class _View:
    """Who asks, the verb, the answer."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def send(self) -> Response:
        refuse_foreign_page(Unserved(405))
        asked = _asked()
        caller = enter(self._room, asked)
        return respond_json(views.send(caller, asked, transcript()))

    def convert(self) -> Response:
        asked = _asked()
        caller = enter(self._room, asked)
        caller.strike("")
        try:
            views.convert(caller, asked)
        except SmsError as error:
            return Response(error.text, status=420, content_type="text/plain; charset=utf-8")
        return Response("OK", content_type="text/plain; charset=utf-8")


def _asked() -> Mapping[str, str]:
    return read_parameters(request.query_string, request.get_data())

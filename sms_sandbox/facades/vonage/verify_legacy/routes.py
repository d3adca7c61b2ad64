"""The URLs of Verify v1, each by GET as well as by POST."""

from collections.abc import Mapping

from flask import Response, request

from sms_sandbox.facades.asking import refuse_foreign_page
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage import login
from sms_sandbox.facades.vonage.caller import Caller, enter_account, transcript
from sms_sandbox.facades.vonage.errors import Unserved, respond_json
from sms_sandbox.facades.vonage.family import Family
from sms_sandbox.facades.vonage.parameters import read_parameters
from sms_sandbox.facades.vonage.verify_legacy import errors, views


def family(room: Room) -> Family:
    """Requests, checks, control, search."""
    view = _View(room)
    paths = {
        "/verify/json": view.start,
        "/verify/psd2/json": view.start_payment,
        "/verify/check/json": view.check,
        "/verify/control/json": view.control,
        "/verify/search/json": view.search,
    }
    rules = [(method, path, one) for path, one in paths.items() for method in ("GET", "POST")]
    return Family(name="verify_legacy", rules=rules, refuse=errors.refuse)


class _View:
    """Who asks, the verb, the answer."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def start(self) -> Response:
        caller, asked = self._enter()
        return respond_json(views.start(caller, asked, transcript(), is_payment=False))

    def start_payment(self) -> Response:
        caller, asked = self._enter()
        return respond_json(views.start(caller, asked, transcript(), is_payment=True))

    def check(self) -> Response:
        return respond_json(views.check(*self._enter()))

    def control(self) -> Response:
        return respond_json(views.control(*self._enter(), transcript()))

    def search(self) -> Response:
        caller, asked = self._enter()
        several = request.args.getlist("request_ids")
        one = asked.get("request_id", "")
        return respond_json(views.search(caller, several or ([one] if one else [])))

    def _enter(self) -> tuple[Caller, Mapping[str, str]]:
        refuse_foreign_page(Unserved(405))
        asked = read_parameters(request.query_string, request.get_data())
        if "api_secret" not in asked:
            return enter_account(self._room), asked
        key, account = login.check(self._room, asked.get("api_key", ""), asked["api_secret"])
        return Caller(room=self._room, account=account, api_key=key), asked

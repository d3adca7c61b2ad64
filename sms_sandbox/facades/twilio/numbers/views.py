"""The addresses of bought numbers: a method for each."""

from typing import Any

from flask import Response, jsonify, request

from sms_sandbox.facades.asking import answer
from sms_sandbox.facades.twilio import paging, wire
from sms_sandbox.facades.twilio.desk import Desk
from sms_sandbox.facades.twilio.numbers import bought
from sms_sandbox.facades.twilio.services import senders
from sms_sandbox.storage.records import Record

_FILTERS = ("FriendlyName", "PhoneNumber", "Beta", "Origin")


class Numbers:
    """One method a URL; ``desk`` checks who asks."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._room = desk.room

    def rules(self) -> list[tuple[str, str, Any]]:
        """Method, path below the account, view."""
        every, one = "/IncomingPhoneNumbers", "/IncomingPhoneNumbers/<sid>"
        return [
            ("POST", every, self.create),
            ("GET", every, self.list),
            ("GET", one, self.fetch),
            ("POST", one, self.update),
            ("DELETE", one, self.delete),
        ]

    def create(self, account: str) -> Response:
        """Buy a number."""
        account = self._desk.enter(account)
        now = self._room.clock.now(account)
        with self._room.database.write() as connection:
            number = bought.buy(
                connection, account, request.form, now=now, ids=self._desk.ids(account)
            )
        return answer(bought.show(number), 201)

    def list(self, account: str) -> Response:
        """One page, newest first."""
        account = self._desk.enter(account)
        with self._room.database.read() as connection:
            numbers = bought.all_of(connection, account)
        rows = [bought.show(one) for one in numbers if bought.fits(one, request.args)]
        root = f"{wire.account_uri(account)}/IncomingPhoneNumbers.json"
        asked = {name: request.args[name] for name in request.args}
        return jsonify(paging.cut(root, "incoming_phone_numbers", rows, asked, _FILTERS))

    def fetch(self, account: str, sid: str) -> Response:
        """One number."""
        account = self._desk.enter(account)
        with self._room.database.read() as connection:
            number = bought.get(connection, account, sid)
        return jsonify(bought.show(self._found(number)))

    def update(self, account: str, sid: str) -> Response:
        """Change its name, or where its messages go."""
        account = self._desk.enter(account)
        now = self._room.clock.now(account)
        with self._room.database.write() as connection:
            number = self._found(bought.get(connection, account, sid))
            changed = bought.change(connection, number, request.form, now)
        return jsonify(bought.show(changed))

    def delete(self, account: str, sid: str) -> Response:
        """Give a number back; its service loses it too."""
        account = self._desk.enter(account)
        with self._room.database.write() as connection:
            number = self._found(bought.get(connection, account, sid))
            senders.leave(connection, account, number.id)
            bought.give_back(connection, number)
        return Response(status=204)

    def _found(self, number: Record | None) -> Record:
        if number is None:
            raise self._desk.not_found()
        return number

"""The URLs of Messaging Services."""

from flask import Blueprint, Response, jsonify, request

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.twilio.caller import Caller, enter
from sms_sandbox.facades.twilio.meta_paging import page_of
from sms_sandbox.facades.twilio.products import add_rules
from sms_sandbox.facades.twilio.services import senders, services


def register(blueprint: Blueprint, room: Room, prefix: str) -> None:
    """Add the routes; they lie beside those of the other products."""
    views = _Views(room, prefix)
    one = "/v1/Services/<service>"
    rules = (
        ("POST", "/v1/Services", views.create),
        ("GET", "/v1/Services", views.list),
        ("GET", one, views.fetch),
        ("POST", one, views.update),
        ("DELETE", one, views.delete),
        ("POST", f"{one}/PhoneNumbers", views.add),
        ("GET", f"{one}/PhoneNumbers", views.list_senders),
        ("GET", f"{one}/PhoneNumbers/<sid>", views.fetch_sender),
        ("DELETE", f"{one}/PhoneNumbers/<sid>", views.remove),
    )
    add_rules(blueprint, "services", rules)


class _Views:
    """One method a URL."""

    def __init__(self, room: Room, prefix: str) -> None:
        self._room = room
        self._prefix = prefix

    def create(self) -> tuple[Response, int]:
        caller = self._enter()
        return jsonify(services.show(caller, services.create(caller, request.form))), 201

    def list(self) -> Response:
        caller = self._enter()
        return jsonify(page_of(caller, request.args, services.KIND, "services", show=services.show))

    def fetch(self, service: str) -> Response:
        caller = self._enter()
        with self._room.database.read() as connection:
            found = services.get(connection, caller, service)
        return jsonify(services.show(caller, found))

    def update(self, service: str) -> Response:
        caller = self._enter()
        return jsonify(services.show(caller, services.update(caller, service, request.form)))

    def delete(self, service: str) -> tuple[str, int]:
        services.delete(self._enter(), service)
        return "", 204

    def add(self, service: str) -> tuple[Response, int]:
        caller = self._enter()
        with self._room.database.write() as connection:
            services.get(connection, caller, service)
            sender = senders.add(connection, caller, service, request.form.get("PhoneNumberSid"))
        return jsonify(senders.show(caller, sender)), 201

    def list_senders(self, service: str) -> Response:
        caller = self._enter()
        with self._room.database.read() as connection:
            services.get(connection, caller, service)
        page = page_of(
            caller,
            request.args,
            senders.KIND,
            "phone_numbers",
            show=senders.show,
            parent=service,
        )
        return jsonify(page)

    def fetch_sender(self, service: str, sid: str) -> Response:
        caller = self._enter()
        with self._room.database.read() as connection:
            found = senders.get(connection, caller, service, sid)
        return jsonify(senders.show(caller, found))

    def remove(self, service: str, sid: str) -> tuple[str, int]:
        caller = self._enter()
        with self._room.database.write() as connection:
            found = senders.get(connection, caller, service, sid)
            senders.leave(connection, caller.account, found.id)
        return "", 204

    def _enter(self) -> Caller:
        return enter(self._room, self._prefix)

"""The Messages API's routes."""

from flask import Response, request

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage.caller import enter, transcript
from sms_sandbox.facades.vonage.errors import Problem, as_problem, respond_json
from sms_sandbox.facades.vonage.family import Family
from sms_sandbox.facades.vonage.messages import form
from sms_sandbox.facades.vonage.messages.errors import invalid
from sms_sandbox.facades.vonage.messages.failover import WORKFLOW
from sms_sandbox.facades.vonage.parameters import read_json
from sms_sandbox.facades.vonage.wire import PROVIDER
from sms_sandbox.storage import submissions


def family(room: Room) -> Family:
    """Sending; what is changed afterwards is of no SMS."""
    view = _View(room)
    rules = (
        ("POST", "/v1/messages", view.send),
        ("PATCH", "/v1/messages/<message_uuid>", view.update),
    )
    return Family(name="messages", rules=rules, refuse=as_problem)


class _View:
    """Who asks, the verb, the answer."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def send(self) -> Response:
        caller = enter(self._room)
        draft = form.read(read_json(request.get_data()), caller, transcript())
        self._room.inbox.accept(draft)
        assert draft.submission is not None
        content = {"message_uuid": draft.submission.vendor_id}
        if WORKFLOW in draft.submission.facts:
            content["workflow_id"] = draft.submission.facts[WORKFLOW]["id"]
        return respond_json(content, 202)

    def update(self, message_uuid: str) -> Response:
        caller = enter(self._room)
        caller.strike("")
        read_json(request.get_data())
        with self._room.database.read() as connection:
            found = submissions.by_vendor_id(connection, PROVIDER, caller.account, message_uuid)
        if found is None:
            raise Problem(404, f"Message with ID {message_uuid[:64]} not found")
        raise invalid("status", "cannot be changed of a message by channel sms")

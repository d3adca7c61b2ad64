"""The façade of Twilio as the wiring sees it."""

import re

from flask import Blueprint

from sms_sandbox.callback import Callback
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.twilio import callbacks, routes
from sms_sandbox.message import Message, Submission


class Twilio:
    """The façade under ``/twilio``."""

    provider = "twilio"
    prefix = "/twilio"
    hosts = re.compile(r"(?:[a-z0-9-]+\.)*twilio\.com")

    def create_blueprint(self, room: Room) -> Blueprint:
        """Messages and the account itself."""
        return routes.create_blueprint(room, self.prefix)

    def render(
        self, message: Message, submission: Submission, signing_key: str | None
    ) -> Callback | None:
        """The status callback, signed with the account's auth token."""
        return callbacks.render(message, submission, signing_key)

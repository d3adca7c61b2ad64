"""The façade of MessageBird as the wiring sees it."""

import re
from collections.abc import Mapping

from flask import Blueprint

from sms_sandbox.callback import Callback
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.messagebird import routes
from sms_sandbox.facades.messagebird.errors import FAILINGS
from sms_sandbox.facades.messagebird.messages import inbound, receipts
from sms_sandbox.facades.messagebird.verify import telling
from sms_sandbox.facades.messagebird.wire import PROVIDER
from sms_sandbox.inbox.hooks import Cause, Reaction, Received, Scene
from sms_sandbox.message import Message, Submission
from sms_sandbox.numbers import MagicNumber
from sms_sandbox.reasons import Failing


class MessageBird:
    """The façade under ``/messagebird``: messages, Verify, Lookup, HLR, the balance."""

    provider = PROVIDER
    prefix = "/messagebird"
    hosts = re.compile(r"(?:[a-z0-9-]+\.)*(?:messagebird|bird)\.com")
    failings: Mapping[Failing, str | int] = FAILINGS
    magic: tuple[MagicNumber, ...] = ()

    def create_blueprint(self, room: Room) -> Blueprint:
        """Every API that is imitated."""
        return routes.create_blueprint(room, self.prefix)

    def render(self, message: Message, submission: Submission, scene: Scene) -> Callback | None:
        """The status report of a text; calls have none."""
        return receipts.render(message, submission, scene)

    def react(
        self, message: Message, submission: Submission | None, cause: Cause, scene: Scene
    ) -> Reaction | None:
        """A handset's message goes to the application; a call speaks."""
        if submission is None:
            return inbound.received(message, scene) if isinstance(cause, Received) else None
        if telling.is_call(submission):
            return telling.react(message, submission, cause)
        return None

    def hears(self, message: Message, submission: Submission) -> bool | None:  # noqa: ARG002
        """A call of Verify asks for no key."""
        return False if telling.is_call(submission) else None

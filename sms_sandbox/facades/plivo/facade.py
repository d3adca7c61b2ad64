"""The façade of Plivo as the wiring sees it."""

import re
from collections.abc import Mapping

from flask import Blueprint

from sms_sandbox.callback import Callback
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.plivo import routes
from sms_sandbox.facades.plivo.errors import FAILINGS
from sms_sandbox.facades.plivo.messages import inbound, receipts
from sms_sandbox.facades.plivo.verify import telling
from sms_sandbox.facades.plivo.wire import PROVIDER
from sms_sandbox.inbox.hooks import Answered, Cause, Moved, Reaction, Received, Scene
from sms_sandbox.message import Message, Submission
from sms_sandbox.numbers import MagicNumber
from sms_sandbox.reasons import Failing


class Plivo:
    """The façade under ``/plivo``: messages, Verify sessions, Lookup."""

    provider = PROVIDER
    prefix = "/plivo"
    hosts = re.compile(r"(?:[a-z0-9-]+\.)*plivo\.com")
    failings: Mapping[Failing, str | int] = FAILINGS
    magic: tuple[MagicNumber, ...] = ()

    def create_blueprint(self, room: Room) -> Blueprint:
        """Every API that is imitated."""
        return routes.create_blueprint(room, self.prefix)

    def render(self, message: Message, submission: Submission, scene: Scene) -> Callback | None:
        """The status callback of a message or of a session's attempt."""
        if submission.facts.get("kind") == telling.KIND:
            return telling.render(message, submission, scene)
        return receipts.render(message, submission, scene)

    def react(
        self, message: Message, submission: Submission | None, cause: Cause, scene: Scene
    ) -> Reaction | None:
        """A handset's message goes to the application, whose answer may reply; a call speaks."""
        if submission is None:
            return inbound.received(message, scene) if isinstance(cause, Received) else None
        if submission.facts.get("kind") == telling.KIND:
            return telling.react(message, submission, cause)
        if isinstance(cause, Moved):
            return receipts.moved(message, submission)
        if isinstance(cause, Answered) and cause.callback.kind == inbound.KIND:
            return inbound.answered(message, submission, cause, scene)
        return None

    def hears(self, message: Message, submission: Submission) -> bool | None:
        """Whether a call of Verify waits for a key."""
        if submission.facts.get("kind") != telling.KIND:
            return None
        return telling.hears(message, submission)

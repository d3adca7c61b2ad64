"""The façade of Twilio as the wiring sees it."""

import re
from collections.abc import Mapping

from flask import Blueprint

from sms_sandbox.callback import Callback
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.twilio import routes
from sms_sandbox.facades.twilio.calls import playing
from sms_sandbox.facades.twilio.calls.form import CALL
from sms_sandbox.facades.twilio.magic import magic_numbers
from sms_sandbox.facades.twilio.messages import inbound, receipts
from sms_sandbox.facades.twilio.verify import spoken
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.inbox.hooks import Answered, Cause, Reaction, Received, Scene
from sms_sandbox.message import Message, Submission
from sms_sandbox.numbers import MagicNumber
from sms_sandbox.reasons import Failing


class Twilio:
    """The façade under ``/twilio``."""

    provider = PROVIDER
    prefix = "/twilio"
    hosts = re.compile(r"(?:[a-z0-9-]+\.)*twilio\.com")
    failings: Mapping[Failing, str | int] = {
        "unreachable": 30003,
        "unknown_handset": 30005,
        "landline": 30006,
        "filtered": 30007,
        "blocked": 30004,
        "handset_full": 30003,
        "no_route": 30008,
        "expired": 30036,
        "unknown": 30008,
    }

    magic: tuple[MagicNumber, ...] = magic_numbers()

    def create_blueprint(self, room: Room) -> Blueprint:
        """Every API that is imitated."""
        return routes.create_blueprint(room, self.prefix)

    def render(self, message: Message, submission: Submission, scene: Scene) -> Callback | None:
        """The status callback of a message, signed with the account's auth token."""
        if submission.facts.get("kind") is not None:
            return None
        return receipts.render(message, submission, scene)

    def react(
        self, message: Message, submission: Submission | None, cause: Cause, scene: Scene
    ) -> Reaction | None:
        """What a call does next, and what an application's answer to a message leads to."""
        if submission is None:
            return inbound.received(message, scene) if isinstance(cause, Received) else None
        kind = submission.facts.get("kind")
        if kind == CALL:
            return playing.react(message, submission, cause, scene)
        if kind == spoken.KIND:
            return spoken.react(message, submission, cause)
        if isinstance(cause, Answered) and cause.callback.kind == inbound.KIND:
            return inbound.answered(message, submission, cause, scene)
        return None

    def hears(self, message: Message, submission: Submission) -> bool | None:
        """Whether a call of the Calls API or of Verify waits for keys."""
        kind = submission.facts.get("kind")
        if kind == CALL:
            return playing.hears(message, submission)
        return spoken.hears(message, submission) if kind == spoken.KIND else None

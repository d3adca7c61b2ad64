"""The façade of Vonage as the wiring sees it."""

import re
from collections.abc import Mapping

from flask import Blueprint

from sms_sandbox.callback import Callback
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage import inbound, routes
from sms_sandbox.facades.vonage.errors import FAILINGS
from sms_sandbox.facades.vonage.messages import telling as messages
from sms_sandbox.facades.vonage.noun import API, Noun
from sms_sandbox.facades.vonage.sms import telling as sms
from sms_sandbox.facades.vonage.verify import telling as verify
from sms_sandbox.facades.vonage.wire import PROVIDER
from sms_sandbox.inbox.hooks import Cause, Reaction, Received, Scene
from sms_sandbox.message import Message, Submission
from sms_sandbox.numbers import MagicNumber
from sms_sandbox.reasons import Failing

_NOUNS: Mapping[str, Noun] = {"sms": sms, "messages": messages, "verify": verify}


class Vonage:
    """The façade under ``/vonage``: SMS, Messages, Verify, the network APIs."""

    provider = PROVIDER
    prefix = "/vonage"
    hosts = re.compile(r"(?:[a-z0-9-]+\.)*(?:nexmo\.com|vonage\.com)")
    failings: Mapping[Failing, str | int] = FAILINGS
    magic: tuple[MagicNumber, ...] = ()

    def create_blueprint(self, room: Room) -> Blueprint:
        """Every API that is imitated, of all of Vonage's hosts."""
        return routes.create_blueprint(room, self.prefix)

    def render(self, message: Message, submission: Submission, scene: Scene) -> Callback | None:
        """The status callback in the form of the API that the message came by."""
        noun = _NOUNS.get(str(submission.facts.get(API)))
        return None if noun is None else noun.render(message, submission, scene)

    def react(
        self, message: Message, submission: Submission | None, cause: Cause, scene: Scene
    ) -> Reaction | None:
        """A handset's message goes to the application; else the noun says what follows."""
        if submission is None:
            return inbound.received(message, scene) if isinstance(cause, Received) else None
        noun = _NOUNS.get(str(submission.facts.get(API)))
        return None if noun is None else noun.react(message, submission, cause, scene)

    def hears(self, message: Message, submission: Submission) -> bool | None:
        """Whether a call waits for keys."""
        noun = _NOUNS.get(str(submission.facts.get(API)))
        return None if noun is None else noun.hears(message, submission)

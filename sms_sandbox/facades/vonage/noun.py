"""What each of Vonage's nouns says when something happens to a message of its own."""

from typing import Protocol

from sms_sandbox.callback import Callback
from sms_sandbox.inbox.hooks import Cause, Reaction, Scene
from sms_sandbox.message import Message, Submission

API = "api"
"""The fact of a submission that names the noun which sent the message."""


class Noun(Protocol):
    """A module ``telling`` of a noun; ``submission.facts["api"]`` leads to it."""

    def render(self, message: Message, submission: Submission, scene: Scene) -> Callback | None:
        """The signed callback that tells of the message's status, if there is one."""
        ...

    def react(
        self, message: Message, submission: Submission, cause: Cause, scene: Scene
    ) -> Reaction | None:
        """What follows from a move, an answered callback, a pressed key; ``None``: nothing."""
        ...

    def hears(self, message: Message, submission: Submission) -> bool | None:
        """Whether the call waits for keys; ``None``: the message is no call."""
        ...

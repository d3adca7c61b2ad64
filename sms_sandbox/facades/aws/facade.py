"""The façade of AWS as the wiring sees it."""

import re
from collections.abc import Mapping

from flask import Blueprint

from sms_sandbox.callback import Callback
from sms_sandbox.facades.aws import opt_outs, routes, simulator
from sms_sandbox.facades.aws.errors import FAILINGS
from sms_sandbox.facades.aws.wire import PROVIDER
from sms_sandbox.facades.base import Room
from sms_sandbox.inbox.hooks import Cause, Reaction, Received, Scene
from sms_sandbox.message import Message, Submission
from sms_sandbox.numbers import MagicNumber
from sms_sandbox.reasons import Failing


class Aws:
    """The façade under ``/aws``: SNS, and End User Messaging's SendTextMessage."""

    provider = PROVIDER
    prefix = "/aws"
    hosts = re.compile(r"(?:sns|sms-voice)\.[a-z0-9-]+\.amazonaws\.com")
    failings: Mapping[Failing, str | int] = FAILINGS
    magic: tuple[MagicNumber, ...] = simulator.MAGIC

    def create_blueprint(self, room: Room) -> Blueprint:
        """Both services at one address, and LocalStack's path."""
        return routes.create_blueprint(room, self.prefix)

    def render(
        self,
        message: Message,  # noqa: ARG002
        submission: Submission,  # noqa: ARG002
        scene: Scene,  # noqa: ARG002
    ) -> Callback | None:
        """SNS tells of no status by HTTP."""
        return None

    def react(
        self,
        message: Message,
        submission: Submission | None,  # noqa: ARG002
        cause: Cause,
        scene: Scene,  # noqa: ARG002
    ) -> Reaction | None:
        """A handset that texts STOP opts out."""
        if isinstance(cause, Received) and opt_outs.is_stop(message.body):
            return Reaction(opted_out=True)
        return None

    def hears(
        self,
        message: Message,  # noqa: ARG002
        submission: Submission,  # noqa: ARG002
    ) -> bool | None:
        """SNS makes no calls."""
        return None

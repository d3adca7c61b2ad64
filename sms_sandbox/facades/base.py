"""What every façade is: a vendor's HTTP interface over the one inbox."""

import re
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

from flask import Blueprint

from sms_sandbox.callback import Callback
from sms_sandbox.clock import Clocks
from sms_sandbox.ids import Ids
from sms_sandbox.inbox import Inbox
from sms_sandbox.inbox.hooks import Cause, Reaction, Scene
from sms_sandbox.message import Draft, Message, Submission
from sms_sandbox.numbers import MagicNumber
from sms_sandbox.reasons import Failing
from sms_sandbox.settings import Settings
from sms_sandbox.storage import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a façade may use. Messages go through ``inbox``; ``database`` is for what the vendor
    keeps beside them."""

    settings: Settings
    clock: Clocks
    database: Database
    inbox: Inbox
    ids: Ids

    def accept(self, draft: Draft, undo: Callable[[], None]) -> None:
        """Let a message in; where it is not, ``undo`` takes back what was kept for it."""
        with ExitStack() as otherwise:
            otherwise.callback(undo)
            self.inbox.accept(draft)
            otherwise.pop_all()


class Facade(Protocol):
    """An imitated vendor: its messages' ``provider``, the path that it lives under, the host
    names that are its own."""

    provider: str
    prefix: str
    hosts: re.Pattern[str]

    def create_blueprint(self, room: Room) -> Blueprint:
        """The routes below ``prefix``. They check credentials and the sandbox's password, and
        answer every error in the vendor's form."""
        ...

    @property
    def failings(self) -> Mapping[Failing, str | int]:
        """The vendor's own delivery codes."""
        ...

    @property
    def magic(self) -> tuple[MagicNumber, ...]:
        """The numbers that the vendor itself has given a meaning for tests."""
        ...

    def render(self, message: Message, submission: Submission, scene: Scene) -> Callback | None:
        """The signed callback that tells of the message's status, if the vendor sends one."""
        ...

    def react(
        self, message: Message, submission: Submission | None, cause: Cause, scene: Scene
    ) -> Reaction | None:
        """What follows from a move, an inbound message, an answered callback, a pressed key;
        ``None``: nothing."""
        ...

    def hears(self, message: Message, submission: Submission) -> bool | None:
        """Whether the call waits for keys; ``None``: the message is no call."""
        ...


def facade_of(path: str, facades: Mapping[str, Facade]) -> Facade | None:
    """The façade that a path belongs to; ``facades`` are by prefix."""
    return facades.get("/" + path.split("/", 2)[1] if path.startswith("/") else "")

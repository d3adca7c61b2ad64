"""How a vendor takes part in what happens to its messages: the inbox asks, the vendor answers
with a value, and the inbox does what the value says. No vendor's code touches storage here."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sms_sandbox.callback import Callback, Outcome
from sms_sandbox.inbox.settings import AccountSettings
from sms_sandbox.message import Draft, Message, Status, Submission
from sms_sandbox.reasons import Failing
from sms_sandbox.storage.records import Record


@dataclass(frozen=True, slots=True)
class Moved:
    """The message has its present status since just now; of its first status nothing is said."""


@dataclass(frozen=True, slots=True)
class Received:
    """A handset has sent this message to the application."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A callback of the message got its last answer, or none at all."""

    callback: Callback
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Woken:
    """The time that an earlier reaction asked for has come."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """Somebody has pressed keys on the handset during a call."""

    digits: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """The application has asked the vendor to go on otherwise; ``values`` are the vendor's own."""

    values: Mapping[str, Any] = field(repr=False)


Cause = Moved | Received | Answered | Woken | Pressed | Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a vendor may know when it reacts: the account's time (seconds since 1970), its signing
    key once known, its settings, and two sources of hexadecimal digits, by a number of bytes:
    ``ids`` for what is kept, ``tokens`` for what marks a request. (The postmen draw tokens at
    their own pace, and seeded ids are to come in the same order at every run.) ``recall`` finds
    what the vendor keeps beside the account's messages, by kind and id. ``real`` is the time that a
    clock shows which nobody has moved, by which tokens expire."""

    now: float
    signing_key: str | None = field(repr=False)
    settings: AccountSettings = field(repr=False)
    ids: Callable[[int], str]
    tokens: Callable[[int], str] = secrets.token_hex
    recall: Callable[[str, str], Record | None] = field(default=lambda *_: None, repr=False)
    real: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What is to happen next to a message, all of it optional.

    ``submission``: what the vendor keeps of it from now on. ``keeps``: records that it writes
    anew. ``callbacks``: posted in this order. ``speak``: added to a call's text. ``status``: where
    it moves at once. ``wake_in``: seconds of the account's time after which the vendor is asked
    again; a later wish replaces an earlier one, 0 or less takes it back. ``drafts``: messages that
    are accepted in this order, each on its own: one that is refused is left out. ``opted_out``:
    whether the handset wants no more from this sender, after it has sent something. ``note``:
    written beside the attempt that caused this.
    """

    submission: Submission | None = None
    keeps: tuple[Record, ...] = ()
    callbacks: tuple[Callback, ...] = ()
    speak: str = field(default="", repr=False)
    status: Status | None = None
    wake_in: float | None = None
    drafts: tuple[Draft, ...] = ()
    opted_out: bool | None = None
    note: str | None = None


class Vendor(Protocol):
    """What the inbox needs of a façade."""

    @property
    def failings(self) -> Mapping[Failing, str | int]:
        """The vendor's own delivery codes."""
        ...

    def render(self, message: Message, submission: Submission, scene: Scene) -> Callback | None:
        """The signed callback that tells of the message's status, if the vendor sends one."""
        ...

    def react(
        self, message: Message, submission: Submission | None, cause: Cause, scene: Scene
    ) -> Reaction | None:
        """What follows from ``cause`` beside the status callback; ``None``: nothing."""
        ...

    def hears(self, message: Message, submission: Submission) -> bool | None:
        """Whether the call waits for keys; ``None``: the message is no call."""
        ...

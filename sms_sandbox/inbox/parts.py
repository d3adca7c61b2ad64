"""What the inbox's verbs share."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sms_sandbox.callback import Callback
from sms_sandbox.clock import Clock
from sms_sandbox.inbox.waiters import Waiters
from sms_sandbox.live import Live
from sms_sandbox.message import Message, Submission
from sms_sandbox.settings import Settings
from sms_sandbox.storage import Database

Renderer = Callable[[Message, Submission, str | None], Callback | None]
"""Renders and signs the callback that tells of a message's status; the last value is the
account's signing key, once known. ``None``: the vendor says nothing of this status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The inbox's tools. ``lock`` orders every change with its publication and with the waits:
    whoever holds it sees no message that is stored but not yet told."""

    settings: Settings
    database: Database
    clock: Clock
    live: Live
    waiters: Waiters
    lock: threading.RLock
    counters: Counter[str]
    renderers: Mapping[str, Renderer] = field(default_factory=dict)
    planned: list[Callable[[float], None]] = field(default_factory=list)
    queued: list[Callable[[], None]] = field(default_factory=list)

"""What the inbox's verbs share."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sms_sandbox.clock import Clock
from sms_sandbox.inbox.waiters import Waiters
from sms_sandbox.live import Live
from sms_sandbox.settings import Settings
from sms_sandbox.storage import Database


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
    planned: list[Callable[[float], None]] = field(default_factory=list)

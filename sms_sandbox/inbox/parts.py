"""What the inbox's verbs share."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sms_sandbox.clock import Clocks
from sms_sandbox.ids import Ids
from sms_sandbox.inbox.accounts import Accounts
from sms_sandbox.inbox.faults import Faults
from sms_sandbox.inbox.handsets import Handsets
from sms_sandbox.inbox.hooks import Vendor
from sms_sandbox.inbox.throttle import Throttle
from sms_sandbox.inbox.waiters import Waiters
from sms_sandbox.live import Live
from sms_sandbox.message import Draft, Message
from sms_sandbox.settings import Settings
from sms_sandbox.storage import Database

_BREATH = 0.001

MAX_HELD = 64
"""How many requests faults hold up at once; each keeps a thread of the server."""


def _holding() -> threading.BoundedSemaphore:
    return threading.BoundedSemaphore(MAX_HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The inbox's tools. ``lock`` orders every change with its publication and with the waits:
    whoever holds it sees no message that is stored but not yet told. ``advancing``, taken before
    it, lets one thread at a time make what is due, with all that follows from it."""

    settings: Settings
    database: Database
    clock: Clocks
    ids: Ids
    accounts: Accounts
    faults: Faults
    handsets: Handsets
    throttle: Throttle
    live: Live
    waiters: Waiters
    lock: threading.RLock
    counters: Counter[str]
    vendors: Mapping[str, Vendor] = field(default_factory=dict)
    planned: list[Callable[[float, str], None]] = field(default_factory=list)
    queued: list[Callable[[], None]] = field(default_factory=list)
    delivered: list[Callable[[Message], None]] = field(default_factory=list)
    followed: list[Callable[[Draft], None]] = field(default_factory=list)
    advancing: threading.RLock = field(default_factory=threading.RLock)
    stopping: threading.Event = field(default_factory=threading.Event)
    holding: threading.BoundedSemaphore = field(default_factory=_holding)


def give_way() -> None:
    """Let others have the lock between two batches: a lock favours whoever asks again at once."""
    time.sleep(_BREATH)

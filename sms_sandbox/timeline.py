"""The clock hand: a thread that asks what is due, and otherwise sleeps until the next moment."""

import logging
import threading
import time

from sms_sandbox.clock import Clocks
from sms_sandbox.errors import StorageUnavailable
from sms_sandbox.inbox import Inbox

_log = logging.getLogger(__name__)
_RETRY_SECONDS = 0.5
_TICK = 0.01
"""Real seconds between two looks: moves may be this late, and many are made at once."""
_REST = 10
"""How many times as long as its last look took the hand rests: the busier it is, the more it does
at once."""


class Timeline:
    """Moves statuses at their planned time; planned moves live in storage, so none is lost."""

    def __init__(self, inbox: Inbox, clock: Clocks) -> None:
        self._inbox = inbox
        self._clock = clock
        self._changed = threading.Condition()
        self._nudged = False
        self._stopping = False
        self._asleep_until = float("inf")  # of the monotonic clock
        self._thread = threading.Thread(target=self._run, name="sms-sandbox-timeline", daemon=True)
        inbox.watch_due(self._planned)
        clock.watch(self._nudge)

    @property
    def running(self) -> bool:
        """Whether the hand turns."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin; what became due while nothing ran happens at once."""
        self._thread.start()

    def stop(self) -> None:
        """End, after the moves of this moment."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _planned(self, at: float, account: str) -> None:
        # Most messages are planned behind an earlier one: no need to wake for them.
        seconds = self._clock.seconds_until(at, account)
        if seconds is not None and time.monotonic() + seconds + _TICK < self._asleep_until:
            self._nudge()

    def _nudge(self) -> None:
        with self._changed:
            self._nudged = True
            self._changed.notify()

    def _run(self) -> None:
        while not self._stopping:
            with self._changed:
                self._nudged = False
                self._asleep_until = float("inf")
            wake_in = self._advance()
            with self._changed:
                self._changed.wait_for(lambda: self._nudged or self._stopping, wake_in)

    def _advance(self) -> float | None:
        """Make the due moves; real seconds until the next, ``None`` to sleep until nudged."""
        began = time.monotonic()
        try:
            wake_in = self._inbox.advance_due()
        except StorageUnavailable as error:
            _log.warning("The timeline waits for the storage: %s", error.detail)
            return _RETRY_SECONDS
        if wake_in is None:
            return None
        ended = time.monotonic()
        wake_in = max(wake_in, _TICK, _REST * (ended - began))
        self._asleep_until = ended + wake_in
        return wake_in

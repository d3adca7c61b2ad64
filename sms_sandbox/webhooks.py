"""The postmen: they take due callbacks from the queue, post them, and hand back the outcome."""

import logging
import threading
import time

from sms_sandbox.callback import Outcome, Waiting
from sms_sandbox.clock import Clocks
from sms_sandbox.errors import StorageUnavailable
from sms_sandbox.inbox import Inbox
from sms_sandbox.outgoing import Outgoing

_log = logging.getLogger(__name__)
POSTMEN = 8
PER_ORIGIN = 4
"""How many callbacks are under way at once, in all and to one receiver: a slow one holds up
nobody else."""
_RETRY_SECONDS = 0.5
_STOP_SECONDS = 2.0


class Webhooks:
    """Posts what the inbox has queued. The queue lives in storage: a callback leaves it only
    with its outcome, so a restart loses none (it may repeat the one that was under way)."""

    def __init__(self, inbox: Inbox, clock: Clocks, outgoing: Outgoing) -> None:
        self._inbox = inbox
        self._outgoing = outgoing
        self._changed = threading.Condition()
        # After a reset a seeded sandbox gives the same ids anew, to other messages.
        self._under_way: dict[tuple[str, int], Waiting] = {}
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"sms-sandbox-webhooks-{number}", daemon=True)
            for number in range(POSTMEN)
        ]
        inbox.watch_callbacks(self._nudge)
        clock.watch(self._nudge)

    def start(self) -> None:
        """Begin; what was queued before the start is posted at once."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Break off what is under way; it stays in the queue."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        self._outgoing.close()
        until = time.monotonic() + _STOP_SECONDS
        for thread in self._threads:
            if thread.is_alive():
                # A name that is being looked up cannot be interrupted; the thread is a daemon.
                thread.join(max(0, until - time.monotonic()))

    def _nudge(self) -> None:
        with self._changed:
            self._changed.notify()

    def _run(self) -> None:
        while (waiting := self._take()) is not None:
            outcome = self._outgoing.send(waiting.callback)
            self._settle(waiting, outcome)
            with self._changed:
                del self._under_way[waiting.id, waiting.message_seq]

    def _take(self) -> Waiting | None:
        """The next callback that is due, awaited; ``None`` at the end."""
        with self._changed:
            while not self._stopping.is_set():
                waiting, pause = self._look()
                if waiting is not None:
                    self._under_way[waiting.id, waiting.message_seq] = waiting
                    # One postman is woken at a time: each sends for the next.
                    self._changed.notify()
                    return waiting
                self._changed.wait(pause)
        return None

    def _look(self) -> tuple[Waiting | None, float | None]:
        """A callback that is due, or the real seconds to sleep (``None``: until nudged)."""
        try:
            return self._inbox.next_callback(tuple(self._under_way.values()), PER_ORIGIN)
        except StorageUnavailable as error:
            _log.warning("The webhooks wait for the storage: %s", error.detail)
            return None, _RETRY_SECONDS

    def _settle(self, waiting: Waiting, outcome: Outcome) -> None:
        while not self._stopping.is_set():
            try:
                return self._inbox.settle_callback(waiting, outcome)
            except StorageUnavailable as error:
                _log.warning("The webhooks wait for the storage: %s", error.detail)
            self._stopping.wait(_RETRY_SECONDS)
        return None

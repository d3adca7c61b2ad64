"""What comes at the same time is done together: one transaction for many messages."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from sms_sandbox.errors import Busy, SandboxError

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Place(Generic[Item, Result]):
    """One item in the queue. ``turn`` is free once it is done, or has to do the next batch."""

    __slots__ = ("error", "item", "result", "turn")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.result: Result | None = None
        self.error: SandboxError | None = None
        self.turn = threading.Lock()
        self.turn.acquire()

    def is_done(self) -> bool:
        return self.result is not None or self.error is not None


class Together(Generic[Item, Result]):
    """Does ``work`` for all items that wait, at most ``limit`` at a time and in their order.

    Whoever finds nobody at work does it for everyone who has come by then; nobody waits for
    others to come. ``work`` answers one result an item; where it raises a ``SandboxError``, each
    item is tried alone, so that one that cannot be done spoils no other. Not to be called with a
    lock held that ``work`` takes.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Result]], limit: int = 64) -> None:
        self._work = work
        self._limit = limit
        self._lock = threading.Lock()
        self._waiting: deque[_Place[Item, Result]] = deque()
        self._busy = False

    def do(self, item: Item) -> Result:
        """The result of ``item``; raises what ``work`` raises for it."""
        place: _Place[Item, Result] = _Place(item)
        with self._lock:
            self._waiting.append(place)
            first = not self._busy
            self._busy = True
        if not first:
            place.turn.acquire()
        if not place.is_done():
            self._do_batch(place)
        if place.error is not None:
            raise place.error
        assert place.result is not None
        return place.result

    def _do_batch(self, own: _Place[Item, Result]) -> None:
        # Whoever is on the way is let come in: the others' turn to run, and nobody's to wait.
        time.sleep(0)
        with self._lock:
            batch = [self._waiting.popleft() for _ in range(min(self._limit, len(self._waiting)))]
        try:
            self._finish(batch)
        finally:
            with self._lock:
                following = self._waiting[0] if self._waiting else None
                self._busy = following is not None
            for place in batch:
                if not place.is_done():
                    place.error = Busy("This could not be done.", retry_after=1)
                if place is not own:
                    place.turn.release()
            if following is not None:
                following.turn.release()

    def _finish(self, batch: list[_Place[Item, Result]]) -> None:
        try:
            results = self._work([place.item for place in batch])
        except SandboxError as error:
            if len(batch) == 1:
                batch[0].error = error
                return
            for place in batch:
                self._finish([place])
            return
        for place, result in zip(batch, results, strict=True):
            place.result = result

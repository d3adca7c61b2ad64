"""The sandbox's time: real, or frozen and moved by hand."""

import threading
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Where the time of day comes from (seconds since 1970)."""

    def now(self) -> float:
        """The present moment."""
        ...

    def seconds_until(self, moment: float) -> float | None:
        """Real seconds until ``moment``, at least 0; ``None`` if it will not come by itself."""
        ...

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever the time is moved by hand."""
        ...


class RealClock:
    """The time of day, anchored once to the monotonic clock so that it never runs backward."""

    def __init__(self) -> None:
        self._anchor = time.time() - time.monotonic()

    def now(self) -> float:
        """The present moment."""
        return self._anchor + time.monotonic()

    def seconds_until(self, moment: float) -> float:
        """Real seconds until ``moment``, at least 0."""
        return max(0.0, moment - self.now())

    def watch(self, changed: Callable[[], None]) -> None:
        """Real time is never moved by hand, so ``changed`` is never called."""


class FrozenClock:
    """A time that stands still until ``advance``."""

    def __init__(self, now: float) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._watchers: list[Callable[[], None]] = []

    def now(self) -> float:
        """The present moment."""
        return self._now

    def seconds_until(self, moment: float) -> float | None:
        """0 if ``moment`` has come, else ``None``."""
        return 0.0 if moment <= self._now else None

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` after each ``advance``."""
        with self._lock:
            self._watchers.append(changed)

    def advance(self, seconds: float) -> None:
        """Move the time forward and wake everything that waits for it."""
        if seconds < 0:
            raise ValueError("A frozen clock moves forward only.")
        with self._lock:
            self._now += seconds
            watchers = tuple(self._watchers)
        for changed in watchers:
            changed()

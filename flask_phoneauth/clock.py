"""The time that rules go by: the system's, which a test may freeze and move."""

from __future__ import annotations

import threading
import time


class Clock:
    """Seconds since the epoch; `advance` and `freeze` are for tests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._offset = 0.0
        self._frozen_at: float | None = None

    def now(self) -> float:
        """The current time."""
        with self._lock:
            real = time.time() if self._frozen_at is None else self._frozen_at
            return real + self._offset

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds."""
        with self._lock:
            self._offset += seconds

    def freeze(self) -> None:
        """Stand still until `reset`; `advance` still moves."""
        with self._lock:
            self._frozen_at = time.time() if self._frozen_at is None else self._frozen_at

    def reset(self) -> None:
        """Go by the system's clock again."""
        with self._lock:
            self._offset, self._frozen_at = 0.0, None


system = Clock()

"""The codes that an entry "sent", for visitors who wait for theirs."""

from __future__ import annotations

import threading

CODE_WAIT = 5.0


class Codes:
    """By number; who waits is woken by its own code only, so that waiting costs next to nothing."""

    def __init__(self) -> None:
        self._held: dict[str, str] = {}
        self._waiting: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def put(self, phone: str, code: str) -> None:
        """A code left for that number."""
        with self._lock:
            self._held[phone] = code
            waiting = self._waiting.pop(phone, None)
        if waiting is not None:
            waiting.set()

    def take(self, phone: str) -> str:
        """The number's code, when it is there; raises `KeyError` after `CODE_WAIT` seconds."""
        with self._lock:
            if phone in self._held:
                return self._held.pop(phone)
            arrived = self._waiting[phone] = threading.Event()
        arrived.wait(CODE_WAIT)
        return self._held.pop(phone)

"""The sandbox's time: real, or frozen and moved by hand."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
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


SANDBOX = ""
"""The name, among clocks, of the sandbox's own: accounts without one of theirs follow it."""


@dataclass(frozen=True, slots=True)
class OwnClock:
    """A clock that was set by hand to ``moment`` (seconds since 1970): it stands there, or runs
    on from there ``ahead`` seconds before the base."""

    moment: float
    ahead: float | None = None

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self.ahead is None

    def now(self, base: float) -> float:
        """What it shows when the base shows ``base``."""
        # Rounding must not show a moment before the one that was set.
        return self.moment if self.ahead is None else max(self.moment, base + self.ahead)


class Clocks:
    """The sandbox's clock, and the clocks of accounts that have one of their own. It only
    remembers them: the inbox keeps them and fires what a move makes due."""

    def __init__(self, base: Clock) -> None:
        self._base = base
        self._own: dict[str, OwnClock] = {}
        self._hands: dict[str, threading.Lock] = {}
        self._watchers: list[Callable[[], None]] = []

    def now(self, account: str | None = None) -> float:
        """The present moment of ``account``; ``None``: of the sandbox itself."""
        own = self._own_of(account)
        return self._base.now() if own is None else own.now(self._base.now())

    def seconds_until(self, moment: float, account: str | None = None) -> float | None:
        """Real seconds until the clock of ``account`` shows ``moment``, at least 0; ``None`` if
        it will not by itself."""
        own = self._own_of(account)
        if own is None:
            return self._base.seconds_until(moment)
        if moment <= own.moment:
            return 0.0
        return None if own.ahead is None else self._base.seconds_until(moment - own.ahead)

    def name(self, account: str | None) -> str:
        """The clock that ``account`` obeys: its own by the account's name, or ``SANDBOX``."""
        return account if account in self._own and account is not None else SANDBOX

    def is_frozen(self, account: str | None) -> bool:
        """Whether the clock of ``account`` stands still."""
        own = self._own_of(account)
        return own is not None and own.frozen

    def stamp(self, due_at: float, account: str | None) -> float:
        """When something that was due at ``due_at`` happens: at that moment, if the clock was
        moved past it by hand, else now."""
        own = self._own_of(account)
        return due_at if own is not None and due_at <= own.moment else self.now(account)

    def set_to(self, moment: float, *, frozen: bool) -> OwnClock:
        """A clock that shows ``moment`` now, and stands there or runs on; ``put`` makes it so."""
        return OwnClock(moment, None if frozen else moment - self._base.now())

    def real(self) -> float:
        """What every clock shows that was not moved by hand."""
        return self._base.now()

    def moved(self) -> Mapping[str, OwnClock]:
        """The clocks that were moved by hand, by their names."""
        return self._own

    def hand(self, name: str) -> threading.Lock:
        """Held while the clock ``name`` is moved, so that one hand moves it at a time."""
        return self._hands.setdefault(name, threading.Lock())

    def put(self, name: str, own: OwnClock) -> None:
        """Let the clock ``name`` be ``own`` from now on; ``tell`` its watchers afterwards."""
        self._own = {**self._own, name: own}

    def forget(self, account: str | None) -> None:
        """Let ``account`` follow the sandbox's clock again, or with ``None`` all the base."""
        self._own = {k: v for k, v in self._own.items() if account not in (None, k)}

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` whenever a clock is moved by hand."""
        self._watchers.append(changed)
        self._base.watch(changed)

    def tell(self) -> None:
        """Wake everyone who waits for a clock."""
        for changed in tuple(self._watchers):
            changed()

    def _own_of(self, account: str | None) -> OwnClock | None:
        own = self._own  # One look: another thread may replace it.
        found = None if account is None else own.get(account)
        return found or own.get(SANDBOX)

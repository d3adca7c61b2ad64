"""How near the shared budgets are to their ends: told, and remembered for a minute."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from flask_phoneauth.events import BudgetWarning, Notify
from flask_phoneauth.stores.base import Level

REMEMBERED = 60
"""Seconds for which a process goes by the last level that it saw: no ask reads it anew."""
SPRAY = "spray"
CHALLENGE_AT = 80
"""Percent of `SPRAY_BUDGET` from which strangers meet the risk challenge."""
LONG_CODES_AT = 100
"""Percent from which codes are longer, so that one guess at each of many numbers finds less."""
LONG_CODE = 8
"""Digits of such a code."""


class Alarm:
    """What the levels that stores report come to in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spray: dict[str, tuple[int, float]] = {}

    def note(self, levels: Iterable[Level], notify: Notify, now: float) -> None:
        """Remember the levels of a wide attack; warn of every budget that has reached a mark."""
        for level in levels:
            if level.rule == SPRAY:
                with self._lock:
                    self._spray[level.key] = (level.percent, now)
            if level.crossed:
                notify(BudgetWarning(level.rule, level.crossed, level.key))

    def spray_percent(self, now: float) -> int:
        """The highest level of the last minute; 0 where none was seen."""
        with self._lock:
            seen = list(self._spray.values())
        return max((percent for percent, at in seen if now - at < REMEMBERED), default=0)

"""Ids that nobody can guess, or with a seed the same ones at every run."""

import hashlib
import hmac
import secrets
import threading
from collections import Counter
from collections.abc import Mapping

_POOL = 4096


class Ids:
    """Gives out hexadecimal ids. With ``seed`` the n-th id of an account is always the same, so
    parallel workers with accounts of their own do not disturb each other's."""

    def __init__(self, seed: int | None = None) -> None:
        self._seed = seed
        self._given: Counter[tuple[str, str]] = Counter()
        self._unkept: set[tuple[str, str]] = set()
        self._pool = b""
        self._lock = threading.Lock()

    def hex(self, account: str, size: int, kind: str = "") -> str:
        """The next id of ``account``: ``size`` bytes (at most 32) as hexadecimal digits.

        Each ``kind`` has a row of its own: what threads draw at their own pace would otherwise
        disturb the order of the rest.
        """
        if self._seed is None:
            return self._random(size).hex()
        row = (account, kind)
        with self._lock:
            self._given[row] += 1
            self._unkept.add(row)
            number = self._given[row]
        text = f"{number}:{kind}:{account}"
        return hmac.new(str(self._seed).encode(), text.encode(), hashlib.sha256).hexdigest()[
            : 2 * size
        ]

    def _random(self, size: int) -> bytes:
        with self._lock:
            if len(self._pool) < size:
                # Each draw gives Python's lock away: one for many ids.
                self._pool = secrets.token_bytes(_POOL)
            drawn, self._pool = self._pool[:size], self._pool[size:]
        return drawn

    def go_on(self, given: Mapping[tuple[str, str], int]) -> None:
        """Begin behind the ids that were ``given`` before a restart, by account and kind."""
        with self._lock:
            self._given.update(given)

    def unkept(self) -> list[tuple[str, str, int]]:
        """Account, kind and number of ids of every row that has grown since the last call."""
        with self._lock:
            grown = [(account, kind, self._given[account, kind]) for account, kind in self._unkept]
            self._unkept.clear()
        return grown

    def forget(self, account: str | None) -> None:
        """Begin anew for one account, or for all: after a reset the same ids come again."""
        with self._lock:
            for row in [row for row in self._given if account in (None, row[0])]:
                del self._given[row]
                self._unkept.discard(row)

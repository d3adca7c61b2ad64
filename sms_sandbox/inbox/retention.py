"""How much is kept: by number, by age and by size, over all accounts and for each."""

import time
from collections import Counter
from collections.abc import Callable
from sqlite3 import Connection
from typing import Literal

from sms_sandbox.inbox.parts import Parts, give_way
from sms_sandbox.inbox.settings import Retention
from sms_sandbox.live import Event
from sms_sandbox.storage import counts, messages, remains

Reason = Literal["messages", "seconds", "bytes"]
Oldest = Callable[[Connection], list[int]]

# Pruning in batches of a hundredth of the limit keeps it out of most requests.
_BATCH = 100
_TOGETHER = 1000
_LARGE = 64 << 20
"""Below so many bytes every message is weighed at once."""
_SOONEST = 1.0


class Retainer:
    """Deletes the oldest messages over a limit and says so. Limits live in the accounts'
    settings; an account without its own has those of all, which bound everything together."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._since_prune: Counter[str] = Counter()
        self._look_again_at = 0.0
        self.prune(None)
        self.expire()

    def limit(self, account: str | None) -> Retention:
        """The limits of one account, or of everything together."""
        usual = self._parts.settings
        own = self._parts.accounts.settings(account).retention
        everyone = self._parts.accounts.settings(None).retention
        return Retention(
            messages=own.messages or everyone.messages or usual.retention,
            seconds=own.seconds or everyone.seconds or usual.retention_seconds,
            bytes=own.bytes or everyone.bytes or usual.retention_bytes,
        )

    def added(self, account: str, number: int) -> None:
        """Count new messages of an account, and prune once a batch has come together."""
        self._watch_age(account)
        own = self._parts.accounts.own(account).retention
        for name in (None, account) if own != Retention() else (None,):
            keep, weight = self._bounds(name)
            self._since_prune[name or ""] += number
            since = self._since_prune[name or ""]
            if since * _BATCH >= keep or since >= _BATCH or weight < _LARGE:
                self.prune(name)

    def prune(self, account: str | None) -> None:
        """Delete what is over the number and the size that one account, or all may keep."""
        self._since_prune[account or ""] = 0
        keep, weight = self._bounds(account)

        def too_many(connection: Connection) -> list[int]:
            excess = counts.of(connection, account) - keep
            if excess <= 0:
                return []
            return messages.oldest(connection, min(excess, _TOGETHER), account)

        def too_heavy(connection: Connection) -> list[int]:
            excess = counts.bytes_of(connection, account) - weight
            return messages.heaviest(connection, excess, _TOGETHER, account)

        self._leave_few(account, keep)
        self._delete(account, "messages", too_many)
        self._delete(account, "bytes", too_heavy)

    def expire(self, *, anew: bool = True) -> float | None:
        """Delete what is too old by its account's clock; the real seconds until more will be,
        ``None`` if age has no limit or no clock comes that far by itself.

        Not ``anew``: only if the time that was found before has come.
        """
        left = self._look_again_at - time.monotonic()
        if not anew and left > 0:
            return left
        soonest = self._expire_each()
        self._look_again_at = 0.0 if soonest is None else time.monotonic() + soonest
        return soonest

    def _expire_each(self) -> float | None:
        if not self._ages:
            return None
        with self._parts.database.read() as connection:
            names = [name for name, _, _ in counts.by_account(connection)]
        waits: list[float] = []
        for name in names:
            seconds = self.limit(name).seconds
            if seconds is not None:
                left = self._expire_one(name, seconds)
                waits += [] if left is None else [max(_SOONEST, left)]
        return min(waits, default=None)

    def _watch_age(self, account: str) -> None:
        """See to it that the timeline wakes when a new message is too old."""
        if not self._ages:
            return
        seconds = self.limit(account).seconds
        if seconds is None:
            return
        until = self._parts.clock.now(account) + seconds
        left = self._parts.clock.seconds_until(until, account)
        if left is not None:
            self._look_again_at = min(self._look_again_at, time.monotonic() + left)
            for planned in self._parts.planned:
                planned(until, account)

    @property
    def _ages(self) -> bool:
        return self._parts.accounts.limits_age or self._parts.settings.retention_seconds is not None

    def _bounds(self, account: str | None) -> tuple[int, int]:
        limit, usual = self.limit(account), self._parts.settings
        return limit.messages or usual.retention, limit.bytes or usual.retention_bytes

    def _expire_one(self, account: str, seconds: float) -> float | None:
        before = self._parts.clock.now(account) - seconds
        oldest = self._oldest(account)
        if oldest is not None and oldest < before:
            self._delete(
                account,
                "seconds",
                lambda connection: messages.created_before(connection, before, _TOGETHER, account),
            )
            oldest = self._oldest(account)
        if oldest is None:
            return None
        return self._parts.clock.seconds_until(oldest + seconds, account)

    def _oldest(self, account: str) -> float | None:
        with self._parts.database.read() as connection:
            return messages.oldest_moment(connection, account)

    def _leave_few(self, account: str | None, keep: int) -> None:
        """Delete what is over the number in one step, where few messages are left of many."""
        database = self._parts.database
        with database.read() as connection:
            if not remains.is_worth_it(connection, counts.of(connection, account) - keep):
                return
        with self._parts.lock:
            with database.write() as connection:
                excess = counts.of(connection, account) - keep
                if not remains.is_worth_it(connection, excess):
                    return
                left = remains.leave(connection, excess, account)
                cursor = messages.next_place(connection)
            self._parts.waiters.keep(left)
            self._tell(cursor, account, excess, "messages")

    def _delete(self, account: str | None, reason: Reason, find: Oldest) -> None:
        """Delete what ``find`` names, a batch at a time, until it names nothing."""
        while True:
            with self._parts.lock:
                with self._parts.database.write() as connection:
                    places = find(connection)
                    if not places:
                        return
                    messages.delete_places(connection, places)
                    cursor = messages.next_place(connection)
                self._parts.waiters.forget(places)
                self._tell(cursor, account, len(places), reason)
            if len(places) < _TOGETHER:
                return
            give_way()

    def _tell(self, cursor: int, account: str | None, removed: int, reason: Reason) -> None:
        self._parts.counters["pruned_messages"] += removed
        data = {"removed": removed, "reason": "retention", "limit": reason}
        self._parts.live.publish(Event(cursor, "prune", account, data))

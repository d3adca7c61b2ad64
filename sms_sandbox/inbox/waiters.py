"""Those who wait: each holds what it has found so far, all under the inbox's lock."""

import threading
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace

from sms_sandbox.errors import Busy
from sms_sandbox.inbox.match import Match
from sms_sandbox.message import Message, Status, has_reached, is_unsent
from sms_sandbox.storage import Database, Filter, messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a wait asks for.

    ``claim``: take the messages, so that no other wait gets them. ``after`` is a cursor: what is
    at or before it does not count, and claims are not looked at. ``since`` is seconds since 1970.
    ``absent``: the match must *not* come.
    """

    match: Match = field(default_factory=Match)
    count: int = 1
    claim: bool = True
    absent: bool = False
    newest_first: bool = False
    until_status: Status | None = None
    after: int | None = None
    since: float | None = None

    def refuses(self, message: Message) -> tuple[str, ...]:
        """Why ``message`` does not serve this wish; empty if it does."""
        reasons = list(self.match.differences(message))
        if self.until_status is not None and not has_reached(message.status, self.until_status):
            reasons.append("until_status")
        if self.match.status is None and self.until_status is None and is_unsent(message.status):
            reasons.append("unsent")
        if self.after is None and message.claimed:
            reasons.append("claimed")
        if self.after is not None and message.seq <= self.after:
            reasons.append("after")
        if self.since is not None and message.created_at < self.since:
            reasons.append("since")
        return tuple(reasons)

    def filter(self) -> Filter:
        """What storage can already leave out."""
        claimed = False if self.after is None else None
        return replace(self.match.filter(), claimed=claimed, after=self.after, since=self.since)


class Waiter:
    """One open wait; ``done`` is set as soon as ``result`` is known."""

    def __init__(self, wish: Wish) -> None:
        self.wish = wish
        self.done = threading.Event()
        self.result: tuple[Message, ...] | None = None
        self.claimed = False
        self.closed = False
        self.looked_back = False
        self._found: dict[int, Message] = {}

    def offer(self, message: Message) -> None:
        """Look at a message that is new or has moved."""
        if self.wish.refuses(message):
            self._found.pop(message.seq, None)
        else:
            self._found[message.seq] = message

    def look_at(self, stored: Sequence[Message], *, last: bool) -> None:
        """Look at the next stored messages in the wished order, until they are enough or the
        ``last``: what came meanwhile is behind all of them."""
        for message in stored:
            self.offer(message)
            if message.seq in self._found and self._has_enough(message.seq):
                self.looked_back = True
                return
        self.looked_back = last

    def _has_enough(self, place: int) -> bool:
        newest_first = self.wish.newest_first
        reached = sum((one >= place) if newest_first else (one <= place) for one in self._found)
        return reached >= self._wanted

    @property
    def _wanted(self) -> int:
        return 1 if self.wish.absent else self.wish.count

    def forget(self, places: Iterable[int]) -> None:
        """Drop messages that were deleted or that another wait has claimed."""
        for place in places:
            self._found.pop(place, None)

    def keep(self, places: Container[int]) -> None:
        """Drop all messages but those at these places."""
        self._found = {place: one for place, one in self._found.items() if place in places}

    def forget_all(self) -> None:
        """Drop everything: all messages were deleted."""
        self._found.clear()

    def complete(self) -> tuple[Message, ...] | None:
        """The messages that fulfil the wish, in the order asked for, or ``None`` so far."""
        if not self.looked_back or len(self._found) < self._wanted:
            return None
        places = sorted(self._found, reverse=self.wish.newest_first)[: self._wanted]
        return tuple(self._found[place] for place in places)


class Waiters:
    """All open waits, served in the order in which they came. Call only under the lock."""

    def __init__(self, limit: int, database: Database) -> None:
        self._limit = limit
        self._database = database
        self._open: list[Waiter] = []
        self._closed = False

    def __len__(self) -> int:
        return len(self._open)

    def add(self, waiter: Waiter) -> None:
        """Let ``waiter`` see what comes from now on. Raises ``Busy`` at the limit."""
        if self._closed or len(self._open) >= self._limit:
            raise Busy(
                f"All {self._limit} waits are taken.",
                hint="Wait with fewer at a time, or with shorter timeouts.",
                retry_after=1,
            )
        self._open.append(waiter)

    def remove(self, waiter: Waiter) -> None:
        """Stop offering to ``waiter``."""
        if waiter in self._open:
            self._open.remove(waiter)

    def offer(self, message: Message) -> None:
        """Show one message to all; a claim by one hides it from those after it."""
        for waiter in tuple(self._open):
            waiter.offer(message)
            if self.settle(waiter) and waiter.claimed:
                assert waiter.result is not None
                if message.seq in {taken.seq for taken in waiter.result}:
                    message = replace(message, claimed=True)

    def settle(self, waiter: Waiter) -> bool:
        """Finish ``waiter`` if its wish is fulfilled, claiming what it takes."""
        result = waiter.complete()
        if result is None:
            return False
        if waiter.wish.claim and not waiter.wish.absent:
            with self._database.write() as connection:
                messages.claim(connection, result)
            waiter.claimed = True
        self.remove(waiter)
        if waiter.claimed:
            self._hide(result)
        waiter.result = result
        waiter.done.set()
        return True

    def forget(self, places: Iterable[int]) -> None:
        """Tell all that these messages are gone."""
        gone = tuple(places)
        for waiter in self._open:
            waiter.forget(gone)

    def keep(self, places: Iterable[int]) -> None:
        """Tell all that only these messages are left."""
        left = frozenset(places)
        for waiter in self._open:
            waiter.keep(left)

    def forget_all(self) -> None:
        """Tell all that every message is gone."""
        for waiter in self._open:
            waiter.forget_all()

    def close(self) -> None:
        """Wake everyone without a result; later waits are refused."""
        self._closed = True
        for waiter in self._open:
            waiter.closed = True
            waiter.done.set()

    def _hide(self, claimed: tuple[Message, ...]) -> None:
        places = [message.seq for message in claimed]
        for waiter in self._open:
            if waiter.wish.after is None:
                waiter.forget(places)

"""Publish and subscribe: what happens, to everyone who watches, without ever waiting for them."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sms_sandbox.errors import Busy
from sms_sandbox.message import Message

EventKind = Literal["message", "inbound", "status", "webhook", "fault_hit", "prune", "resync"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; ``cursor`` grows with each and resumes a broken stream. ``what``
    is the event's object, or the message that it tells of."""

    cursor: int
    kind: EventKind
    account: str | None
    what: Mapping[str, Any] | Message

    @property
    def data(self) -> Mapping[str, Any]:
        """The object that watchers are shown, drawn when one asks."""
        return self.what.as_json() if isinstance(self.what, Message) else self.what


class Subscription:
    """One watcher's bounded queue; if it overflows, the watcher is told to fetch anew.

    ``cursor`` is the newest place when the stream opened.
    """

    def __init__(self, account: str | None, depth: int, cursor: int) -> None:
        self.cursor = cursor
        self._account = account
        self._depth = depth
        self._queue: deque[Event] = deque()
        self._arrived = threading.Condition()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the stream has ended and nothing more will come."""
        return self._closed

    def offer(self, event: Event) -> None:
        """Queue ``event`` if it concerns this watcher; never blocks."""
        if self._account is not None and event.account not in (None, self._account):
            return
        with self._arrived:
            if len(self._queue) >= self._depth:
                self._queue.clear()
                event = resync(event.cursor)
            self._queue.append(event)
            self._arrived.notify()

    def take(self, timeout: float) -> tuple[Event, ...]:
        """All queued events, waiting at most ``timeout`` seconds for the first."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._queue or self._closed, timeout)
            events = tuple(self._queue)
            self._queue.clear()
        return events

    def close(self) -> None:
        """End the stream; a waiting ``take`` returns at once."""
        with self._arrived:
            self._closed = True
            self._arrived.notify_all()


class Live:
    """The fan-out to the watchers, with a bounded memory of the last events for resuming."""

    def __init__(self, cursor: int, *, history: int = 1000, depth: int = 500, limit: int) -> None:
        self._lock = threading.Lock()
        self._history: deque[Event] = deque(maxlen=history)
        self._subscriptions: set[Subscription] = set()
        self._depth = depth
        self._limit = limit
        self._cursor = self._floor = cursor
        self._closed = False

    @property
    def watchers(self) -> int:
        """How many streams are open."""
        return len(self._subscriptions)

    def publish(self, event: Event) -> None:
        """Remember ``event`` and queue it for every watcher."""
        with self._lock:
            if len(self._history) == self._history.maxlen:
                self._floor = self._history[0].cursor
            self._history.append(event)
            self._cursor = event.cursor
            for subscription in self._subscriptions:
                subscription.offer(event)

    def subscribe(self, after: int | None, account: str | None = None) -> Subscription:
        """Open a stream; ``after`` is the cursor of the last event seen.

        A cursor that is too old, or of another run, yields a ``resync`` first. Raises ``Busy``
        when all streams are taken.
        """
        with self._lock:
            if self._closed or len(self._subscriptions) >= self._limit:
                raise Busy(
                    f"All {self._limit} event streams are taken.",
                    hint="Close a stream, or read GET /api/v1/messages instead.",
                    retry_after=2,
                )
            subscription = Subscription(account, self._depth, self._cursor)
            if after is not None:
                self._catch_up(subscription, after)
            self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Close and forget one stream."""
        with self._lock:
            self._subscriptions.discard(subscription)
        subscription.close()

    def close(self) -> None:
        """End every stream; later ones are refused."""
        with self._lock:
            self._closed = True
            subscriptions = tuple(self._subscriptions)
        for subscription in subscriptions:
            subscription.close()

    def _catch_up(self, subscription: Subscription, after: int) -> None:
        if not self._floor <= after <= self._cursor:
            subscription.offer(resync(self._cursor))
            return
        for event in self._history:
            if event.cursor > after:
                subscription.offer(event)


def resync(cursor: int) -> Event:
    """The event that says: something was missed, fetch the list again."""
    return Event(cursor, "resync", None, {"cursor": str(cursor)})

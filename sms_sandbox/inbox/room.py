"""The inbox as its callers see it: one object, one lock, one verb a module."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping

from sms_sandbox.callback import Attempt, Outcome, Waiting
from sms_sandbox.clock import Clock
from sms_sandbox.inbox import accept, callbacks, move, search, wait
from sms_sandbox.inbox.parts import Parts, Renderer
from sms_sandbox.inbox.waiters import Waiters, Wish
from sms_sandbox.live import Live, Subscription
from sms_sandbox.message import Draft, Message, Status, TimelineEntry
from sms_sandbox.settings import Settings
from sms_sandbox.storage import Database, Filter, credentials, webhooks
from sms_sandbox.storage import messages as table


class Inbox:
    """Accepts, moves, finds, waits for and deletes messages; safe for many threads at once."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        renderers: Mapping[str, Renderer] | None = None,
    ) -> None:
        with database.read() as connection:
            cursor = table.last_place(connection)
        self._parts = Parts(
            settings=settings,
            database=database,
            clock=clock,
            live=Live(cursor, limit=settings.max_streams),
            waiters=Waiters(settings.max_waits, database),
            lock=threading.RLock(),
            counters=Counter(),
            renderers=dict(renderers or {}),
        )
        self._retention = accept.Retention(self._parts)

    @property
    def counters(self) -> dict[str, int]:
        """What has been counted since the start, by name."""
        with self._parts.lock:
            return dict(self._parts.counters)

    @property
    def watchers(self) -> int:
        """How many event streams are open."""
        return self._parts.live.watchers

    @property
    def waiting(self) -> int:
        """How many waits are open."""
        return len(self._parts.waiters)

    def accept(self, draft: Draft) -> Message:
        """Take a message in: store it, tell the watchers, serve who waits. Raises
        ``InvalidRequest`` for a text that no network could carry."""
        return accept.accept(self._parts, draft, self._retention)

    def reply(self, message_id: str, body: str, raw: str = "") -> Message:
        """Answer as the handset of this message. Raises ``UnknownMessage``."""
        return self.accept(accept.reply_to(self.get(message_id), body, raw))

    def account_between(self, handset: str, sender: str) -> str | None:
        """The account whose message this handset last had from this sender, if any."""
        return search.account_between(self._parts, handset, sender)

    def move(self, message_id: str, status: Status, error_code: str | int | None = None) -> Message:
        """Move a message's status by hand. Raises ``UnknownMessage``, ``StatusConflict``."""
        return move.move(self._parts, message_id, status, error_code)

    def advance_due(self) -> float | None:
        """Make every planned move whose time has come; returns when the next one is due."""
        return move.advance_due(self._parts)

    def watch_due(self, planned: Callable[[float], None]) -> None:
        """Call ``planned`` with the earliest moment whenever new moves are planned."""
        self._parts.planned.append(planned)

    def watch_callbacks(self, queued: Callable[[], None]) -> None:
        """Call ``queued`` whenever callbacks may have been queued."""
        self._parts.queued.append(queued)

    def next_callback(self, *, busy: Collection[int], full: Collection[str]) -> Waiting | None:
        """The queued callback that is due first, none of the messages ``busy`` or the origins
        ``full``."""
        with self._parts.database.read() as connection:
            return webhooks.first(connection, busy=busy, full=full)

    def settle_callback(self, waiting: Waiting, outcome: Outcome) -> None:
        """Write down an attempt, tell the watchers, and queue the next if there is to be one."""
        callbacks.settle(self._parts, waiting, outcome)

    def attempts(self, message_id: str) -> list[Attempt]:
        """Every attempt of a message's callbacks, oldest first. Raises ``UnknownMessage``."""
        return callbacks.attempts(self._parts, self.get(message_id))

    def resend_callback(self, attempt_id: str) -> tuple[Attempt, Waiting]:
        """Post the request of an attempt once more. Raises ``UnknownWebhook``, ``Busy``."""
        found = callbacks.resend(self._parts, attempt_id)
        for queued in self._parts.queued:
            queued()
        return found

    def get(self, message_id: str) -> Message:
        """One message. Raises ``UnknownMessage``."""
        return search.get(self._parts, message_id)

    def raw(self, message_id: str) -> str:
        """The request that a message came from. Raises ``UnknownMessage``."""
        return search.raw(self._parts, message_id)

    def timeline(self, message_id: str) -> tuple[Message, list[TimelineEntry]]:
        """A message and every status it has had. Raises ``UnknownMessage``."""
        return search.timeline(self._parts, message_id)

    def find(self, wanted: Filter, limit: int) -> list[Message]:
        """At most ``limit`` messages that a filter means, newest first."""
        return search.find(self._parts, wanted, limit)

    def count(self, wanted: Filter) -> int:
        """How many messages a filter means."""
        return search.count(self._parts, wanted)

    def page(self, wanted: Filter, limit: int) -> search.Page:
        """One page, newest first, with its total and the cursors, all of one moment."""
        return search.page(self._parts, wanted, limit)

    def newest_code(self, number: str, account: str | None) -> Message:
        """The newest message to ``number`` with a code; claims nothing. Raises ``NoCode``."""
        return search.newest_code(self._parts, number, account)

    def accounts(self) -> list[str]:
        """The names of all accounts that have messages."""
        return [name for name, _, _ in self.account_summaries()]

    def account_summaries(self) -> list[tuple[str, int, float]]:
        """Each account's name, number of messages, and the newest one's time."""
        return search.accounts(self._parts)

    def delete(self, message_id: str) -> None:
        """Delete one message. Raises ``UnknownMessage``."""
        move.delete_one(self._parts, message_id)

    def clear(self, wanted: Filter) -> int:
        """Delete the messages that a filter means; returns how many."""
        return move.clear(self._parts, wanted)

    def reset(self, account: str | None) -> int:
        """Delete an account's messages, settings and secrets (``None``: everyone's)."""
        removed = move.clear(self._parts, Filter(account=account))
        self._retention.forget(account)
        with self._parts.database.write() as connection:
            credentials.forget(connection, account)
        return removed

    def retention(self, account: str | None) -> int:
        """How many messages are kept, of one account or of all."""
        return self._retention.limit(account)

    def set_retention(self, account: str | None, messages: int) -> None:
        """Keep this many messages from now on; what is over it goes at once."""
        self._retention.put(account, messages)

    def wait(
        self, wish: Wish, timeout: float, gone: Callable[[], bool] = lambda: False
    ) -> wait.Outcome:
        """Wait for messages, at most ``timeout`` real seconds; ``gone`` says that the asker left.

        Raises ``WaitTimeout``, ``UnwantedMessage``, ``Busy``.
        """
        return wait.wait(self._parts, wish, timeout, gone)

    def subscribe(self, after: int | None, account: str | None) -> Subscription:
        """Open an event stream. Raises ``Busy``."""
        return self._parts.live.subscribe(after, account)

    def unsubscribe(self, subscription: Subscription) -> None:
        """End an event stream."""
        self._parts.live.unsubscribe(subscription)

    def close(self) -> None:
        """End all waits and streams."""
        with self._parts.lock:
            self._parts.waiters.close()
        self._parts.live.close()

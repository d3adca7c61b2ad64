"""The inbox as its callers see it: one object, one lock, one verb a module."""

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from sms_sandbox import exchange
from sms_sandbox.callback import Attempt, Mutation, Outcome, Waiting
from sms_sandbox.clock import Clocks
from sms_sandbox.errors import NoListener, SandboxError
from sms_sandbox.faults import Subject
from sms_sandbox.ids import Ids
from sms_sandbox.inbox import (
    accept,
    admit,
    arrivals,
    callbacks,
    calls,
    clocks,
    move,
    react,
    scheduled,
    search,
    wait,
)
from sms_sandbox.inbox.accounts import Accounts
from sms_sandbox.inbox.faults import Faults
from sms_sandbox.inbox.handsets import Handsets
from sms_sandbox.inbox.hooks import Asked, Pressed, Vendor
from sms_sandbox.inbox.intake import open_intake
from sms_sandbox.inbox.match import Match
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.inbox.retention import Retainer
from sms_sandbox.inbox.surroundings import Surroundings
from sms_sandbox.inbox.throttle import Throttle
from sms_sandbox.inbox.waiters import Waiters, Wish
from sms_sandbox.live import Live, Subscription
from sms_sandbox.message import Draft, Message, Status, TimelineEntry
from sms_sandbox.settings import Settings
from sms_sandbox.storage import Database, Filter
from sms_sandbox.storage import ids as storage_ids
from sms_sandbox.storage import messages as table


class Inbox(Surroundings):
    """Accepts, moves, finds, waits for and deletes messages; safe for many threads at once."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clocks,
        ids: Ids,
        vendors: Mapping[str, Vendor] | None = None,
    ) -> None:
        with database.read() as connection:
            cursor = table.last_place(connection)
        live = Live(cursor, limit=settings.max_streams)
        known = Accounts(settings, database)
        self._parts = Parts(
            settings=settings,
            database=database,
            clock=clock,
            ids=ids,
            accounts=known,
            faults=Faults(database, clock, ids, live),
            handsets=Handsets(database, clock),
            throttle=Throttle(clock, known),
            live=live,
            waiters=Waiters(settings.max_waits, database),
            lock=threading.RLock(),
            counters=Counter(),
            vendors=dict(vendors or {}),
        )
        clocks.load(self._parts)
        self._retention = Retainer(self._parts)
        self._intake = open_intake(self._parts, self._retention.added)
        self._parts.delivered.append(self._answer)
        self._parts.followed.append(self._follow)

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

    @property
    def providers(self) -> Collection[str]:
        """The names of the imitated providers."""
        return self._parts.vendors.keys()

    def accept(self, draft: Draft) -> Message:
        """Take a message in: store it, tell the watchers, serve who waits. Raises
        ``InvalidRequest`` for a text that no network could carry, ``Refused`` for a number or
        handset that takes none, ``FaultStruck`` where a fault rule says so."""
        message = accept.accept(self._parts, draft, self._intake)
        if draft.direction == "inbound":
            react.received(self._parts, self, message)
        return message

    def reply(self, message_id: str, body: str, raw: str = "") -> Message:
        """Answer as the handset of this message. Raises ``UnknownMessage``."""
        return self.accept(accept.reply_to(self.get(message_id), body, raw))

    def _answer(self, message: Message) -> None:
        """Answer a delivery as the scenario of its number does."""
        text = arrivals.answer_to(message)
        if text is not None:
            self.accept(accept.reply_to(message, text, ""))

    def _follow(self, draft: Draft) -> None:
        """Send what follows from another message; nobody waits for the answer."""
        try:
            with exchange.apart():
                self.accept(draft)
        except SandboxError:
            with self._parts.lock:
                self._parts.counters["refused_follow_ups"] += 1

    def calls(self, match: Match, ids: Iterable[str] | None = None) -> list[calls.Call]:
        """The calls among the messages with these ids, or among the newest that match."""
        return calls.find(self._parts, match, ids)

    def scheduled(
        self, match: Match, ids: Iterable[str] | None = None
    ) -> list[scheduled.Scheduled]:
        """The scheduled ones of the messages with these ids, or the newest that match."""
        return scheduled.find(self._parts, match, ids)

    def press(self, message_id: str, digits: str) -> Message:
        """Press keys on the handset during a call. Raises ``UnknownMessage``, ``NoListener``."""
        message = self.get(message_id)
        if not react.happened(self._parts, message, Pressed(digits)):
            raise NoListener(
                "Nobody waits for keys: this is no call, or it asks for nothing just now.",
                hint="Press while the call is in progress, after it has asked for keys.",
            )
        return self.get(message_id)

    def ask_vendor(self, message_id: str, values: Mapping[str, Any]) -> bool:
        """Let the vendor of a message go on otherwise with it, by ``values`` of its own; whether
        it does. Raises ``UnknownMessage``."""
        message = self.get(message_id)
        return react.happened(self._parts, message, Asked(values))

    def strike(
        self, *, provider: str, account: str, to: str = "", sender: str = "", body: str = ""
    ) -> None:
        """Let fault rules act on a request that brings no message (``accept`` does it for those
        that do). Raises ``FaultStruck``, ``ConnectionDropped``; real time may pass."""
        subject = Subject(
            provider=provider, account=account, recipient=to, sender=sender, body=body
        )
        admit.strike(self._parts, subject)

    def account_between(self, handset: str, sender: str) -> str | None:
        """The account whose message this handset last had from this sender, if any."""
        return search.account_between(self._parts, handset, sender)

    def move(self, message_id: str, status: Status, error_code: str | int | None = None) -> Message:
        """Move a message's status by hand. Raises ``UnknownMessage``, ``StatusConflict``."""
        return move.move(self._parts, message_id, status, error_code)

    def advance_due(self) -> float | None:
        """Make every planned move whose time has come; returns the real seconds until the next
        one, ``None`` if none will come by itself."""
        waits = (move.advance_due(self._parts), self._retention.expire(anew=False))
        return min((one for one in waits if one is not None), default=None)

    def watch_due(self, planned: Callable[[float, str], None]) -> None:
        """Call ``planned`` with the earliest moment and its account whenever moves are planned."""
        self._parts.planned.append(planned)

    def watch_callbacks(self, queued: Callable[[], None]) -> None:
        """Call ``queued`` whenever callbacks may have been queued."""
        self._parts.queued.append(queued)

    def next_callback(
        self, under_way: Collection[Waiting], per_origin: int
    ) -> tuple[Waiting | None, float | None]:
        """A callback that is due beside those ``under_way``, at most ``per_origin`` to one
        receiver, or the real seconds until one is (``None``: none will be by itself)."""
        return callbacks.next_due(self._parts, under_way, per_origin)

    def settle_callback(self, waiting: Waiting, outcome: Outcome) -> None:
        """Write down an attempt, tell the watchers, and queue the next if there is to be one."""
        react.settle(self._parts, self, waiting, outcome)

    def attempts(self, message_id: str) -> list[Attempt]:
        """Every attempt of a message's callbacks, oldest first. Raises ``UnknownMessage``."""
        return callbacks.attempts(self._parts, self.get(message_id))

    def resend_callback(
        self, attempt_id: str, mutation: Mutation | None = None
    ) -> tuple[Attempt, Waiting]:
        """Post the request of an attempt once more, as it was or mutated. Raises
        ``UnknownWebhook``, ``Busy``, ``InvalidRequest`` where there is nothing to mutate."""
        found = callbacks.resend(self._parts, attempt_id, mutation)
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
        """Delete an account's messages, settings, secrets, names, records, faults, handsets,
        clock and the count of its ids (``None``: everyone's)."""
        removed = move.clear(self._parts, Filter(account=account))
        self._parts.accounts.forget(account)
        clocks.forget(self._parts, account)
        with self._parts.lock, self._parts.database.write() as connection:
            self._parts.faults.clear(connection, account)
            self._parts.handsets.forget(connection, account)
            self._parts.ids.forget(account)
            storage_ids.forget(connection, account)
        self._parts.throttle.forget(account)
        return removed

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
        self._parts.stopping.set()
        with self._parts.lock:
            self._parts.waiters.close()
        self._parts.live.close()

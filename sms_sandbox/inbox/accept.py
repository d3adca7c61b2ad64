"""A message comes in: store, then live, then whoever waits for it."""

import re
import secrets
from collections import Counter
from dataclasses import replace

from sms_sandbox import codes
from sms_sandbox.errors import InvalidRequest
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.live import Event, EventKind
from sms_sandbox.message import Draft, Message, Status, TimelineEntry
from sms_sandbox.segments import MAX_SEGMENTS, Segmentation, segment
from sms_sandbox.storage import Filter, due, messages, retention, submissions

MAX_RAW = 128 * 1024
"""Characters of a request that are kept: the longest text fits, each letter as a JSON escape."""

# Controls other than tab, line feed, form feed and carriage return; halves of surrogate pairs.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# Pruning in batches of a hundredth of the limit keeps it out of most requests.
_BATCH = 100


def accept(parts: Parts, draft: Draft, limits: "Retention") -> Message:
    """Store ``draft``, publish it, hand it to the waits, and prune what is over the limit."""
    cut = _segment(draft.body)
    code = codes.extract(draft.body).code if draft.direction == "outbound" else None
    with parts.lock:
        message, plan = _store(parts, replace(draft, raw=_bounded(draft.raw)), cut, code)
        kind: EventKind = "message" if draft.direction == "outbound" else "inbound"
        parts.live.publish(Event(message.seq, kind, message.account, message.as_json()))
        parts.counters[f"{draft.direction}_messages"] += 1
        parts.waiters.offer(message)
        limits.added(message.account)
    if plan:
        for planned in parts.planned:
            planned(plan[0][0])
    return message


def reply_to(message: Message, body: str, raw: str) -> Draft:
    """What the handset of ``message`` sends back, in the same account."""
    inbound = message.direction == "inbound"
    return Draft(
        account=message.account,
        provider=message.provider,
        direction="inbound",
        sender=message.sender if inbound else message.recipient,
        recipient=message.recipient if inbound else message.sender,
        body=body,
        raw=raw,
    )


def _bounded(raw: str) -> str:
    left_out = len(raw) - MAX_RAW
    return raw if left_out <= 0 else f"{raw[:MAX_RAW]}\n({left_out} more characters, not kept)"


def _segment(body: str) -> Segmentation:
    if not body:
        raise InvalidRequest("The text is empty.", hint="Send a text.", pointer="/body")
    if _NOT_TEXT.search(body):
        raise InvalidRequest(
            "The text holds a control character or half a surrogate pair.",
            hint="Send Unicode text; line breaks and tabs are allowed.",
            pointer="/body",
        )
    cut = segment(body)
    if cut.count > MAX_SEGMENTS:
        raise InvalidRequest(
            f"The text needs {cut.count} parts; a joined message has at most {MAX_SEGMENTS}.",
            hint="Send a shorter text.",
            pointer="/body",
        )
    return cut


def _store(
    parts: Parts, draft: Draft, cut: Segmentation, code: str | None
) -> tuple[Message, list[tuple[float, Status]]]:
    now = parts.clock.now()
    outbound = draft.direction == "outbound"
    lived: tuple[Status, ...] = ("received",)
    plan: list[tuple[float, Status]] = []
    if outbound:
        lived = ("accepted",) if draft.starts == "accepted" else ("accepted", "queued")
        plan = _plan(parts, now, draft.starts)
    with parts.database.write() as connection:
        message = Message(
            seq=messages.next_place(connection),
            id="msg_" + secrets.token_hex(12),
            account=draft.account,
            provider=draft.provider,
            direction=draft.direction,
            sender=draft.sender,
            recipient=draft.recipient,
            body=draft.body,
            status=lived[-1],
            error_code=None,
            segments=cut.count,
            encoding=cut.encoding,
            code=code,
            created_at=now,
            updated_at=now,
        )
        messages.insert(connection, message, draft)
        for status in lived:
            messages.add_move(connection, message.seq, TimelineEntry(status, now))
        if draft.submission is not None:
            submissions.insert(connection, message, draft.submission)
        due.schedule(connection, message.seq, plan)
    return message, plan


def _plan(parts: Parts, now: float, starts: Status) -> list[tuple[float, Status]]:
    sent, delivered = parts.settings.sent_after, parts.settings.delivered_after
    moves: list[tuple[float, Status]] = [(now + sent, "sent"), (now + delivered, "delivered")]
    # A vendor that first chooses a sender does so halfway to handing the message on.
    return [(now + sent / 2, "queued"), *moves] if starts == "accepted" else moves


class Retention:
    """How many messages are kept, over all accounts and for those with a limit of their own."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._since_prune: Counter[str] = Counter()
        with parts.database.read() as connection:
            self._limits = retention.limits(connection)
        self.prune(None)

    def limit(self, account: str | None) -> int:
        """The limit of one account, or over all; an account without its own has that of all."""
        everyone = self._limits.get(retention.EVERYONE, self._parts.settings.retention)
        return everyone if account is None else self._limits.get(account, everyone)

    def put(self, account: str | None, number: int) -> None:
        """Set a limit and prune at once."""
        key = retention.EVERYONE if account is None else account
        with self._parts.lock:
            with self._parts.database.write() as connection:
                retention.put(connection, key, number)
            self._limits[key] = number
            self.prune(account)

    def forget(self, account: str | None) -> None:
        """Go back to the limit of the start, for one account or for all."""
        with self._parts.lock:
            with self._parts.database.write() as connection:
                retention.forget(connection, account)
            if account is None:
                self._limits.clear()
            else:
                self._limits.pop(account, None)

    def added(self, account: str) -> None:
        """Count one new message, and prune once a batch has come together."""
        for name in (None, account) if account in self._limits else (None,):
            key = retention.EVERYONE if name is None else name
            self._since_prune[key] += 1
            if self._since_prune[key] * _BATCH >= self.limit(name):
                self.prune(name)

    def prune(self, account: str | None) -> None:
        """Delete the oldest messages over the limit, in one transaction, and say so."""
        self._since_prune[retention.EVERYONE if account is None else account] = 0
        with self._parts.lock, self._parts.database.write() as connection:
            kept = messages.count(connection, Filter(account=account), searches_text=False)
            excess = kept - self.limit(account)
            if excess <= 0:
                return
            places = messages.oldest(connection, excess, account)
            messages.delete_places(connection, places)
            cursor = messages.next_place(connection)
        self._parts.waiters.forget(places)
        self._parts.counters["pruned_messages"] += len(places)
        data = {"removed": len(places), "reason": "retention"}
        self._parts.live.publish(Event(cursor, "prune", account, data))

"""The event stream: server-sent events with cursors that resume a broken stream."""

import json
import time
from collections import deque
from collections.abc import Callable, Iterator

from flask import Response

from sms_sandbox.control import kinds
from sms_sandbox.control.kinds import Field, Fields
from sms_sandbox.control.operation import Answer, Call, Operation, Result, problem
from sms_sandbox.inbox import Inbox
from sms_sandbox.live import Event

_HEARTBEAT_SECONDS = 15.0
_LOOK_FOR_HANGUP = 1.0
_NEVER_SEEN = -1


class EventStream(Iterator[bytes]):
    """The stream's bytes. A class, because ``close`` must run even if nothing was read."""

    def __init__(
        self, inbox: Inbox, after: int | None, account: str | None, gone: Callable[[], bool]
    ) -> None:
        self._inbox = inbox
        self._gone = gone
        self._subscription = inbox.subscribe(after, account)
        cursor = self._subscription.cursor if after is None else after
        # The first id lets a stream that breaks before its first event resume without a gap.
        self._ready = deque([f"retry: 1000\nid: {max(0, cursor)}\n: connected\n\n".encode()])
        self._spoke = time.monotonic()

    def __next__(self) -> bytes:
        while not self._ready:
            if self._subscription.closed or self._gone():
                raise StopIteration
            self._ready.extend(
                _encode(event) for event in self._subscription.take(_LOOK_FOR_HANGUP)
            )
            if not self._ready and time.monotonic() - self._spoke >= _HEARTBEAT_SECONDS:
                self._ready.append(b": still here\n\n")
        self._spoke = time.monotonic()
        return self._ready.popleft()

    def close(self) -> None:
        """Give the stream's place back."""
        self._inbox.unsubscribe(self._subscription)


def stream(call: Call) -> Result:
    """Open the stream after ``Last-Event-ID`` or ``after``; without one, from now on."""
    last = call.headers.get("Last-Event-ID")
    after = call.query["after"]
    if last:
        # A browser cannot mend an id that it was given, so a strange one asks for a resync.
        after = int(last) if last.isascii() and last.isdigit() and len(last) < 19 else _NEVER_SEEN
    response = Response(
        EventStream(call.inbox, after, call.query["account"], call.gone),
        mimetype="text/event-stream",
    )
    response.headers["X-Accel-Buffering"] = "no"
    return response


def _encode(event: Event) -> bytes:
    data = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event.kind}\nid: {event.cursor}\ndata: {data}\n\n".encode()


OPERATIONS = (
    Operation(
        method="GET",
        path="/events",
        name="streamEvents",
        summary="Watch messages, statuses, webhooks and removals as server-sent events",
        view=stream,
        query=Fields(
            Field("account", kinds.ACCOUNT, "Only this account's."),
            Field(
                "after",
                kinds.CURSOR,
                "Begin after this cursor; the header Last-Event-ID wins over it.",
            ),
        ),
        answers={
            200: Answer("Events until the client hangs up", None, "text/event-stream"),
            503: problem("All streams are taken"),
        },
    ),
)

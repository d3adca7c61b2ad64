"""A callback: one request that the sandbox owes the application, and each attempt to post it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from sms_sandbox.message import rfc3339

Failure = Literal["connection", "timeout", "4xx", "5xx", "refused", "other"]
"""Why an attempt failed; ``refused`` is an address that the sandbox itself does not post to."""


Mutation = Literal["drop", "duplicate", "reorder", "stale", "bad_signature", "delay", "contradict"]
"""What a fault, a scenario or a hand may do to a callback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One request as it goes out, signature included, and how stubborn the vendor is: at most
    ``retries`` more attempts after a failure in ``retry_on``, ``pause`` seconds of sandbox time
    after the first, doubled each time. Time-outs are seconds of real time. ``mutation`` is what was
    done to it on purpose."""

    kind: str
    url: str
    headers: Mapping[str, str]
    body: str = field(repr=False)
    method: str = "POST"
    retries: int = 0
    retry_on: tuple[Failure, ...] = ()
    pause: float = 1.0
    connect_timeout: float = 5.0
    total_timeout: float = 15.0
    mutation: Mutation | None = None

    @property
    def origin(self) -> str:
        """Scheme, host and port: whoever is slow there holds up only callbacks to there."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.casefold()}"

    def retry_after(self, failure: Failure | None, attempt: int) -> float | None:
        """Seconds until the next attempt after attempt number ``attempt``; ``None``: no more."""
        if failure not in self.retry_on or attempt > self.retries:
            return None
        return self.pause * 2.0 ** (attempt - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A callback in the queue: ``id`` is the one that its next attempt will have, ``clock`` the
    account whose own clock it obeys ("": the sandbox's), ``place`` its place in the queue."""

    id: str
    message_seq: int
    attempt: int
    due_at: float
    callback: Callback
    clock: str = ""
    place: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an attempt came to: the receiver's answer (``media``: of which type) or what went
    wrong, never neither."""

    milliseconds: int
    status: int | None = None
    answer: str | None = field(default=None, repr=False)
    media: str | None = None
    error: str | None = None
    failure: Failure | None = None

    def noted(self, note: str) -> "Outcome":
        """The same with one more thing said beside it, if there is something to say."""
        both = f"{self.error} {note}" if self.error else note
        return replace(self, error=both) if note else self


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt in the log; times are seconds since 1970 of sandbox time."""

    id: str
    message_id: str
    callback: Callback
    outcome: Outcome
    attempt: int
    at: float
    next_attempt_at: float | None = None

    def as_json(self) -> dict[str, Any]:
        """The object that the control API and the event stream show."""
        callback, outcome = self.callback, self.outcome
        shown: dict[str, Any] = {
            "id": self.id,
            "message_id": self.message_id,
            "kind": callback.kind,
            "url": callback.url,
            "request": {
                "method": callback.method,
                "headers": dict(callback.headers),
                "body": callback.body,
            },
        }
        if outcome.status is not None:
            shown["response"] = {"status": outcome.status, "body": outcome.answer or ""}
        if outcome.error is not None:
            shown["error"] = outcome.error
        shown |= {
            "milliseconds": outcome.milliseconds,
            "attempt": self.attempt,
            "at": rfc3339(self.at),
        }
        if callback.mutation is not None:
            shown["mutation"] = callback.mutation
        if self.next_attempt_at is not None:
            shown["next_attempt_at"] = rfc3339(self.next_attempt_at)
        return shown

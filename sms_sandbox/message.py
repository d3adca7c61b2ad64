"""The message, the draft it is made from, and the order in which its status may move."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, get_args

from sms_sandbox.reasons import Refusal

Direction = Literal["outbound", "inbound"]
Status = Literal[
    "scheduled",
    "accepted",
    "queued",
    "sent",
    "delivered",
    "undelivered",
    "failed",
    "canceled",
    "received",
]

STATUSES: tuple[Status, ...] = get_args(Status)
DIRECTIONS: tuple[Direction, ...] = get_args(Direction)

_RANK: Mapping[Status, int] = {
    "scheduled": -1,
    "accepted": 0,
    "queued": 1,
    "sent": 2,
    "delivered": 3,
    "undelivered": 3,
    "failed": 3,
    "canceled": 3,
    "received": 3,
}
_FINAL = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a vendor keeps of a message beside it: the id that it gave out, where its statuses
    are posted, and ``facts`` of its own (JSON values)."""

    vendor_id: str
    callback_url: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A message as it was asked for, before the inbox gives it an id and a place. With
    ``send_at`` (seconds since 1970) it stays ``scheduled`` until then; a message that is not
    delivered within ``validity`` seconds expires. Only a ``text`` must hold letters; a ``call``
    has spoken nothing yet, and its plan ends with ``sent``: its vendor says when it is over.
    With ``fails`` it is taken and then not delivered, for the reason that this code of the
    vendor's names; ``late`` are the refusals that the vendor does not say in its answer but by
    such a code later."""

    account: str
    provider: str
    direction: Direction
    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    body: str = field(repr=False)
    raw: str = field(default="", repr=False)
    kind: Literal["text", "media", "call"] = "text"
    starts: Literal["accepted", "queued"] = "queued"
    send_at: float | None = None
    validity: float | None = None
    fails: str | int | None = None
    late: Mapping[Refusal, str | int] = field(default_factory=dict)
    submission: Submission | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One stored message; times are seconds since 1970, ``seq`` is its place in arrival order."""

    seq: int
    id: str
    account: str
    provider: str
    direction: Direction
    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    body: str = field(repr=False)
    status: Status
    error_code: str | int | None
    segments: int
    encoding: str
    code: str | None = field(repr=False)
    created_at: float
    updated_at: float
    claimed: bool = False

    def moved(self, status: Status, at: float, error_code: str | int | None) -> "Message":
        """The message with another status since ``at``."""
        return Message(
            seq=self.seq,
            id=self.id,
            account=self.account,
            provider=self.provider,
            direction=self.direction,
            sender=self.sender,
            recipient=self.recipient,
            body=self.body,
            status=status,
            error_code=error_code,
            segments=self.segments,
            encoding=self.encoding,
            code=self.code,
            created_at=self.created_at,
            updated_at=at,
            claimed=self.claimed,
        )

    def as_json(self) -> dict[str, Any]:
        """The object that the control API and the event stream show."""
        return {
            "id": self.id,
            "account": self.account,
            "provider": self.provider,
            "direction": self.direction,
            "from": self.sender,
            "to": self.recipient,
            "body": self.body,
            "status": self.status,
            "error_code": self.error_code,
            "segments": self.segments,
            "encoding": self.encoding,
            "code": self.code,
            "created_at": rfc3339(self.created_at),
            "updated_at": rfc3339(self.updated_at),
        }


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One status that a message has had, and when (seconds since 1970)."""

    status: Status
    at: float
    error_code: str | int | None = None

    def as_json(self, started: float) -> dict[str, Any]:
        """The entry with its distance from the message's arrival in milliseconds."""
        return {
            "status": self.status,
            "at": rfc3339(self.at),
            "after_ms": round((self.at - started) * 1000),
            "error_code": self.error_code,
        }


def parse_status(text: str) -> Status | None:
    """``text`` as a status, or ``None`` if there is no such status."""
    return next((status for status in STATUSES if status == text), None)


def can_move(old: Status, new: Status) -> bool:
    """Whether an outbound message may go from ``old`` to ``new``: forward only, final is final;
    only a scheduled message can be canceled."""
    if new == "canceled":
        return old == "scheduled"
    return "received" not in (old, new) and _RANK[new] > _RANK[old]


def is_final(status: Status) -> bool:
    """Whether no further move can follow."""
    return _RANK[status] == _FINAL


def is_unsent(status: Status) -> bool:
    """Whether a message is still in the drawer, or never left it: no handset can know it."""
    return status in ("scheduled", "canceled")


def has_reached(status: Status, wanted: Status) -> bool:
    """Whether a message in ``status`` has been in ``wanted``: a failed one was never ``sent``."""
    if status == wanted:
        return True
    if status in ("failed", "canceled", "received") or is_final(wanted):
        return False
    return _RANK[status] > _RANK[wanted]


def rfc3339(moment: float) -> str:
    """``moment`` (seconds since 1970) as RFC 3339 in UTC with milliseconds."""
    # The microseconds are rounded as ``datetime`` does it, and the rest is cut off.
    second, rest = divmod(round(moment * 1e6), 1_000_000)
    return f"{_second(second)}.{rest // 1000:03d}Z"


@lru_cache(maxsize=256)
def _second(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S")

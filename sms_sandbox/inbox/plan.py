"""The way of a message to the handset, as it is planned when the message is accepted. Pure."""

from dataclasses import dataclass, field

from sms_sandbox.message import Draft, Status
from sms_sandbox.storage.due import Planned


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a delivery is to end: the last status, the vendor's code, and the seconds after the
    start where that is not the usual time."""

    status: Status = "delivered"
    error_code: str | int | None = None
    after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The statuses that a message has had by now, and the moves that are to come."""

    lived: tuple[Status, ...]
    moves: list[Planned] = field(default_factory=list)


RECEIVED = Way(lived=("received",))


def plan(
    draft: Draft,
    now: float,
    ending: Ending,
    *,
    sent_after: float,
    delivered_after: float,
    expired: str | int,
) -> Way:
    """The way of an outbound message; ``expired`` is the vendor's code for one that is not
    delivered within its validity."""
    start = max(now, now if draft.send_at is None else draft.send_at)
    moves = _end(start, ending, sent_after, delivered_after)
    lived: tuple[Status, ...] = ("accepted", "queued")
    if start > now:
        lived, moves = ("scheduled",), [Planned(start, "queued"), *moves]
    elif draft.starts == "accepted":
        # A vendor that first chooses a sender does so halfway to handing the message on.
        queued_at = min(start + sent_after / 2, moves[0].at)
        lived, moves = ("accepted",), [Planned(queued_at, "queued"), *moves]
    if draft.validity is not None:
        moves = _within(moves, start + draft.validity, expired)
    return Way(lived=lived, moves=moves)


def _end(start: float, ending: Ending, sent_after: float, delivered_after: float) -> list[Planned]:
    # What fails was never handed on.
    usual = sent_after if ending.status in ("failed", "sent") else delivered_after
    at = start + (usual if ending.after is None else ending.after)
    last = Planned(at, ending.status, ending.error_code)
    if ending.status in ("failed", "sent"):
        return [last]
    return [Planned(min(start + sent_after, at), "sent"), last]


def _within(moves: list[Planned], until: float, expired: str | int) -> list[Planned]:
    """The moves up to ``until``; if the last of them comes later, the message expires."""
    if moves[-1].at <= until:
        return [*moves[:-1], Planned(moves[-1].at, moves[-1].status, moves[-1].error_code, until)]
    kept = [one for one in moves if one.at <= until]
    handed_on = any(one.status == "sent" for one in kept)
    return [*kept, Planned(until, "undelivered" if handed_on else "failed", expired)]

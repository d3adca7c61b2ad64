"""The list of messages: which of them, and which page.

Source: https://developers.messagebird.com/api/sms-messaging/#list-messages
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sms_sandbox.facades.messagebird import wire
from sms_sandbox.facades.messagebird.caller import Caller
from sms_sandbox.facades.messagebird.errors import EXPIRED, invalid
from sms_sandbox.facades.messagebird.messages import resource
from sms_sandbox.facades.messagebird.messages.form import KINDS
from sms_sandbox.message import Direction
from sms_sandbox.storage import submissions
from sms_sandbox.storage.submissions import Query

LIMIT, MAX_LIMIT = 20, 200
MAX_OFFSET = 10_000_000
COUNTED = 100_000
"""How many texts a list looks through at most, the newest first."""

FILTERS = (
    "originator",
    "recipient",
    "direction",
    "searchterm",
    "type",
    "contact_id",
    "status",
    "from",
    "until",
)
STATUSES = ("scheduled", "sent", "buffered", "delivered", "expired", "delivery_failed")
_DIRECTIONS: dict[str, Direction] = {"mt": "outbound", "mo": "inbound"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """Which page; ``filters`` are repeated in the addresses of the others."""

    limit: int
    offset: int
    filters: tuple[tuple[str, str], ...]

    def links(self, total: int) -> dict[str, str | None]:
        """The addresses of the first, the last and the pages beside this one."""
        last = (total - 1) // self.limit * self.limit if total else 0
        behind = self.offset + self.limit
        return {
            "first": self._uri(0),
            "previous": self._uri(max(0, self.offset - self.limit)) if self.offset else None,
            "next": self._uri(behind) if behind < total else None,
            "last": self._uri(last),
        }

    def _uri(self, offset: int) -> str:
        query = [*self.filters, ("limit", str(self.limit)), ("offset", str(offset))]
        return f"{wire.HOST}/messages/?{urlencode(query)}"


def list_page(caller: Caller, asked: Mapping[str, str]) -> dict[str, Any]:
    """A page of the messages that the filters mean, newest first. Raises ``MessageBirdError``."""
    page = _page(asked)
    query = _query(caller, asked)
    shown: list[dict[str, Any]] = []
    total = 0
    if query is not None:
        with caller.room.database.read() as connection:
            total = submissions.count_groups(connection, query, most=COUNTED)
            heads = submissions.groups(
                connection, query, limit=page.limit, skip=page.offset, most=COUNTED
            )
            for head in heads:
                texts = submissions.of_group(connection, wire.PROVIDER, caller.account, head)
                shown.append(resource.show(texts))
    return {
        "offset": page.offset,
        "limit": page.limit,
        "count": len(shown),
        "totalCount": total,
        "links": page.links(total),
        "items": shown,
    }


def _page(asked: Mapping[str, str]) -> _Page:
    return _Page(
        limit=_whole(asked, "limit", LIMIT, 1, MAX_LIMIT),
        offset=_whole(asked, "offset", 0, 0, MAX_OFFSET),
        filters=tuple((name, asked[name]) for name in FILTERS if asked.get(name)),
    )


def _query(caller: Caller, asked: Mapping[str, str]) -> Query | None:
    """What the filters mean; ``None``: nothing that there could be here."""
    status = _word(asked, "status", STATUSES)
    direction = _word(asked, "direction", tuple(_DIRECTIONS))
    kind = _word(asked, "type", KINDS)
    if asked.get("contact_id"):
        return None
    states = {own for own, state in resource.STATES.items() if state == status}
    if status == "expired":
        states = set(resource.LOST)
    is_loss = status in ("expired", "delivery_failed")
    return Query(
        provider=wire.PROVIDER,
        account=caller.account,
        states=tuple(sorted(states)),
        codes=(EXPIRED,) if is_loss else (),
        other_codes=status == "delivery_failed",
        # Calls of Verify have no type.
        facts=(("type", KINDS if kind is None else (kind,)),),
        direction=None if direction is None else _DIRECTIONS[direction],
        recipient=asked.get("recipient") or None,
        sender=asked.get("originator") or None,
        text=asked.get("searchterm") or None,
        created_from=_moment(asked, "from"),
        created_until=_moment(asked, "until"),
    )


def _word(asked: Mapping[str, str], name: str, values: tuple[str, ...]) -> str | None:
    word = asked.get(name) or None
    if word is not None and word not in values:
        raise invalid(name, f"{name} must be one of {', '.join(values)}")
    return word


def _moment(asked: Mapping[str, str], name: str) -> float | None:
    # In a query a plus that was not escaped is a blank.
    text = asked.get(name, "").replace(" ", "+") or None
    moment = None if text is None else wire.read_time(text)
    if text is not None and moment is None:
        raise invalid(name, f"{name} must be a moment as 2026-01-31T08:15:00+00:00")
    return moment


def _whole(asked: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = asked.get(name, "") or str(default)
    is_whole = text.isascii() and text.isdigit() and len(text) <= 12
    if not is_whole or not low <= int(text) <= high:
        raise invalid(name, f"{name} must be a whole number from {low} to {high}")
    return int(text)

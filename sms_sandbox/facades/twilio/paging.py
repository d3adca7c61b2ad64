"""Lists of messages: filters, pages, and the relative addresses that lead from page to page.

Addresses carry neither a host nor the sandbox's prefix: the SDKs put their base before them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.twilio import wire
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.storage import submissions
from sms_sandbox.storage.submissions import Query, Submitted

_DEFAULT_SIZE = 50
_MAX_SIZE = 1000
_MAX_PAGE = 1_000_000
_FILTERS = ("To", "From", "DateSent", "DateSent>", "DateSent<")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# PA continues after a place, PB ends before it: the newest first, so "after" is older.
_TOKEN = re.compile(r"(PA|PB)SM([0-9a-f]{32})")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    size: int
    page: int
    token: str
    filters: tuple[tuple[str, str], ...]

    def uri(self, root: str, page: int, token: str = "") -> str:
        query = [*self.filters, ("PageSize", str(self.size)), ("Page", str(page))]
        if token:
            query.append(("PageToken", token))
        return f"{root}?{urlencode(query)}"


def list_messages(room: Room, account: str, asked: Mapping[str, str]) -> dict[str, Any]:
    """One page of an account's messages, newest first. Raises ``TwilioError``."""
    wish = _Wish(
        size=_whole(asked, "PageSize", _DEFAULT_SIZE, 1),
        page=_whole(asked, "Page", 0, 0),
        token=asked.get("PageToken", ""),
        filters=tuple((name, asked[name]) for name in _FILTERS if asked.get(name)),
    )
    if wish.size > _MAX_SIZE:
        raise TwilioError(20007)
    root = f"{wire.account_uri(account)}/Messages.json"
    query = _query(account, dict(wish.filters))
    with room.database.read() as connection:
        found, more = _window(connection, query, wish)
    start = wish.page * wish.size
    return {
        "end": start + len(found) - 1 if found else start,
        "first_page_uri": wish.uri(root, 0),
        "next_page_uri": wish.uri(root, wish.page + 1, _token("PA", found[-1])) if more else None,
        "page": wish.page,
        "page_size": wish.size,
        "previous_page_uri": (
            wish.uri(root, wish.page - 1, _token("PB", found[0])) if wish.page and found else None
        ),
        "messages": [wire.show_message(one) for one in found],
        "start": start,
        "uri": wish.uri(root, wish.page, wish.token),
    }


def empty_list(uri: str, key: str) -> dict[str, Any]:
    """The page of a list that has nothing in it."""
    first = f"{uri}?PageSize={_DEFAULT_SIZE}&Page=0"
    return {
        "end": 0,
        "first_page_uri": first,
        "next_page_uri": None,
        "page": 0,
        "page_size": _DEFAULT_SIZE,
        "previous_page_uri": None,
        key: [],
        "start": 0,
        "uri": first,
    }


def _window(connection: Any, query: Query, wish: _Wish) -> tuple[list[Submitted], bool]:
    """The page, and whether an older one follows."""
    token = _TOKEN.fullmatch(wish.token)
    if wish.token and token is None:
        raise TwilioError(20001, detail="PageToken is none of a page's own.")
    if token is not None and token[1] == "PB":
        before = replace(query, newer_than=int(token[2], 16))
        found = submissions.select(connection, before, limit=wish.size)
        return found, bool(found)
    skip = 0 if token else wish.page * wish.size
    after = replace(query, older_than=int(token[2], 16)) if token else query
    found = submissions.select(connection, after, limit=wish.size + 1, skip=skip)
    return found[: wish.size], len(found) > wish.size


def _token(kind: str, one: Submitted) -> str:
    return f"{kind}SM{one.message.seq:032x}"


def _query(account: str, filters: Mapping[str, str]) -> Query:
    moments: dict[str, float] = {}
    for name, begins, ends in (("DateSent", 1, 1), ("DateSent>", 1, 0), ("DateSent<", 0, 1)):
        if name in filters:
            first, last = _span(name, filters[name])
            if begins:
                moments["sent_from"] = max(first, moments.get("sent_from", first))
            if ends:
                moments["sent_until"] = min(last, moments.get("sent_until", last))
    return Query(
        provider="twilio",
        account=account,
        recipient=wire.parse_address(filters["To"]) if "To" in filters else None,
        sender=wire.parse_address(filters["From"]) if "From" in filters else None,
        sent_from=moments.get("sent_from"),
        sent_until=moments.get("sent_until"),
    )


def _span(name: str, text: str) -> tuple[float, float]:
    """The first and the last moment that a day, or a second, means. ``DateSent`` itself always
    means a day: the SDKs write days as their midnight."""
    try:
        begins = datetime.fromisoformat(text)
        if begins.tzinfo is None:
            begins = begins.replace(tzinfo=UTC)
        if name == "DateSent":
            begins = begins.replace(hour=0, minute=0, second=0, microsecond=0)
        whole_day = name == "DateSent" or _DAY.fullmatch(text)
        ends = begins + (timedelta(days=1) if whole_day else timedelta(seconds=1))
        return begins.timestamp(), ends.timestamp() - 0.000001
    except (ValueError, OverflowError):
        raise TwilioError(20001, detail=f"{name} is YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ.") from None


def _whole(asked: Mapping[str, str], name: str, default: int, low: int) -> int:
    text = asked.get(name, str(default))
    if not (text.isascii() and text.isdigit()) or not low <= int(text[:12]) <= _MAX_PAGE:
        raise TwilioError(20001, detail=f"{name} is a whole number, at least {low}.")
    return int(text)

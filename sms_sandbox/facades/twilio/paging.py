"""Lists of 2010-04-01: filters, pages, and the relative addresses that lead from page to page.

Addresses carry neither a host nor the sandbox's prefix: the SDKs put their base before them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from sqlite3 import Connection
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
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# PA continues after a place, PB ends before it: the newest first, so "after" is older.
_TOKEN = re.compile(r"(PA|PB)SM([0-9a-f]{32})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One kind of list: the noun of its address and of its key, what it may be filtered by, and
    how a row is asked for and shown."""

    noun: str
    key: str
    filters: tuple[str, ...]
    query: Callable[[str, Mapping[str, str]], Query]
    show: Callable[[Submitted], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    root: str
    size: int
    page: int
    token: str
    filters: tuple[tuple[str, str], ...]

    def uri(self, page: int, token: str = "") -> str:
        query = [*self.filters, ("PageSize", str(self.size)), ("Page", str(page))]
        if token:
            query.append(("PageToken", token))
        return f"{self.root}?{urlencode(query)}"


def page(room: Room, account: str, listing: Listing, asked: Mapping[str, str]) -> dict[str, Any]:
    """One page of an account's list, newest first. Raises ``TwilioError``."""
    size = wire.whole(asked, "PageSize", _DEFAULT_SIZE, 1)
    if size > _MAX_SIZE:
        raise TwilioError(20007)
    wish = _Wish(
        root=f"{wire.account_uri(account)}/{listing.noun}.json",
        size=size,
        page=wire.whole(asked, "Page", 0, 0, _MAX_PAGE),
        token=asked.get("PageToken", ""),
        filters=tuple((name, asked[name]) for name in listing.filters if asked.get(name)),
    )
    query = listing.query(account, dict(wish.filters))
    with room.database.read() as connection:
        found, more = _window(connection, query, wish)
    rows = [listing.show(one) for one in found]
    return _envelope(wish, listing.key, rows, found, more=more)


def whole_list(root: str, key: str, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The only page of a list that is short by nature."""
    wish = _Wish(root=root, size=_DEFAULT_SIZE, page=0, token="", filters=())
    return _envelope(wish, key, rows, (), more=False)


def cut(
    root: str,
    key: str,
    rows: Sequence[dict[str, Any]],
    asked: Mapping[str, str],
    filters: Sequence[str],
) -> dict[str, Any]:
    """The page that ``asked`` means of a list whose rows are at hand. Raises ``TwilioError``."""
    size = wire.whole(asked, "PageSize", _DEFAULT_SIZE, 1)
    if size > _MAX_SIZE:
        raise TwilioError(20007)
    wish = _Wish(
        root=root,
        size=size,
        page=wire.whole(asked, "Page", 0, 0, _MAX_PAGE),
        token="",
        filters=tuple((name, asked[name]) for name in filters if asked.get(name)),
    )
    start = wish.page * size
    shown = _envelope(wish, key, rows[start : start + size], (), more=False)
    if start + size < len(rows):
        shown["next_page_uri"] = wish.uri(wish.page + 1)
    if wish.page:
        shown["previous_page_uri"] = wish.uri(wish.page - 1)
    return shown


def span(filters: Mapping[str, str], name: str) -> tuple[float | None, float | None]:
    """The first and the last moment (both inclusive) that a date's three filters mean:
    ``name``, ``name>`` and ``name<``."""
    first: float | None = None
    last: float | None = None
    for suffix, begins, ends in (("", True, True), (">", True, False), ("<", False, True)):
        if name + suffix in filters:
            low, high = _moments(name + suffix, filters[name + suffix], whole_day=not suffix)
            if begins:
                first = low if first is None else max(first, low)
            if ends:
                last = high if last is None else min(last, high)
    return first, last


def _envelope(
    wish: _Wish,
    key: str,
    rows: Sequence[dict[str, Any]],
    found: Sequence[Submitted],
    *,
    more: bool,
) -> dict[str, Any]:
    start = wish.page * wish.size
    return {
        "end": start + len(rows) - 1 if rows else start,
        "first_page_uri": wish.uri(0),
        "next_page_uri": wish.uri(wish.page + 1, _token("PA", found[-1])) if more else None,
        "page": wish.page,
        "page_size": wish.size,
        "previous_page_uri": (
            wish.uri(wish.page - 1, _token("PB", found[0])) if wish.page and found else None
        ),
        key: list(rows),
        "start": start,
        "uri": wish.uri(wish.page, wish.token),
    }


def _window(connection: Connection, query: Query, wish: _Wish) -> tuple[list[Submitted], bool]:
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


def _moments(name: str, text: str, *, whole_day: bool) -> tuple[float, float]:
    """The first and the last moment that a day, or a second, means. A bare date filter always
    means a day: the SDKs write days as their midnight."""
    try:
        begins = datetime.fromisoformat(text)
        if begins.tzinfo is None:
            begins = begins.replace(tzinfo=UTC)
        if whole_day:
            begins = begins.replace(hour=0, minute=0, second=0, microsecond=0)
        is_day = whole_day or _DAY.fullmatch(text)
        ends = begins + (timedelta(days=1) if is_day else timedelta(seconds=1))
        return begins.timestamp(), ends.timestamp() - 0.000001
    except (ValueError, OverflowError):
        raise TwilioError(20001, detail=f"{name} is YYYY-MM-DD or YYYY-MM-DDTHH:MM:SSZ.") from None

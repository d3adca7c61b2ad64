"""Lists of the newer APIs: a ``meta`` object whose addresses are absolute, so that the SDKs can
follow them as they are."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from sms_sandbox.facades.twilio.caller import Caller
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

_DEFAULT_SIZE = 50
_MAX_SIZE = 1000
_TOKEN = re.compile(r"P([AB])([0-9a-f]{32})")

Finder = Callable[[int | None, int | None, int], list[Record]]
"""Finds at most so many records, newest first, older or newer than a place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """The page that was asked for."""

    size: int
    page: int
    older_than: int | None
    newer_than: int | None


def page_of(
    caller: Caller,
    asked: Mapping[str, str],
    kind: str,
    key: str,
    *,
    show: Callable[[Caller, Record], dict[str, Any]],
    parent: str | None = None,
) -> dict[str, Any]:
    """The page of what the account keeps of one kind, or of one parent, that ``asked`` means."""

    def find(older: int | None, newer: int | None, limit: int) -> list[Record]:
        with caller.room.database.read() as connection:
            return records.find(
                connection,
                PROVIDER,
                caller.account,
                kind,
                parent=parent,
                older_than=older,
                newer_than=newer,
                limit=limit,
            )

    def show_one(record: Record) -> dict[str, Any]:
        return show(caller, record)

    return show_page(caller, asked, key, find=find, show=show_one)


def show_page(
    caller: Caller,
    asked: Mapping[str, str],
    key: str,
    *,
    find: Finder,
    show: Callable[[Record], dict[str, Any]],
    filters: tuple[str, ...] = (),
) -> dict[str, Any]:
    """The page that the query ``asked`` means, with its records under ``key``."""
    wish = _wish(asked)
    kept = [(name, asked[name]) for name in filters if asked.get(name)]

    def address(page: int, token: str = "") -> str:
        query = [*kept, ("PageSize", str(wish.size)), ("Page", str(page))]
        query += [("PageToken", token)] if token else []
        return f"{caller.base}{caller.path}?{urlencode(query)}"

    found = find(wish.older_than, wish.newer_than, wish.size + 1)
    backward = wish.newer_than is not None
    more = backward or len(found) > wish.size
    shown = found[-wish.size :] if backward else found[: wish.size]
    following = address(wish.page + 1, _token("A", shown[-1])) if more and shown else None
    before = address(wish.page - 1, _token("B", shown[0])) if wish.page and shown else None
    meta = {
        "page": wish.page,
        "page_size": wish.size,
        "first_page_url": address(0),
        "previous_page_url": before,
        "next_page_url": following,
        "key": key,
        "url": address(wish.page, asked.get("PageToken", "")),
    }
    return {"meta": meta, key: [show(one) for one in shown]}


def _wish(asked: Mapping[str, str]) -> _Wish:
    size = _whole(asked, "PageSize", _DEFAULT_SIZE, 1)
    page = _whole(asked, "Page", 0, 0)
    if size > _MAX_SIZE:
        raise TwilioError(20007)
    text = asked.get("PageToken", "")
    token = _TOKEN.fullmatch(text)
    # A page is found by its token: a bare number would show the first page for ever.
    if token is None and (text or page):
        raise TwilioError(20006)
    place = int(token[2], 16) if token else 0
    if place >= 1 << 63:
        raise TwilioError(20006)
    return _Wish(
        size=size,
        page=page,
        older_than=place if token and token[1] == "A" else None,
        newer_than=place if token and token[1] == "B" else None,
    )


def _token(direction: str, record: Record) -> str:
    return f"P{direction}{record.place:032x}"


def _whole(asked: Mapping[str, str], name: str, default: int, low: int) -> int:
    text = asked.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= 9) or int(text) < low:
        raise TwilioError(20001, detail=f"{name} is a whole number, at least {low}.")
    return int(text)

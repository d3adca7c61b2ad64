"""Lists: which page of what, from when to when, and the addresses of the pages beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sms_sandbox.facades.plivo.errors import PlivoError

MAX_LIMIT = 20
"""How many entries a page has at most, and where none is asked for."""
MAX_OFFSET = 10_000_000
_TICK = 0.000001


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which page of a list; ``filters`` are repeated in the addresses of its neighbours."""

    root: str
    limit: int
    offset: int
    filters: tuple[tuple[str, str], ...]

    def meta(self, *, more: bool) -> dict[str, Any]:
        """What is said of the page beside its entries; ``more``: another one follows."""
        before = max(0, self.offset - self.limit)
        return {
            "limit": self.limit,
            "next": self._uri(self.offset + self.limit) if more else None,
            "offset": self.offset,
            "previous": self._uri(before) if self.offset else None,
        }

    def _uri(self, offset: int) -> str:
        query = [*self.filters, ("limit", str(self.limit)), ("offset", str(offset))]
        return f"{self.root}?{urlencode(query)}"


def read(root: str, asked: Mapping[str, str], filters: Sequence[str]) -> Page:
    """The page that a query asks for. Raises ``PlivoError``, also for a key that there is not: a
    typo would widen the list."""
    unknown = sorted(set(asked) - {*filters, "limit", "offset"})
    if unknown:
        raise PlivoError(400, f"there is no parameter {unknown[0][:64]} here")
    return Page(
        root=root,
        limit=_whole(asked, "limit", MAX_LIMIT, 1, MAX_LIMIT),
        offset=_whole(asked, "offset", 0, 0, MAX_OFFSET),
        filters=tuple((name, asked[name]) for name in filters if asked.get(name)),
    )


def span_names(name: str) -> tuple[str, ...]:
    """The five filters of a moment."""
    return (name, *(f"{name}__{suffix}" for suffix in ("gt", "gte", "lt", "lte")))


def span(asked: Mapping[str, str], name: str) -> tuple[float | None, float | None]:
    """The first and the last moment (both inclusive) that the filters of ``name`` mean."""
    first: list[float] = []
    last: list[float] = []
    if asked.get(name):
        begins, ends = _moments(name, asked[name])
        first.append(begins)
        last.append(ends)
    for suffix, bounds, shift in (
        ("gt", first, _TICK),
        ("gte", first, 0.0),
        ("lt", last, -_TICK),
        ("lte", last, 0.0),
    ):
        if asked.get(f"{name}__{suffix}"):
            bounds.append(_moments(f"{name}__{suffix}", asked[f"{name}__{suffix}"])[0] + shift)
    return max(first, default=None), min(last, default=None)


def _moments(name: str, text: str) -> tuple[float, float]:
    """The first and the last moment that a minute, a second or a moment means."""
    try:
        begins = datetime.fromisoformat(text)
        begins = begins.replace(tzinfo=UTC) if begins.tzinfo is None else begins
        colons = text.replace("T", " ").partition(" ")[2].partition("+")[0].count(":")
        length = timedelta(seconds=1 if colons > 1 else 60)
        ends = begins if "." in text else begins + length - timedelta(microseconds=1)
        return begins.timestamp(), ends.timestamp()
    except (ValueError, OverflowError):
        raise PlivoError(400, f"{name} must be YYYY-MM-DD HH:MM[:ss[.uuuuuu]]") from None


def _whole(asked: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = asked.get(name, "") or str(default)
    is_whole = text.isascii() and text.isdigit() and len(text) <= 12
    if not is_whole or not low <= int(text) <= high:
        raise PlivoError(400, f"{name} must be a whole number from {low} to {high}")
    return int(text)

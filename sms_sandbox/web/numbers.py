"""Phone numbers as people read them: the country and the digits in groups."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

# One table for the server and the page: the script loads the same file.
_REGIONS = Path(__file__).parent / "static" / "regions.json"
_E164 = re.compile(r"\+[0-9]{5,18}")


class NumberView(NamedTuple):
    """A number to draw: `region` is ISO 3166 or "", `groups` join to the number itself."""

    region: str
    groups: list[str]


@cache
def _regions() -> dict[str, str]:
    table: dict[str, str] = json.loads(_REGIONS.read_text(encoding="utf-8"))
    return table


def number_view(number: str) -> NumberView:
    """Country and digit groups; a sender name or short code stays one group with no region."""
    if not _E164.fullmatch(number):
        return NumberView("", [number])
    prefix = next((number[1:n] for n in range(7, 1, -1) if number[1:n] in _regions()), "")
    if not prefix:
        return NumberView("", [number])
    calling = "1" if prefix.startswith("1") else _calling_code(prefix)
    rest = number[1 + len(calling) :]
    return NumberView(_regions()[prefix], ["+" + calling, *_groups(rest)])


def _calling_code(prefix: str) -> str:
    """The shortest listed prefix is the country's own code; longer ones are its parts."""
    return next(prefix[:n] for n in range(1, len(prefix) + 1) if prefix[:n] in _regions())


def _groups(digits: str) -> list[str]:
    """As few groups of up to four as it takes, the longer ones last: 201 555 0123."""
    count = -(-len(digits) // 4)
    size, longer = divmod(len(digits), count) if count else (0, 0)
    groups, at = [], 0
    for index in range(count):
        length = size + (index >= count - longer)
        groups.append(digits[at : at + length])
        at += length
    return groups


def code_groups(code: str) -> list[str]:
    """A code in halves of equal length (481 920), or whole if it is short or odd."""
    half = len(code) // 2
    if len(code) < 6 or len(code) % 2:
        return [code]
    return [code[:half], code[half:]]

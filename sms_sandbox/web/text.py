"""Message text made safe to look at: nothing in it may act on the page or reorder it."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

# Characters that reorder what stands around them. Left and right marks are not here: honest
# Arabic and Hebrew texts use them, and they cannot reverse anything.
_REORDERING = {
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
}
_UNSAFE = re.compile("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f]")


def inert(text: object) -> Markup:
    """Text as HTML in which control and reordering characters are drawn, not obeyed."""
    pieces: list[Markup] = []
    source = str(text)
    start = 0
    for found in _UNSAFE.finditer(source):
        pieces.append(escape(source[start : found.start()]))
        pieces.append(_mark(found.group()))
        start = found.end()
    pieces.append(escape(source[start:]))
    return Markup("").join(pieces)


def _mark(character: str) -> Markup:
    point = f"U+{ord(character):04X}"
    return Markup('<span class="mark" title="{}">{}</span>').format(
        point, _REORDERING.get(character, point)
    )

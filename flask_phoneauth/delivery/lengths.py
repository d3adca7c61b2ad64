"""How many parts a text is sent and paid in: GSM 03.38's alphabet, or else UCS-2."""

from __future__ import annotations

import math
from dataclasses import dataclass

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("^{}\\[~]|€\f")
"""These take the room of two."""
GSM7, UCS2 = "GSM-7", "UCS-2"
_ROOM = {GSM7: (160, 153), UCS2: (70, 67)}
"""Letters of a text alone, and of each part where there are several."""


@dataclass(frozen=True, slots=True)
class Length:
    """`units` are letters as the encoding counts them; `strange` are those outside GSM-7."""

    encoding: str
    units: int
    parts: int
    strange: str = ""


def length_of(text: str) -> Length:
    """What a text takes; one letter outside GSM-7 makes all of them twice as wide."""
    strange = "".join(sorted(set(text) - BASIC - EXTENDED))
    encoding = UCS2 if strange else GSM7
    if strange:
        units = len(text.encode("utf-16-be", "surrogatepass")) // 2
    else:
        units = len(text) + sum(map(text.count, EXTENDED))
    alone, shared = _ROOM[encoding]
    parts = 1 if units <= alone else math.ceil(units / shared)
    return Length(encoding, units, parts, strange)

"""Into how many parts a text is cut: GSM-7 with its extension table, else UCS-2.

Source: 3GPP TS 23.038 and 23.040.
"""

from dataclasses import dataclass
from typing import Literal

Encoding = Literal["GSM-7", "UCS-2"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_ALPHABET = _BASIC | _EXTENSION

# One part holds 140 bytes; a joined one gives 6 of them to its header.
_SINGLE: dict[Encoding, int] = {"GSM-7": 160, "UCS-2": 70}
_JOINED: dict[Encoding, int] = {"GSM-7": 153, "UCS-2": 67}

MAX_SEGMENTS = 255
"""The header of a joined text counts its parts in one byte."""


@dataclass(frozen=True, slots=True)
class Segmentation:
    """A text as the network carries it: ``units`` are septets or UTF-16 units of all parts."""

    encoding: Encoding
    units: int
    parts: tuple[str, ...]

    @property
    def count(self) -> int:
        """The number of parts; an empty text is still one."""
        return len(self.parts)


def segment(text: str) -> Segmentation:
    """Cut ``text`` as a handset would; an escape pair or a surrogate pair is never split."""
    encoding = encoding_of(text)
    if encoding == "GSM-7" and len(text) <= _SINGLE[encoding] and _EXTENSION.isdisjoint(text):
        return Segmentation(encoding, len(text), (text,))
    costs = [_cost(character, encoding) for character in text]
    units = sum(costs)
    if units <= _SINGLE[encoding]:
        return Segmentation(encoding, units, (text,))
    return Segmentation(encoding, units, tuple(_cut(text, costs, _JOINED[encoding])))


def encoding_of(text: str) -> Encoding:
    """GSM-7 if every character is in its basic or extension table, else UCS-2."""
    return "GSM-7" if _ALPHABET.issuperset(text) else "UCS-2"


def _cost(character: str, encoding: Encoding) -> int:
    if encoding == "GSM-7":
        return 2 if character in _EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1


def _cut(text: str, costs: list[int], limit: int) -> list[str]:
    parts: list[str] = []
    start = used = 0
    for index, cost in enumerate(costs):
        if used + cost > limit:
            parts.append(text[start:index])
            start, used = index, 0
        used += cost
    parts.append(text[start:])
    return parts

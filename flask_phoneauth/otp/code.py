"""The digits: derived, normalised, digested (RULES 1, 5, 7)."""

from __future__ import annotations

import hmac
import unicodedata
from itertools import count

MAX_CODE_TEXT = 64
_SPACING = frozenset("-.·‐‑‒–—")


def hkdf_expand(key: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand with SHA-256 (RFC 5869, 2.3); `key` is already a strong key."""
    block, out = b"", b""
    for number in count(1):
        if len(out) >= length:
            return out[:length]
        block = hmac.digest(key, block + info + bytes([number]), "sha256")
        out += block
    raise AssertionError("unreachable")


def derive_code(key: bytes, *, seed: bytes, purpose: str, generation: int, length: int) -> str:
    """`length` decimal digits, each uniform by rejection sampling of a keyed stream."""
    label = b"|".join((b"code", purpose.encode(), str(generation).encode(), seed))
    digits = ""
    for page in count():
        for byte in hkdf_expand(key, label + b"|" + str(page).encode(), 32):
            if byte < 250:  # 250 = 25 values for each digit; the last six would favour 0 to 5
                digits += "0123456789"[byte // 25]
            if len(digits) == length:
                return digits
    raise AssertionError("unreachable")


def digest_code(key: bytes, *, challenge_id: str, purpose: str, code: str) -> bytes:
    """What the store keeps in place of the code: HMAC-SHA-256 over id, purpose and digits."""
    message = "\0".join((challenge_id, purpose, code)).encode()
    return hmac.digest(key, message, "sha256")


def normalise_code(text: object, length: int) -> str | None:
    """The typed code as ASCII digits, whatever its script and spacing; None where it is no code."""
    if not isinstance(text, str) or len(text) > MAX_CODE_TEXT:
        return None
    digits = "".join(_digit(char) for char in text)
    return digits if len(digits) == length and "x" not in digits else None


def _digit(char: str) -> str:
    if char.isspace() or char in _SPACING or unicodedata.category(char) == "Cf":
        return ""
    value = unicodedata.decimal(char, None)
    return "x" if value is None else str(value)

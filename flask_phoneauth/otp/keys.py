"""Keys by label from one secret (RULES 1-2): HKDF-SHA-256, RFC 5869."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field

from flask_phoneauth.otp.code import hkdf_expand

TAG_BYTES = 10


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of one secret; `id` tells it from its successors without giving anything away."""

    id: str
    code: bytes = field(repr=False)
    check: bytes = field(repr=False)


class Keyring:
    """Current and former keys; number tags and address hashes are keyed by the oldest secret.

    A tag must outlive a change of secret, or the change would refill every budget; so it comes
    from the last fallback while one is listed.
    """

    def __init__(self, secret: bytes, fallbacks: Sequence[bytes] = ()) -> None:
        self._sets = tuple(_key_set(_extract(item)) for item in (secret, *fallbacks))
        self._tag = hkdf_expand(_extract((secret, *fallbacks)[-1]), b"number tag", 32)

    def __repr__(self) -> str:
        return f"Keyring({[keys.id for keys in self._sets]})"

    @property
    def current(self) -> KeySet:
        """The keys that new challenges are made with."""
        return self._sets[0]

    def find(self, key_id: str) -> KeySet | None:
        """The keys of that id, current or former."""
        return next((keys for keys in self._sets if keys.id == key_id), None)

    @property
    def all(self) -> tuple[KeySet, ...]:
        """Current keys first."""
        return self._sets

    def phone_tag(self, e164: str) -> str:
        """80 bits that stand for a number in keys, logs and metrics: 16 letters."""
        return self._short(b"phone:" + e164.encode())

    def hashed(self, label: str, value: str | bytes) -> str:
        """80 keyed bits for an address or a binding, so that no store key tells the value."""
        raw = value.encode() if isinstance(value, str) else value
        return self._short(label.encode() + b":" + raw)

    def _short(self, message: bytes) -> str:
        digest = hmac.digest(self._tag, message, "sha256")[:TAG_BYTES]
        return base64.b32encode(digest).decode().lower()


def _extract(secret: bytes) -> bytes:
    return hmac.digest(b"flask-phoneauth", secret, "sha256")


def _key_set(root: bytes) -> KeySet:
    return KeySet(
        id=hashlib.sha256(hkdf_expand(root, b"key id", 32)).hexdigest()[:8],
        code=hkdf_expand(root, b"code", 32),
        check=hkdf_expand(root, b"check", 32),
    )

"""The token in a callback's address: it finds the message before the vendor's id is known."""

from __future__ import annotations

import base64
import hmac
import re
import struct

from flask_phoneauth.otp.keys import Keyring

_LABEL = "delivery"
_TOKEN = re.compile(r"[a-z2-7]{16}[A-Za-z0-9_-]{12,200}")
_MAC = 16


def delivery_token(keys: Keyring, challenge_id: str, asked_at: float) -> str:
    """Names one message of one challenge, in letters that any URL carries.

    It proves itself by a keyed hash, so that no store holds it and none but us can make one.
    """
    named = struct.pack(">d", asked_at) + challenge_id.encode()
    return keys.hashed(_LABEL, named) + base64.urlsafe_b64encode(named).decode().rstrip("=")


def read_token(keys: Keyring, token: str) -> tuple[str, float] | None:
    """The challenge and the time of the ask that the token names; None where it is not ours."""
    if not _TOKEN.fullmatch(token):
        return None
    mac, body = token[:_MAC], token[_MAC:]
    try:
        named = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except ValueError:  # a length that no encoding has
        return None
    if not hmac.compare_digest(mac, keys.hashed(_LABEL, named)):
        return None
    (asked_at,) = struct.unpack(">d", named[:8])
    return named[8:].decode(), asked_at

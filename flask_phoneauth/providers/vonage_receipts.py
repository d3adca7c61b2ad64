"""Reads the status webhooks of Vonage's Messages API: our own verification of their token."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask_phoneauth.errors import BadSignature
from flask_phoneauth.providers.callbacks import receipt
from flask_phoneauth.records import RawRequest, Receipt

MAX_TOKEN = 4096
"""Characters of a token that is looked at; Vonage's have about 400."""

_DELIVERIES: Mapping[str, str] = {
    "submitted": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "rejected": "failed",
    "undeliverable": "failed",
}


class VonageReceipts:
    """Verifies with the account's signature secret, in constant time.

    The token covers the body and not the address: the body must repeat, as `client_ref`, the last
    part of the address.
    Source: https://developer.vonage.com/en/getting-started/concepts/webhooks
    """

    def __init__(self, signature_secret: str) -> None:
        self._key = signature_secret.encode()

    def read(self, request: RawRequest) -> Receipt:
        """The verified receipt; raises `BadSignature` for anything that Vonage did not sign."""
        claims = self._claims(request.headers.get("authorization", ""))
        signed = str(claims.get("payload_hash", "")).lower().encode(errors="replace")
        own = hashlib.sha256(request.body).hexdigest().encode()
        if request.method != "POST" or not hmac.compare_digest(own, signed):
            raise BadSignature
        values = _object(request.body)
        if values.get("client_ref") != urlsplit(request.url).path.rpartition("/")[2]:
            raise BadSignature
        return receipt(
            str(values.get("message_uuid", "")), str(values.get("status", "")), _DELIVERIES
        )

    def _claims(self, header: str) -> Mapping[str, Any]:
        scheme, _, token = header.partition(" ")
        text, _, signature = token.strip().rpartition(".")
        head, _, claims = text.partition(".")
        if scheme.lower() != "bearer" or len(token) > MAX_TOKEN or not token.isascii():
            raise BadSignature
        if _object(_decoded(head)).get("alg") != "HS256":
            raise BadSignature
        mac = base64.urlsafe_b64encode(hmac.digest(self._key, text.encode(), "sha256"))
        if not hmac.compare_digest(mac.rstrip(b"="), signature.encode()):
            raise BadSignature
        return _object(_decoded(claims))


def _decoded(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise BadSignature from None


def _object(text: bytes) -> Mapping[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        raise BadSignature from None
    if not isinstance(values, dict):
        raise BadSignature
    return values

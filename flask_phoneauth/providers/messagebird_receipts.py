"""Reads MessageBird's status reports: our own verification of `MessageBird-Signature-JWT`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt

from flask_phoneauth.errors import BadSignature
from flask_phoneauth.providers.callbacks import MAX_FIELDS, receipt
from flask_phoneauth.records import RawRequest, Receipt

LEEWAY = 5
"""Seconds by which MessageBird's clock and ours may differ."""

_ALGORITHM = "HS256"
_ISSUER = "MessageBird"
_NEEDED = ("iss", "nbf", "exp", "jti", "url_hash")
_KEY_BYTES = 32
_DELIVERIES: Mapping[str, str] = {
    "sent": "sent",
    "buffered": "sent",
    "delivered": "delivered",
    "expired": "failed",
    "delivery_failed": "failed",
}


class MessageBirdReceipts:
    """Verifies with the account's signing key; a token covers the address and the body."""

    def __init__(self, signing_key: str) -> None:
        # HMAC itself fills a short key up with zeros; PyJWT would warn of one at each receipt
        self._key = signing_key.encode().ljust(_KEY_BYTES, b"\0")

    def read(self, request: RawRequest) -> Receipt:
        """The verified receipt; raises `BadSignature` for what MessageBird did not sign, or not
        just now."""
        claims = self._claims(request.headers.get("messagebird-signature-jwt", ""))
        if not _is_hash(claims["url_hash"], request.url.encode(errors="surrogatepass")):
            raise BadSignature
        told = claims.get("payload_hash")
        if (told is not None or request.body) and not (
            request.body and _is_hash(told, request.body)
        ):
            raise BadSignature
        values = _query(request.url)
        return receipt(values.get("id", ""), values.get("status", ""), _DELIVERIES)

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                issuer=_ISSUER,
                leeway=LEEWAY,
                options={"require": list(_NEEDED), "verify_iat": False},
            )
        except (jwt.InvalidTokenError, UnicodeError):
            raise BadSignature from None
        return claims


def _is_hash(told: object, data: bytes) -> bool:
    own = hashlib.sha256(data).hexdigest().encode()
    return isinstance(told, str) and hmac.compare_digest(own, told.encode(errors="surrogatepass"))


def _query(url: str) -> Mapping[str, str]:
    try:
        return dict(parse_qsl(urlsplit(url).query, max_num_fields=MAX_FIELDS))
    except ValueError:  # an endless one
        raise BadSignature from None

"""MessageBird's signature: a JSON Web Token over the address and the body.

Source: https://developers.messagebird.com/api/#verifying-http-requests and what the validators of
messagebird 2.2 (Python) and 4.0 (Node) accept. The key is the account's signing key.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

HEADER = "MessageBird-Signature-JWT"
ISSUER = "MessageBird"
LIFE = 60
"""Seconds that a token is good for at least."""
ALGORITHMS: Mapping[str, str] = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


def sign(
    key: str,
    url: str,
    body: bytes,
    *,
    jti: str,
    begins: int,
    ends: int,
    algorithm: str = "HS256",
) -> str:
    """The token of a request to ``url`` as it goes out; ``begins`` and ``ends`` are seconds since
    1970. An empty body has no hash of its own."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "nbf": begins,
        "exp": ends,
        "jti": jti,
        "url_hash": hashlib.sha256(url.encode()).hexdigest(),
    }
    if body:
        claims["payload_hash"] = hashlib.sha256(body).hexdigest()
    signed = f"{_encode({'alg': algorithm, 'typ': 'JWT'})}.{_encode(claims)}"
    digest = hmac.digest(key.encode(), signed.encode(), ALGORITHMS[algorithm])
    return f"{signed}.{_base64(digest)}"


def _encode(values: Mapping[str, Any]) -> str:
    return _base64(json.dumps(values, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

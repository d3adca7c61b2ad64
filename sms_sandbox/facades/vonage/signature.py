"""Vonage's signatures: of SMS requests and callbacks over their parameters, of newer webhooks as a
JWT over the body.

Sources: https://developer.vonage.com/en/getting-started/concepts/signing-messages,
https://developer.vonage.com/en/getting-started/concepts/webhooks, and what the validators of
vonage-python 4.9 and @vonage/server-sdk 3.30 accept.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

MD5_HASH = "md5hash"
METHODS = (MD5_HASH, "md5", "sha1", "sha256", "sha512")
"""How parameters are signed: a plain MD5 of text and secret, or an HMAC."""
DEFAULT_METHOD = "sha256"

_PYTHON_FIELDS = (
    "account-ref",
    "body",
    "callback",
    "client-ref",
    "content-id",
    "entity-id",
    "from",
    "message-class",
    "protocol-id",
    "sig",
    "status-report-req",
    "text",
    "to",
    "trusted-number",
    "ttl",
    "type",
    "udh",
)
"""What vonage-python signs of every message, ``None`` for all that it does not send."""


def canonical(parameters: Mapping[str, str]) -> str:
    """What is signed: ``&name=value`` of all but ``sig``, sorted, ``&`` and ``=`` in values
    written as ``_``."""
    return _join({name: value for name, value in parameters.items() if name != "sig"})


def canonical_of_python(parameters: Mapping[str, str]) -> str:
    """What vonage-python signs of a request."""
    sent = {name: value for name, value in parameters.items() if name != "sig"}
    return _join(dict.fromkeys(_PYTHON_FIELDS, "None") | sent)


def sign(method: str, secret: str, text: str) -> str:
    """The signature of a canonical text by one of ``METHODS``, in hexadecimal small letters."""
    if method == MD5_HASH:
        # The vendor's own scheme: whoever signs so can only be asked to choose another.
        return hashlib.md5((text + secret).encode(), usedforsecurity=False).hexdigest()
    return hmac.new(secret.encode(), text.encode(), method).hexdigest()


def is_signed(parameters: Mapping[str, str], secret: str, methods: tuple[str, ...]) -> bool:
    """Whether a request's ``sig`` is right by one of ``methods``, as documented or as
    vonage-python makes it."""
    shown = parameters.get("sig", "").casefold().encode()
    texts = (canonical(parameters), canonical_of_python(parameters))
    return any(
        hmac.compare_digest(sign(method, secret, text).encode(), shown)
        for method in methods
        for text in texts
    )


def bearer(secret: str, body: str, claims: Mapping[str, Any]) -> str:
    """The JWT of a webhook: ``claims`` and the hash of the body, signed by HS256."""
    payload = {**claims, "payload_hash": hashlib.sha256(body.encode()).hexdigest()}
    text = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(payload)}"
    return f"{text}.{_base64(hmac.digest(secret.encode(), text.encode(), 'sha256'))}"


def _join(parameters: Mapping[str, str]) -> str:
    return "".join(
        f"&{name}={parameters[name].replace('&', '_').replace('=', '_')}"
        for name in sorted(parameters)
    )


def _part(values: Mapping[str, Any]) -> str:
    return _base64(json.dumps(values, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

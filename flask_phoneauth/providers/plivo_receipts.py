"""Reads Plivo's status callbacks: our own verification of its V3 and V2 signatures."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from flask_phoneauth.errors import BadSignature
from flask_phoneauth.providers.callbacks import callback_fields, receipt
from flask_phoneauth.records import RawRequest, Receipt

Pairs = Iterable[tuple[str, str]]

_DELIVERIES: Mapping[str, str] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "failed": "failed",
    "undelivered": "failed",
    "rejected": "failed",
}


class PlivoReceipts:
    """Verifies with the auth token, in constant time.

    V3 covers every field, V2 the address alone (which holds our token for one message). Where
    both are there V3 decides.
    """

    def __init__(self, auth_token: str) -> None:
        self._key = auth_token.encode()

    def read(self, request: RawRequest) -> Receipt:
        """The verified receipt; raises `BadSignature` for anything that Plivo did not sign."""
        fields = callback_fields(request)
        version = "v3" if _given(request, "v3") else "v2"
        nonce = request.headers.get(f"x-plivo-signature-{version}-nonce", "")
        signed = _signed_v3(request, fields) + "." if version == "v3" else _bare(request.url)
        if not nonce or not self._fits(signed + nonce, _given(request, version)):
            raise BadSignature
        values = dict(fields)
        return receipt(values.get("MessageUUID", ""), values.get("Status", ""), _DELIVERIES)

    def _fits(self, text: str, signatures: Iterable[str]) -> bool:
        mac = hmac.digest(self._key, text.encode(errors="surrogatepass"), "sha256")
        own = base64.b64encode(mac)
        fits = False
        for signature in signatures:  # all of them: which one fits must not show in the time
            fits |= hmac.compare_digest(own, signature.encode(errors="surrogatepass"))
        return fits


def _given(request: RawRequest, version: str) -> list[str]:
    """The signatures that came: by the account's own token, and by its main account's (Ma)."""
    names = (f"x-plivo-signature-{version}", f"x-plivo-signature-ma-{version}")
    headers = (request.headers.get(name, "") for name in names)
    return [one for header in headers for one in header.split(",") if one]


def _signed_v3(request: RawRequest, fields: Pairs) -> str:
    """What V3 signs before its nonce: names sorted, values as they are, nothing escaped."""
    query = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    shown = "&".join(f"{name}={value}" for name, value in sorted(query))
    posted = sorted(fields) if request.method == "POST" else []
    form = "".join(f"{name}{value}" for name, value in posted)
    if not shown and not posted:
        return _bare(request.url)
    return f"{_bare(request.url)}?{shown}{'.' if shown and posted else ''}{form}"


def _bare(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))

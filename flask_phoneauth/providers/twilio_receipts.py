"""Reads Twilio's status callbacks: our own verification of `X-Twilio-Signature`."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import parse_qsl, urlsplit

from flask_phoneauth.errors import BadSignature
from flask_phoneauth.records import RawRequest, Receipt

MAX_FIELDS = 200
"""Fields of a callback that are read; Twilio sends about ten."""

_DELIVERIES: Mapping[str, str] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "failed": "failed",
    "undelivered": "failed",
    "canceled": "failed",
}


class TwilioReceipts:
    """Verifies with the account's auth token, in constant time."""

    def __init__(self, auth_token: str) -> None:
        self._key = auth_token.encode()

    def read(self, request: RawRequest) -> Receipt:
        """The verified receipt; raises `BadSignature` for anything that Twilio did not sign."""
        signature = request.headers.get("x-twilio-signature", "")
        fields = _fields(request)
        posted = fields if request.method == "POST" else []
        if not signature.isascii() or not self._fits(request.url, posted, signature):
            raise BadSignature
        values = dict(fields)
        status = values.get("MessageStatus") or values.get("SmsStatus", "")
        return Receipt(
            message_id=values.get("MessageSid") or values.get("SmsSid", ""),
            delivery=_DELIVERIES.get(status, ""),
            reason=status if _DELIVERIES.get(status) == "failed" else "",
        )

    def _fits(self, url: str, posted: Iterable[tuple[str, str]], signature: str) -> bool:
        # of a name that comes twice each value counts once
        signed = "".join(name + value for name, value in sorted(set(posted)))
        fits = False
        for spelling in _spellings(url):  # all of them: which one fits must not show in the time
            fits |= hmac.compare_digest(self._signature(spelling + signed), signature)
        return fits

    def _signature(self, text: str) -> str:
        mac = hmac.digest(self._key, text.encode(errors="surrogatepass"), "sha1")
        return base64.b64encode(mac).decode("ascii")


def _fields(request: RawRequest) -> list[tuple[str, str]]:
    query = request.body if request.method == "POST" else urlsplit(request.url).query.encode()
    try:
        return parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:  # not a form, or an endless one
        raise BadSignature from None


def _spellings(url: str) -> Iterator[str]:
    """With and without the port: Twilio's own servers do not agree on one."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    yield parts._replace(netloc=host).geturl()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    yield parts._replace(netloc=f"{host}:{port}").geturl()

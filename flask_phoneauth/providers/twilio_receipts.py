"""Reads Twilio's status callbacks: our own verification of `X-Twilio-Signature`."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from flask_phoneauth.errors import BadSignature
from flask_phoneauth.providers.callbacks import callback_fields, receipt
from flask_phoneauth.records import VOICE, RawRequest, Receipt

_DELIVERIES: Mapping[str, str] = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "failed": "failed",
    "undelivered": "failed",
    "canceled": "failed",
}
_CALLS: Mapping[str, str] = {
    "ringing": "sent",
    "in-progress": "sent",
    # the code was heard, and that is known since, or the call ended without a key
    "completed": "failed",
    "busy": "failed",
    "no-answer": "failed",
    "failed": "failed",
    "canceled": "failed",
}


class TwilioReceipts:
    """Verifies with the account's auth token, in constant time."""

    def __init__(self, auth_token: str) -> None:
        self._key = auth_token.encode()

    def read(self, request: RawRequest) -> Receipt:
        """The verified receipt; raises `BadSignature` for anything that Twilio did not sign."""
        values = self.verified(request)
        if "CallStatus" in values:
            return _of_call(values)
        message_id = values.get("MessageSid") or values.get("SmsSid", "")
        status = values.get("MessageStatus") or values.get("SmsStatus", "")
        return receipt(message_id, status, _DELIVERIES)

    def verified(self, request: RawRequest) -> Mapping[str, str]:
        """The fields of a request; raises `BadSignature` for anything that Twilio did not sign."""
        signature = request.headers.get("x-twilio-signature", "")
        fields = callback_fields(request)
        posted = fields if request.method == "POST" else []
        if not signature.isascii() or not self._fits(request.url, posted, signature):
            raise BadSignature
        return dict(fields)

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


def _of_call(values: Mapping[str, str]) -> Receipt:
    status = values["CallStatus"]
    delivery = _CALLS.get(status, "")
    return Receipt(
        message_id=values.get("CallSid", ""),
        delivery=delivery,
        reason=status.replace("-", "_") if delivery == "failed" else "",
        channel=VOICE,
    )


def _spellings(url: str) -> Iterator[str]:
    """With and without the port: Twilio's own servers do not agree on one."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    yield parts._replace(netloc=host).geturl()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    yield parts._replace(netloc=f"{host}:{port}").geturl()

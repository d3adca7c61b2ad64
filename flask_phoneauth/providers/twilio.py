"""Sends through Twilio's Programmable Messaging with the official SDK."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self, Unpack

from flask_phoneauth.errors import SendFailed
from flask_phoneauth.providers import refusing, twilio_sdk
from flask_phoneauth.providers.base import (
    Receipts,
    Voice,
    Way,
    callbacks_url,
    question,
    require,
    voice_url,
    way_of,
)
from flask_phoneauth.providers.twilio_receipts import TwilioReceipts
from flask_phoneauth.providers.twilio_voice import TwilioVoice
from flask_phoneauth.records import Accepted, Outbound
from flask_phoneauth.settings import Settings

# https://www.twilio.com/docs/api/errors, by what a code means for the next step
_CODES: Mapping[refusing.Meaning, Sequence[int]] = {
    refusing.NUMBER: (
        *(21211, 21214, 21217, 21265, 21266, 21610, 21614, 21635),
        *(30003, 30005, 30006),
    ),
    refusing.CREDENTIALS: (20003,),
    refusing.SENDER: (
        *(21210, 21212, 21603, 21606, 21659, 21660),
        *(21701, 21703, 21704, 21705),
    ),
    refusing.REGION: (21215, 21216, 21408, 21612),
    refusing.THROTTLED: (14107, 20429, 21611, 30001, 30022),
}
_BY_CODE = twilio_sdk.codes(_CODES)
_BY_STATUS: Mapping[int, refusing.Meaning] = {
    401: refusing.CREDENTIALS,
    403: refusing.CREDENTIALS,
    404: refusing.ACCOUNT,
    408: refusing.THROTTLED,
    429: refusing.THROTTLED,
}

_SANDBOX_FROM = "+15005550006"
_SENDER_CURE = "set a number of your Twilio account, or PHONEAUTH_TWILIO_MESSAGING_SERVICE_SID"


class TwilioProvider(twilio_sdk.TwilioClient):
    """Creates one message a send; safe for many threads and across a fork."""

    name: str = "twilio"

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        sender: str = "",
        messaging_service_sid: str = "",
        callback_url: str = "",
        script_url: str = "",
        **way: Unpack[Way],
    ) -> None:
        """`callback_url` is where receipts go.

        Without it none are asked for, and "sent" is final. Calls ask at `script_url`
        what to say; they need both, and a sender that is a number.
        """
        self._callback_url = callback_url
        self._sender = {
            key: value
            for key, value in (
                ("from_", sender),
                ("messaging_service_sid", messaging_service_sid),
            )
            if value
        }
        receipts = TwilioReceipts(auth_token) if callback_url else None
        self.receipts: Receipts | None = receipts
        self.voice: Voice | None = None
        if receipts and script_url and sender.startswith("+"):
            self.voice = TwilioVoice(
                self._call,
                receipts,
                sender=sender,
                script_url=script_url,
                callback_url=callback_url,
            )
        super().__init__(account_sid, auth_token, **way)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from the `TWILIO_...` settings, all of them optional with `SANDBOX_URL`."""
        account_sid, auth_token = twilio_sdk.account(settings, cls.name)
        sender = settings.twilio_from
        if not sender and not settings.twilio_messaging_service_sid:
            if not settings.sandbox_url:
                require(settings, cls.name, "twilio_from", _SENDER_CURE)
            sender = _SANDBOX_FROM
        return cls(
            account_sid,
            auth_token,
            sender=sender,
            messaging_service_sid=settings.twilio_messaging_service_sid,
            callback_url=callbacks_url(settings, cls.name, signed_by="twilio_auth_token"),
            script_url=voice_url(settings, cls.name),
            **way_of(settings, "twilio"),
        )

    def send(self, outbound: Outbound) -> Accepted:
        """Create the message; raises the `SendFailed` tree, the reason a short machine word."""
        message: dict[str, Any] = {"to": outbound.to, "body": outbound.body, **self._sender}
        if self._callback_url and outbound.delivery:
            message["status_callback"] = f"{self._callback_url}/{outbound.delivery}"
        created = self._call(lambda client: client.messages.create(**message))
        return Accepted(self.name, created.sid)

    def check(self) -> None:
        """Read our own account; raises `AccountRefused` or `ProviderDown`."""
        with question():
            self._call(lambda client: client.api.accounts(self._account_sid).fetch())

    def _meaning(self, error: Any) -> SendFailed:
        meant = twilio_sdk.meaning(error, _BY_CODE, _BY_STATUS)
        code = refusing.shown(error.code)
        return refusing.refusal("provider twilio", meant, error.status, code)

"""Sends through Twilio's Programmable Messaging with the official SDK."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from requests import Session
from requests.exceptions import RequestException
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import HTTPError

from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.providers.base import Receipts, Voice, callbacks_url, require, voice_url
from flask_phoneauth.providers.requesting import bound, failure
from flask_phoneauth.providers.twilio_receipts import TwilioReceipts
from flask_phoneauth.providers.twilio_voice import TwilioVoice
from flask_phoneauth.providers.wire import READ_TIMEOUT
from flask_phoneauth.records import Accepted, Outbound
from flask_phoneauth.settings import Settings

_Meaning = tuple[type[SendFailed], str]
# https://www.twilio.com/docs/api/errors, by what a code means for the next step
_CODES: Mapping[_Meaning, Sequence[int]] = {
    (NumberRefused, "number_refused"): (
        *(21211, 21214, 21217, 21265, 21266, 21610, 21614, 21635),
        *(30003, 30005, 30006),
    ),
    (AccountRefused, "credentials_refused"): (20003,),
    (AccountRefused, "sender_refused"): (
        *(21210, 21212, 21603, 21606, 21659, 21660),
        *(21701, 21703, 21704, 21705),
    ),
    (AccountRefused, "region_not_enabled"): (21215, 21216, 21408, 21612),
    (ProviderDown, "throttled"): (14107, 20429, 21611, 30001, 30022),
}
_BY_CODE = {code: meaning for meaning, codes in _CODES.items() for code in codes}
_BY_STATUS: Mapping[int, _Meaning] = {
    401: (AccountRefused, "credentials_refused"),
    403: (AccountRefused, "credentials_refused"),
    404: (AccountRefused, "account_unknown"),
    408: (ProviderDown, "throttled"),
    429: (ProviderDown, "throttled"),
}

_SANDBOX_ACCOUNT = "AC" + "0" * 32
_SANDBOX_TOKEN = "sandbox"  # noqa: S105 - a sandbox takes the first word that it sees
_SANDBOX_FROM = "+15005550006"

logger = logging.getLogger("flask_phoneauth")


class TwilioProvider:
    """Creates one message a send; safe for many threads and across a fork."""

    name: str = "twilio"

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        sender: str = "",
        messaging_service_sid: str = "",
        base_url: str = "",
        callback_url: str = "",
        script_url: str = "",
        connections: int = 4,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        """`base_url` leads to a sandbox's façade; `callback_url` is where receipts go.

        Without `callback_url` none are asked for, and "sent" is final. Calls ask at `script_url`
        what to say; they need both, and a sender that is a number.
        """
        self._account_sid, self._auth_token = account_sid, auth_token
        self._base_url, self._callback_url = base_url, callback_url
        self._connections, self._read_timeout = connections, read_timeout
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
        self._open()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from the `TWILIO_...` settings, all of them optional with `SANDBOX_URL`."""
        if not settings.sandbox_url:
            _require(settings)
        sender = settings.twilio_from
        if not sender and not settings.twilio_messaging_service_sid:
            sender = _SANDBOX_FROM
        return cls(
            settings.twilio_account_sid or _SANDBOX_ACCOUNT,
            settings.twilio_auth_token or _SANDBOX_TOKEN,
            sender=sender,
            messaging_service_sid=settings.twilio_messaging_service_sid,
            base_url=f"{settings.sandbox_url.rstrip('/')}/twilio" if settings.sandbox_url else "",
            callback_url=callbacks_url(settings, cls.name, signed_by="twilio_auth_token"),
            script_url=voice_url(settings, cls.name),
            connections=settings.dispatch_workers,
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
        try:
            self._call(lambda client: client.api.accounts(self._account_sid).fetch())
        except SendUncertain as failed:  # a question that was lost has changed nothing
            raise ProviderDown(failed.reason) from None

    def close(self) -> None:
        """Close the kept connections; a later `send` opens new ones."""
        self._http.session.close()

    def _call(self, call: Callable[[Any], Any]) -> Any:
        if self._owner != os.getpid():
            self._open()  # two processes must not talk over one connection
        try:
            return call(self._client)
        except (RequestException, HTTPError) as broken:
            failed = failure(broken)
        except (TwilioRestException, TwilioServiceException) as refused:
            failed = _refused(refused.status, refused.code)
        raise failed  # outside of the handlers: their errors repeat the address

    def _open(self) -> None:
        self._owner = os.getpid()
        self._http = _HttpClient(self._connections, self._read_timeout)
        self._client: Any = Client(self._account_sid, self._auth_token, http_client=self._http)
        if self._base_url:
            # edges and regions rewrite the host's labels; a proxy does not know our loopback
            self._client.edge = self._client.region = None
            self._http.session.trust_env = False
            self._client.api.base_url = self._base_url


class _HttpClient(TwilioHttpClient):  # type: ignore[misc]
    """The SDK's own client with bounded waits, answers and connections, and no retry."""

    def __init__(self, connections: int, read_timeout: float) -> None:
        super().__init__(timeout=read_timeout)
        self.session: Any = Session()
        bound(self.session, connections=connections, read_timeout=read_timeout)

    def request(self, *args: Any, **kwargs: Any) -> Response:
        """One request; an acceptance without an id leaves open what became of the message."""
        response = super().request(*args, **kwargs)
        if 200 <= response.status_code < 300 and not _has_sid(response.text):
            raise SendUncertain("unreadable_answer")
        return response


def _require(settings: Settings) -> None:
    for name in ("twilio_account_sid", "twilio_auth_token"):
        require(settings, "twilio", name, "copy it from the first page of the Twilio console")
    if not settings.twilio_messaging_service_sid:
        cure = "set a number of your Twilio account, or PHONEAUTH_TWILIO_MESSAGING_SERVICE_SID"
        require(settings, "twilio", "twilio_from", cure)


def _has_sid(text: str) -> bool:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, Mapping) and isinstance(answer.get("sid"), str)


def _refused(status: object, code: object) -> SendFailed:
    """The vendor's numbers go to the log; the reason stays a word."""
    failed = _kind(status if isinstance(status, int) else 0, code)
    if not isinstance(failed, NumberRefused):
        shown = code if isinstance(code, int) else "none"
        logger.warning("provider twilio answered %s, error code %s", status, shown)
    return failed


def _kind(status: int, code: object) -> SendFailed:
    named = _BY_CODE.get(code) if isinstance(code, int) else None
    if named is None and status >= 500:
        return ProviderDown("server_error")
    kind, reason = named or _BY_STATUS.get(status, (AccountRefused, "request_refused"))
    return kind(reason)

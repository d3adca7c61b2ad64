"""Codes that Twilio Verify makes, sends and checks, with the official SDK."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self
from uuid import uuid4

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
from flask_phoneauth.providers.base import require
from flask_phoneauth.providers.requesting import bound, failure
from flask_phoneauth.providers.wire import READ_TIMEOUT
from flask_phoneauth.records import VOICE
from flask_phoneauth.settings import Settings
from flask_phoneauth.verifiers.base import Verdict, Wish

_Meaning = tuple[type[SendFailed], str]
# https://www.twilio.com/docs/api/errors, by what a code means for the next step
_CODES: Mapping[_Meaning, Sequence[int]] = {
    (NumberRefused, "number_refused"): (21610, 21614, 60200, 60205, 60410),
    (AccountRefused, "credentials_refused"): (20003,),
    (AccountRefused, "account_unknown"): (20404,),
    (AccountRefused, "region_not_enabled"): (60605,),
    (ProviderDown, "throttled"): (20429, 60202, 60203),
}
_BY_CODE = {code: meaning for meaning, codes in _CODES.items() for code in codes}
_BY_STATUS: Mapping[int, _Meaning] = {
    401: (AccountRefused, "credentials_refused"),
    403: (AccountRefused, "credentials_refused"),
    404: (AccountRefused, "account_unknown"),
    429: (ProviderDown, "throttled"),
}
_TOO_MANY_CHECKS = 60202
_NOT_FOUND = 20404
_VERDICTS: Mapping[str, Verdict] = {
    "approved": "right",
    "pending": "wrong",
    "max_attempts_reached": "over",
}
_LOCALES = ("ar", "de", "en", "es", "fr", "pt")

_SANDBOX_ACCOUNT = "AC" + "0" * 32
_SANDBOX_TOKEN = "sandbox"  # noqa: S105 - a sandbox takes the first word that it sees
_SANDBOX_SERVICE = "VA" + "0" * 32

logger = logging.getLogger("flask_phoneauth")


class _Refused(Exception):
    """Twilio's own number for what it refused, and what it means for the next step."""

    def __init__(self, status: object, code: object) -> None:
        super().__init__("refused")
        self.code = code if isinstance(code, int) else 0
        self.meaning = self._read(status if isinstance(status, int) else 0)

    def _read(self, status: int) -> SendFailed:
        """The vendor's numbers go to the log; the reason stays a word."""
        named = _BY_CODE.get(self.code)
        if named is None and status >= 500:
            named = (ProviderDown, "server_error")
        kind, reason = named or _BY_STATUS.get(status, (AccountRefused, "request_refused"))
        if kind is not NumberRefused and self.code not in (_TOO_MANY_CHECKS, _NOT_FOUND):
            logger.warning("verifier twilio_verify answered %s, error code %s", status, self.code)
        return kind(reason)


class TwilioVerifier:
    """Verifications of one Verify service; safe for many threads and across a fork."""

    name: str = "twilio_verify"
    max_tries: int = 5

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        service_sid: str,
        *,
        base_url: str = "",
        connections: int = 4,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        """`base_url` leads to a sandbox's façade."""
        self._account_sid, self._auth_token = account_sid, auth_token
        self._service_sid, self._base_url = service_sid, base_url
        self._connections, self._read_timeout = connections, read_timeout
        self._open()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from the `TWILIO_...` settings, all of them optional with `SANDBOX_URL`."""
        if not settings.sandbox_url:
            for name in ("twilio_account_sid", "twilio_auth_token"):
                cure = "copy it from the first page of the Twilio console"
                require(settings, cls.name, name, cure)
            cure = "copy the SID of your service from the Verify pages of the Twilio console"
            require(settings, cls.name, "twilio_verify_service_sid", cure)
        return cls(
            settings.twilio_account_sid or _SANDBOX_ACCOUNT,
            settings.twilio_auth_token or _SANDBOX_TOKEN,
            settings.twilio_verify_service_sid or _SANDBOX_SERVICE,
            base_url=f"{settings.sandbox_url.rstrip('/')}/twilio" if settings.sandbox_url else "",
            connections=settings.dispatch_workers,
        )

    def start(self, wish: Wish) -> str:
        """Begin a verification; for as long as one runs, Twilio sends its code once more."""
        asked = {"to": wish.number, "channel": "call" if wish.channel == VOICE else "sms"}
        if wish.locale in _LOCALES:
            asked["locale"] = wish.locale
        return str(self._call(lambda service: service.verifications.create(**asked)).sid)

    def judge(self, vendor_id: str, code: str) -> Verdict:
        """Check a code."""
        asked = {"verification_sid": vendor_id, "code": code}
        try:
            checked = self._ask(lambda service: service.verification_checks.create(**asked))
        except _Refused as refused:
            if refused.code == _TOO_MANY_CHECKS:
                return "over"
            if refused.code == _NOT_FOUND:
                return "unknown"
            raise refused.meaning from None
        return _VERDICTS.get(str(checked.status), "unknown")

    def nobodys(self) -> str:
        """A SID that Twilio has given to nobody."""
        return f"VE{uuid4().hex}"

    def cancel(self, vendor_id: str) -> None:
        """Cancel a verification."""
        try:
            self._ask(lambda service: service.verifications(vendor_id).update(status="canceled"))
        except _Refused as refused:
            if refused.code != _NOT_FOUND:
                raise refused.meaning from None

    def check(self) -> None:
        """Read our own service; raises `AccountRefused` or `ProviderDown`."""
        try:
            self._ask(lambda service: service.fetch())
        except _Refused as refused:
            # a sandbox opens a service at its first verification
            if not (self._base_url and refused.code == _NOT_FOUND):
                raise refused.meaning from None
        except SendUncertain as failed:  # a question that was lost has changed nothing
            raise ProviderDown(failed.reason) from None

    def close(self) -> None:
        """Close the kept connections; a later call opens new ones."""
        self._http.session.close()

    def _call(self, call: Callable[[Any], Any]) -> Any:
        try:
            return self._ask(call)
        except _Refused as refused:
            raise refused.meaning from None

    def _ask(self, call: Callable[[Any], Any]) -> Any:
        if self._owner != os.getpid():
            self._open()  # two processes must not talk over one connection
        failed: Exception
        try:
            return call(self._client.verify.v2.services(self._service_sid))
        except (RequestException, HTTPError) as broken:
            failed = failure(broken)
        except (TwilioRestException, TwilioServiceException) as refused:
            failed = _Refused(refused.status, refused.code)
        raise failed  # outside of the handlers: their errors repeat the address

    def _open(self) -> None:
        self._owner = os.getpid()
        self._http = _HttpClient(self._connections, self._read_timeout)
        self._client: Any = Client(self._account_sid, self._auth_token, http_client=self._http)
        if self._base_url:
            # edges and regions rewrite the host's labels; a proxy does not know our loopback
            self._client.edge = self._client.region = None
            self._http.session.trust_env = False
            self._client.verify.base_url = self._base_url


class _HttpClient(TwilioHttpClient):  # type: ignore[misc]
    """The SDK's own client with bounded waits, answers and connections, and no retry."""

    def __init__(self, connections: int, read_timeout: float) -> None:
        super().__init__(timeout=read_timeout)
        self.session: Any = Session()
        bound(self.session, connections=connections, read_timeout=read_timeout)

    def request(self, *args: Any, **kwargs: Any) -> Response:
        """One request; an acceptance that cannot be read leaves open what was done."""
        response = super().request(*args, **kwargs)
        if 200 <= response.status_code < 300 and not _has_sid(response.text):
            raise SendUncertain("unreadable_answer")
        return response


def _has_sid(text: str) -> bool:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(answer, Mapping) and isinstance(answer.get("sid"), str)

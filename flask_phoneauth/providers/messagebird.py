"""Sends through MessageBird's classic API with the official SDK; its keys end on 2026-12-31."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, Self

from messagebird import Client
from messagebird.http_client import HttpClient
from requests import Session
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError

from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.providers.base import Receipts, callbacks_url, require
from flask_phoneauth.providers.messagebird_receipts import MessageBirdReceipts
from flask_phoneauth.providers.requesting import bound, failure
from flask_phoneauth.providers.wire import READ_TIMEOUT
from flask_phoneauth.records import Accepted, Outbound
from flask_phoneauth.settings import Settings

HOST = "https://rest.messagebird.com"

_Meaning = tuple[type[SendFailed], str]
# https://developers.messagebird.com/api/#api-errors
_NO_BALANCE = 25
_BY_PARAMETER: Mapping[object, _Meaning] = {
    "recipients": (NumberRefused, "number_refused"),
    "originator": (AccountRefused, "sender_refused"),
    "access_key": (AccountRefused, "credentials_refused"),
}
_BY_STATUS: Mapping[int, _Meaning] = {
    401: (AccountRefused, "credentials_refused"),
    402: (AccountRefused, "out_of_credit"),
    408: (ProviderDown, "throttled"),
    429: (ProviderDown, "throttled"),
}

_SANDBOX_KEY = "sandbox"
_SANDBOX_ORIGINATOR = "+15005550006"
_REFERENCE = "phoneauth"

logger = logging.getLogger("flask_phoneauth")


class MessageBirdProvider:
    """Creates one message a send; safe for many threads and across a fork."""

    name: str = "messagebird"

    def __init__(
        self,
        access_key: str,
        *,
        originator: str,
        signing_key: str = "",
        base_url: str = "",
        callback_url: str = "",
        connections: int = 4,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        """`base_url` takes the place of MessageBird's host; `callback_url` is where receipts go.

        Without `callback_url` none are asked for, and "sent" is final.
        """
        self._access_key, self._originator = access_key, originator
        self._base_url, self._callback_url = base_url, callback_url
        self._connections, self._read_timeout = connections, read_timeout
        self.receipts: Receipts | None = MessageBirdReceipts(signing_key) if callback_url else None
        self._open()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from the `MESSAGEBIRD_...` settings, all of them optional with `SANDBOX_URL`."""
        if not settings.sandbox_url:
            _require(settings)
        sandbox = f"{settings.sandbox_url.rstrip('/')}/messagebird" if settings.sandbox_url else ""
        return cls(
            _sandbox_key(settings) if sandbox else settings.messagebird_access_key,
            originator=settings.messagebird_originator or _SANDBOX_ORIGINATOR,
            signing_key=settings.messagebird_signing_key,
            base_url=sandbox,
            callback_url=callbacks_url(settings, cls.name, signed_by="messagebird_signing_key"),
            connections=settings.dispatch_workers,
        )

    def send(self, outbound: Outbound) -> Accepted:
        """Create the message; raises the `SendFailed` tree, the reason a short machine word."""
        # letters that GSM does not have would otherwise arrive as question marks
        params = {"datacoding": "auto"}
        if self._callback_url and outbound.delivery:
            # without a reference no receipt comes
            params["reference"] = outbound.reference or _REFERENCE
            params["reportUrl"] = f"{self._callback_url}/{outbound.delivery}"
        to = outbound.to.removeprefix("+")
        created = self._call(
            lambda client: client.message_create(self._originator, to, outbound.body, params)
        )
        return Accepted(self.name, created.id)

    def check(self) -> None:
        """Ask for our balance; raises `AccountRefused` or `ProviderDown`."""
        try:
            self._call(lambda client: client.balance())
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
        raise failed  # outside of the handler: its error repeats the address

    def _open(self) -> None:
        self._owner = os.getpid()
        self._http = _HttpClient(self._access_key)
        bound(
            self._http.session,
            connections=self._connections,
            read_timeout=self._read_timeout,
            hosts=(HOST,),
            sandbox=self._base_url,
        )
        self._client: Any = Client(self._access_key, http_client=self._http)


class _HttpClient(HttpClient):  # type: ignore[misc]
    """Stands in for the SDK's own, which opens a connection for each call and waits for ever."""

    def __init__(self, access_key: str) -> None:
        super().__init__(f"{HOST}/", access_key, "Flask-PhoneAuth")
        self.session = Session()

    def request(self, path: str, method: str = "GET", params: Any = None, *_: Any) -> str:
        """What we use of an answer, as JSON; the SDK trips over fields of another shape."""
        response = self.session.request(
            method,
            f"{self.endpoint}{path}",
            json=params if method == "POST" else None,
            headers={
                "Accept": "application/json",
                "Authorization": f"AccessKey {self.access_key}",
                "User-Agent": self.user_agent,
            },
        )
        answer = _fields(response.text)
        if not 200 <= response.status_code < 300:
            raise _refused(response.status_code, answer)
        wanted = "id" if method == "POST" else "amount"
        value = answer.get(wanted)
        if value is None or (wanted == "id" and not (isinstance(value, str) and value)):
            raise SendUncertain("unreadable_answer")
        return json.dumps({wanted: value})


def _require(settings: Settings) -> None:
    cure = "copy a live key from the developers' page of the MessageBird dashboard"
    require(settings, "messagebird", "messagebird_access_key", cure)
    cure = "set a number of your MessageBird account, or a name of at most 11 letters"
    require(settings, "messagebird", "messagebird_originator", cure)


def _sandbox_key(settings: Settings) -> str:
    """A sandbox is told the signing key along with the access key, so that it signs with it."""
    key = settings.messagebird_access_key or _SANDBOX_KEY
    if ":" in key or not settings.messagebird_signing_key:
        return key
    return f"{key}:{settings.messagebird_signing_key}"


def _fields(text: str) -> Mapping[str, Any]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, Mapping) else {}


def _refused(status: int, answer: Mapping[str, Any]) -> SendFailed:
    """The numbers go to the log; the sentence may hold a number of another kind, so it does not."""
    errors = answer.get("errors")
    error = errors[0] if isinstance(errors, list) and errors else {}
    error = error if isinstance(error, Mapping) else {}
    kind, reason = _kind(status, error)
    if kind is not NumberRefused:
        code = error.get("code")
        shown = code if isinstance(code, int) else "none"
        logger.warning("provider messagebird answered %s, error code %s", status, shown)
    return kind(reason)


def _kind(status: int, error: Mapping[str, Any]) -> _Meaning:
    if status >= 500:
        return ProviderDown, "server_error"
    if error.get("code") == _NO_BALANCE:
        return AccountRefused, "out_of_credit"
    parameter = error.get("parameter")
    named = _BY_PARAMETER.get(parameter) if isinstance(parameter, str) else None
    usual = (AccountRefused, "request_refused")
    return named if named and status in (400, 401, 422) else _BY_STATUS.get(status, usual)

"""Sends through MessageBird's classic API with the official SDK; its keys end on 2026-12-31."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self, Unpack

from messagebird import Client
from messagebird.http_client import HttpClient
from requests import Session

from flask_phoneauth.errors import SendFailed, SendUncertain
from flask_phoneauth.providers import refusing
from flask_phoneauth.providers.base import Receipts, Way, callbacks_url, question, require, way_of
from flask_phoneauth.providers.messagebird_receipts import MessageBirdReceipts
from flask_phoneauth.providers.requesting import SdkClient
from flask_phoneauth.providers.wire import json_object
from flask_phoneauth.records import Accepted, Outbound
from flask_phoneauth.settings import Settings

HOST = "https://rest.messagebird.com"

# https://developers.messagebird.com/api/#api-errors
_NO_BALANCE = 25
_BY_PARAMETER: Mapping[object, refusing.Meaning] = {
    "recipients": refusing.NUMBER,
    "originator": refusing.SENDER,
    "access_key": refusing.CREDENTIALS,
}
_BY_STATUS: Mapping[int, refusing.Meaning] = {
    401: refusing.CREDENTIALS,
    402: refusing.CREDIT,
    408: refusing.THROTTLED,
    429: refusing.THROTTLED,
}

_SANDBOX_KEY = "sandbox"
_SANDBOX_ORIGINATOR = "+15005550006"
_REFERENCE = "phoneauth"


class MessageBirdProvider(SdkClient):
    """Creates one message a send; safe for many threads and across a fork."""

    name: str = "messagebird"
    hosts = (HOST,)

    def __init__(
        self,
        access_key: str,
        *,
        originator: str,
        signing_key: str = "",
        callback_url: str = "",
        **way: Unpack[Way],
    ) -> None:
        """`callback_url` is where receipts go; without it none are asked for, "sent" is final."""
        self._access_key, self._originator = access_key, originator
        self._callback_url = callback_url
        self.receipts: Receipts | None = MessageBirdReceipts(signing_key) if callback_url else None
        super().__init__(**way)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from the `MESSAGEBIRD_...` settings, all of them optional with `SANDBOX_URL`."""
        if not settings.sandbox_url:
            _require(settings)
        return cls(
            _sandbox_key(settings) if settings.sandbox_url else settings.messagebird_access_key,
            originator=settings.messagebird_originator or _SANDBOX_ORIGINATOR,
            signing_key=settings.messagebird_signing_key,
            callback_url=callbacks_url(settings, cls.name, signed_by="messagebird_signing_key"),
            **way_of(settings, "messagebird"),
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
        with question():
            self._call(lambda client: client.balance())

    def _make(self) -> tuple[Any, Session]:
        http = _HttpClient(self._access_key)
        return Client(self._access_key, http_client=http), http.session


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
        answer = json_object(response.text)
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


def _refused(status: int, answer: Mapping[str, Any]) -> SendFailed:
    errors = answer.get("errors")
    error = errors[0] if isinstance(errors, list) and errors else {}
    error = error if isinstance(error, Mapping) else {}
    code = refusing.shown(error.get("code"))
    return refusing.refusal("provider messagebird", _meaning(status, error), status, code)


def _meaning(status: int, error: Mapping[str, Any]) -> refusing.Meaning:
    if error.get("code") == _NO_BALANCE and status < 500:
        return refusing.CREDIT
    parameter = error.get("parameter")
    named = _BY_PARAMETER.get(parameter) if isinstance(parameter, str) else None
    return named if named and status in (400, 401, 422) else refusing.by_status(status, _BY_STATUS)

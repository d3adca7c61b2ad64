"""Sends through Plivo's Message API with the official SDK."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self, Unpack

from plivo import RestClient
from plivo.exceptions import PlivoRestError
from requests import Session

from flask_phoneauth.errors import AccountRefused, NumberRefused, SendFailed, SendUncertain
from flask_phoneauth.providers import refusing
from flask_phoneauth.providers.base import Receipts, Way, callbacks_url, question, require, way_of
from flask_phoneauth.providers.plivo_receipts import PlivoReceipts
from flask_phoneauth.providers.requesting import SdkClient
from flask_phoneauth.providers.wire import json_object
from flask_phoneauth.records import Accepted, Outbound
from flask_phoneauth.settings import Settings

HOST = "https://api.plivo.com"

# https://www.plivo.com/docs/messaging/api/response
_BY_STATUS: Mapping[int, refusing.Meaning] = {
    401: refusing.CREDENTIALS,
    402: refusing.CREDIT,
    403: refusing.REGION,
    404: refusing.ACCOUNT,
    408: refusing.THROTTLED,
    429: refusing.THROTTLED,
}
# Plivo's refusals have no code: their sentence names the field that it means, first of all.
_FIELD = re.compile(r"\b(?:(dst|destination)|(src|source|sender|powerpack\w*))\b", re.IGNORECASE)

_SANDBOX_ID = "MA" + "0" * 18
_SANDBOX_TOKEN = "sandbox"  # noqa: S105 - a sandbox takes the first word that it sees
_SANDBOX_SRC = "+15005550006"


class PlivoProvider(SdkClient):
    """Creates one message a send; safe for many threads and across a fork."""

    name: str = "plivo"
    hosts = (HOST,)
    sdk_errors = (PlivoRestError,)

    def __init__(
        self,
        auth_id: str,
        auth_token: str,
        *,
        src: str = "",
        powerpack_uuid: str = "",
        callback_url: str = "",
        **way: Unpack[Way],
    ) -> None:
        """`callback_url` is where receipts go; without it none are asked for, "sent" is final."""
        self._auth_id, self._auth_token = auth_id, auth_token
        self._callback_url = callback_url
        self._sender = {"powerpack_uuid": powerpack_uuid} if powerpack_uuid else {"src": src}
        self.receipts: Receipts | None = PlivoReceipts(auth_token) if callback_url else None
        super().__init__(**way)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from the `PLIVO_...` settings, all of them optional with `SANDBOX_URL`."""
        if not settings.sandbox_url:
            _require(settings)
        return cls(
            settings.plivo_auth_id or _SANDBOX_ID,
            settings.plivo_auth_token or _SANDBOX_TOKEN,
            src=settings.plivo_src or _SANDBOX_SRC,
            powerpack_uuid=settings.plivo_powerpack_uuid,
            callback_url=callbacks_url(settings, cls.name, signed_by="plivo_auth_token"),
            **way_of(settings, "plivo"),
        )

    def send(self, outbound: Outbound) -> Accepted:
        """Create the message; raises the `SendFailed` tree, the reason a short machine word."""
        message = {"dst": outbound.to, "text": outbound.body, **self._sender}
        if outbound.to.lstrip("+") == message.get("src", "").lstrip("+"):
            raise NumberRefused("number_refused")  # the SDK would say so, without a word for it
        if self._callback_url and outbound.delivery:
            message["url"] = f"{self._callback_url}/{outbound.delivery}"
        created = self._call(lambda client: client.messages.create(**message))
        return Accepted(self.name, _message_id(created))

    def check(self) -> None:
        """Ask for our newest message; raises `AccountRefused` or `ProviderDown`."""
        with question():
            self._call(lambda client: client.messages.list(limit=1))

    def _make(self) -> tuple[Any, Session]:
        client = _Client(self._auth_id, self._auth_token)
        session: Session = client.session
        if not self._base_url:  # the SDK passes the session's environment over
            environment = session.merge_environment_settings(HOST, {}, None, None, None)
            client.proxies, session.verify = environment["proxies"], environment["verify"]
        return client, session

    def _meaning(self, _error: PlivoRestError) -> SendFailed:
        return AccountRefused("request_refused")  # the SDK has refused it unsent


class _Client(RestClient):  # type: ignore[misc]
    """The SDK's client, which tells a refusal by its sentence alone; ours by its status too."""

    def process_response(self, method: str, response: Any, *args: Any, **kwargs: Any) -> Any:
        """The SDK's own reading of an answer that we understand."""
        answer = json_object(response.text)
        if not 200 <= response.status_code < 300:
            meaning = _meaning(response.status_code, str(answer.get("error", "")))
            raise refusing.refusal("provider plivo", meaning, response.status_code)
        if not answer:
            raise SendUncertain("unreadable_answer")
        return super().process_response(method, response, *args, **kwargs)


def _require(settings: Settings) -> None:
    for name in ("plivo_auth_id", "plivo_auth_token"):
        require(settings, "plivo", name, "copy it from the first page of the Plivo console")
    if not settings.plivo_powerpack_uuid:
        cure = "set a number of your Plivo account, or PHONEAUTH_PLIVO_POWERPACK_UUID"
        require(settings, "plivo", "plivo_src", cure)


def _message_id(created: Any) -> str:
    """The id of the one message; without one it was refused, or who knows."""
    answer = vars(created)
    ids = answer.get("message_uuid")
    if isinstance(ids, list) and ids and isinstance(ids[0], str) and ids[0]:
        return ids[0]
    raise (
        NumberRefused("number_refused")
        if answer.get("invalid_number")
        else SendUncertain("unreadable_answer")
    )


def _meaning(status: int, sentence: str) -> refusing.Meaning:
    meant = _FIELD.search(sentence) if status in (400, 422) else None
    if meant is None:
        return refusing.by_status(status, _BY_STATUS)
    by_number = refusing.NUMBER
    return by_number if meant[1] else refusing.SENDER

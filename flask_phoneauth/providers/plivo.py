"""Sends through Plivo's Message API with the official SDK."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Self

from plivo import RestClient
from plivo.exceptions import PlivoRestError
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
from flask_phoneauth.providers.plivo_receipts import PlivoReceipts
from flask_phoneauth.providers.requesting import bound, failure
from flask_phoneauth.providers.wire import READ_TIMEOUT
from flask_phoneauth.records import Accepted, Outbound
from flask_phoneauth.settings import Settings

HOST = "https://api.plivo.com"

_Meaning = tuple[type[SendFailed], str]
# https://www.plivo.com/docs/messaging/api/response
_BY_STATUS: Mapping[int, _Meaning] = {
    401: (AccountRefused, "credentials_refused"),
    402: (AccountRefused, "out_of_credit"),
    403: (AccountRefused, "region_not_enabled"),
    404: (AccountRefused, "account_unknown"),
    408: (ProviderDown, "throttled"),
    429: (ProviderDown, "throttled"),
}
# Plivo's refusals have no code: their sentence names the field that it means, first of all.
_FIELD = re.compile(r"\b(?:(dst|destination)|(src|source|sender|powerpack\w*))\b", re.IGNORECASE)

_SANDBOX_ID = "MA" + "0" * 18
_SANDBOX_TOKEN = "sandbox"  # noqa: S105 - a sandbox takes the first word that it sees
_SANDBOX_SRC = "+15005550006"

logger = logging.getLogger("flask_phoneauth")


class PlivoProvider:
    """Creates one message a send; safe for many threads and across a fork."""

    name: str = "plivo"

    def __init__(
        self,
        auth_id: str,
        auth_token: str,
        *,
        src: str = "",
        powerpack_uuid: str = "",
        base_url: str = "",
        callback_url: str = "",
        connections: int = 4,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        """`base_url` takes the place of Plivo's host; `callback_url` is where receipts go.

        Without `callback_url` none are asked for, and "sent" is final.
        """
        self._auth_id, self._auth_token = auth_id, auth_token
        self._base_url, self._callback_url = base_url, callback_url
        self._connections, self._read_timeout = connections, read_timeout
        self._sender = {"powerpack_uuid": powerpack_uuid} if powerpack_uuid else {"src": src}
        self.receipts: Receipts | None = PlivoReceipts(auth_token) if callback_url else None
        self._open()

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
            base_url=f"{settings.sandbox_url.rstrip('/')}/plivo" if settings.sandbox_url else "",
            callback_url=callbacks_url(settings, cls.name, signed_by="plivo_auth_token"),
            connections=settings.dispatch_workers,
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
        try:
            self._call(lambda client: client.messages.list(limit=1))
        except SendUncertain as failed:  # a question that was lost has changed nothing
            raise ProviderDown(failed.reason) from None

    def close(self) -> None:
        """Close the kept connections; a later `send` opens new ones."""
        self._client.session.close()

    def _call(self, call: Callable[[Any], Any]) -> Any:
        if self._owner != os.getpid():
            self._open()  # two processes must not talk over one connection
        try:
            return call(self._client)
        except (RequestException, HTTPError) as broken:
            failed = failure(broken)
        except PlivoRestError:  # the SDK has refused it unsent
            failed = AccountRefused("request_refused")
        raise failed  # outside of the handlers: their errors repeat the address

    def _open(self) -> None:
        self._owner = os.getpid()
        self._client = _Client(self._auth_id, self._auth_token)
        if not self._base_url:
            session = self._client.session  # whose environment the SDK passes over
            environment = session.merge_environment_settings(HOST, {}, None, None, None)
            self._client.proxies, session.verify = environment["proxies"], environment["verify"]
        bound(
            self._client.session,
            connections=self._connections,
            read_timeout=self._read_timeout,
            hosts=(HOST,),
            sandbox=self._base_url,
        )


class _Client(RestClient):  # type: ignore[misc]
    """The SDK's client, which tells a refusal by its sentence alone; ours by its status too."""

    def process_response(self, method: str, response: Any, *args: Any, **kwargs: Any) -> Any:
        """The SDK's own reading of an answer that we understand."""
        answer = _fields(response.text)
        if not 200 <= response.status_code < 300:
            raise _refused(response.status_code, str(answer.get("error", "")))
        if not answer:
            raise SendUncertain("unreadable_answer")
        return super().process_response(method, response, *args, **kwargs)


def _require(settings: Settings) -> None:
    for name in ("plivo_auth_id", "plivo_auth_token"):
        require(settings, "plivo", name, "copy it from the first page of the Plivo console")
    if not settings.plivo_powerpack_uuid:
        cure = "set a number of your Plivo account, or PHONEAUTH_PLIVO_POWERPACK_UUID"
        require(settings, "plivo", "plivo_src", cure)


def _fields(text: str) -> Mapping[str, Any]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, Mapping) else {}


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


def _refused(status: int, sentence: str) -> SendFailed:
    """The status goes to the log; the sentence may hold the number, so it does not."""
    kind, reason = _kind(status, sentence)
    if kind is not NumberRefused:
        logger.warning("provider plivo answered %s", status)
    return kind(reason)


def _kind(status: int, sentence: str) -> _Meaning:
    if status >= 500:
        return ProviderDown, "server_error"
    meant = _FIELD.search(sentence) if status in (400, 422) else None
    if meant is None:
        return _BY_STATUS.get(status, (AccountRefused, "request_refused"))
    by_number = (NumberRefused, "number_refused")
    return by_number if meant[1] else (AccountRefused, "sender_refused")

"""Sends through Vonage's Messages API with the official SDK."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Self

from jwt import PyJWTError
from pydantic import ValidationError
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError
from vonage import Auth, HttpClientOptions, Vonage
from vonage_http_client.errors import HttpRequestError
from vonage_jwt import VonageJwtError
from vonage_messages import Sms

from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.providers.base import Receipts, callbacks_url, require
from flask_phoneauth.providers.requesting import bound, failure
from flask_phoneauth.providers.vonage_receipts import VonageReceipts
from flask_phoneauth.providers.wire import READ_TIMEOUT
from flask_phoneauth.records import Accepted, Outbound
from flask_phoneauth.settings import SettingError, Settings

HOST = "https://api.nexmo.com"
PATH = "/v1/messages"

_Meaning = tuple[type[SendFailed], str]
_BY_STATUS: Mapping[int, _Meaning] = {
    401: (AccountRefused, "credentials_refused"),
    402: (AccountRefused, "out_of_credit"),
    403: (AccountRefused, "not_allowed"),
    404: (AccountRefused, "account_unknown"),
    408: (ProviderDown, "throttled"),
    429: (ProviderDown, "throttled"),
}
# https://developer.nexmo.com/api-errors/messages-olympus, the last part of a problem's type
_BY_CODE: Mapping[str, _Meaning] = {
    "1000": (ProviderDown, "throttled"),
    "1050": (NumberRefused, "number_refused"),
    "1060": (AccountRefused, "not_allowed"),
    "1070": (AccountRefused, "out_of_credit"),
    "1120": (AccountRefused, "sender_refused"),
    "1160": (AccountRefused, "region_not_enabled"),
    "1170": (NumberRefused, "number_refused"),
    "1240": (NumberRefused, "number_refused"),
}
_BY_FIELD: Mapping[str, _Meaning] = {
    "to": (NumberRefused, "number_refused"),
    "from": (AccountRefused, "sender_refused"),
}
_NUMBER = re.compile(r"\+?[1-9][0-9]{6,14}")

_SANDBOX_KEY = "sandbox0"
_SANDBOX_SECRET = "sandbox"  # noqa: S105 - a sandbox takes the first word that it sees
_SANDBOX_FROM = "15005550006"

logger = logging.getLogger("flask_phoneauth")


class VonageProvider:
    """Sends one message a send; safe for many threads and across a fork."""

    name: str = "vonage"

    def __init__(
        self,
        api_key: str = "",
        api_secret: str = "",
        *,
        sender: str,
        application_id: str = "",
        private_key: str = "",
        signature_secret: str = "",
        base_url: str = "",
        callback_url: str = "",
        connections: int = 4,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        """`base_url` takes the place of Vonage's host; `callback_url` is where receipts go.

        With an application and its key it signs in by these, else by API key and secret. Without
        `callback_url` and `signature_secret` no receipts are asked for, and "sent" is final.
        """
        self._auth = Auth(
            api_key=api_key or None,
            api_secret=api_secret or None,
            application_id=application_id or None,
            private_key=private_key or None,
        )
        self._base_url = base_url
        self._callback_url = callback_url if signature_secret else ""
        self._connections, self._read_timeout = connections, read_timeout
        self._sender = sender.removeprefix("+")
        self.receipts: Receipts | None = (
            VonageReceipts(signature_secret) if self._callback_url else None
        )
        # at DEBUG it writes what is sent, at WARNING what comes back: number and code
        logging.getLogger("vonage").setLevel(logging.ERROR)
        self._open()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from the `VONAGE_...` settings, all of them optional with `SANDBOX_URL`."""
        if not settings.sandbox_url:
            _require(settings)
        application, key = settings.vonage_application_id, settings.vonage_private_key
        if application or key:
            _check_application(settings)
        base = settings.sandbox_url.rstrip("/")
        # a sandbox signs with the first secret that a key shows
        word = settings.vonage_signature_secret or _SANDBOX_SECRET
        return cls(
            settings.vonage_api_key or ("" if application else _SANDBOX_KEY),
            settings.vonage_api_secret or ("" if application else word),
            sender=settings.vonage_from or _SANDBOX_FROM,
            application_id=application,
            private_key=key,
            signature_secret=settings.vonage_signature_secret,
            base_url=f"{base}/vonage" if base else "",
            callback_url=callbacks_url(settings, cls.name, signed_by="vonage_signature_secret"),
            connections=settings.dispatch_workers,
        )

    def send(self, outbound: Outbound) -> Accepted:
        """Send the message; raises the `SendFailed` tree, the reason a short machine word."""
        if not _NUMBER.fullmatch(outbound.to):
            raise NumberRefused("number_refused")  # the SDK would say so, without a word for it
        message = {"to": outbound.to.removeprefix("+"), "from_": self._sender}
        if self._callback_url and outbound.delivery:
            message["webhook_url"] = f"{self._callback_url}/{outbound.delivery}"
            message["client_ref"] = outbound.delivery
        sent = self._call(lambda one: one.messages.send(Sms(**message, text=outbound.body)))
        return Accepted(self.name, sent.message_uuid)

    def check(self) -> None:
        """Send a message without any content, which Vonage refuses once it has let us in.

        Raises `AccountRefused` or `ProviderDown`.
        """
        auth_type = "jwt" if self._auth.application_id else "basic"
        host = HOST.removeprefix("https://")
        try:
            self._call(lambda one: one.http_client.post(host, PATH, {}, auth_type), expected=422)
        except SendUncertain as failed:  # a question that was lost has changed nothing
            raise ProviderDown(failed.reason) from None

    def close(self) -> None:
        """Close the kept connections; a later `send` opens new ones."""
        self._session.close()

    def _call(self, call: Callable[[Vonage], Any], *, expected: int = 0) -> Any:
        if self._owner != os.getpid():
            self._open()  # two processes must not talk over one connection
        try:
            return call(self._client)
        except (RequestException, HTTPError) as broken:
            failed = failure(broken)
        except HttpRequestError as refused:
            if refused.response.status_code == expected:
                return None
            failed = _refused(refused.response)
        except ValidationError:  # the SDK has refused it unsent
            failed = AccountRefused("request_refused")
        raise failed  # outside of the handlers: their errors repeat the address

    def _open(self) -> None:
        self._owner = os.getpid()
        # of a broken connection the SDK makes as many attempts as its pool may keep
        options = HttpClientOptions(pool_maxsize=1, max_retries=0)
        self._client = Vonage(self._auth, options)
        self._session = self._client.http_client._session
        self._session.hooks["response"].append(_check_answer)
        bound(
            self._session,
            connections=self._connections,
            read_timeout=self._read_timeout,
            hosts=(HOST,),
            sandbox=self._base_url,
        )


def _require(settings: Settings) -> None:
    if not settings.vonage_application_id:
        for name in ("vonage_api_key", "vonage_api_secret"):
            cure = "copy it from the API settings of Vonage's dashboard"
            require(settings, "vonage", name, cure)
    require(settings, "vonage", "vonage_from", "set a number of your Vonage account, or a name")


def _check_application(settings: Settings) -> None:
    for name in ("vonage_application_id", "vonage_private_key"):
        require(settings, "vonage", name, "an application signs in by its id and its private key")
    auth = (settings.vonage_application_id, settings.vonage_private_key)
    try:
        Auth(application_id=auth[0], private_key=auth[1]).generate_application_jwt()
    except (VonageJwtError, PyJWTError, OSError, ValueError, TypeError):
        raise SettingError(
            "PHONEAUTH_VONAGE_PRIVATE_KEY is no private key: set the text of the application's "
            "private.key, from '-----BEGIN PRIVATE KEY-----' on, its line breaks kept"
        ) from None


def _check_answer(response: Any, *_: Any, **__: Any) -> None:
    """An acceptance without an id leaves open what became of the message."""
    if 200 <= response.status_code < 300 and not isinstance(
        _fields(response.text).get("message_uuid"), str
    ):
        raise SendUncertain("unreadable_answer")


def _fields(text: str) -> Mapping[str, Any]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, Mapping) else {}


def _refused(response: Any) -> SendFailed:
    """The vendor's numbers go to the log; its sentences may hold the user's, so they do not."""
    problem = _fields(response.text)
    code = str(problem.get("type", "")).rpartition("#")[2]
    kind, reason = _kind(response.status_code, code, problem)
    if kind is not NumberRefused:
        shown = code if code.isascii() and code.isdigit() and len(code) == 4 else "none"
        logger.warning("provider vonage answered %s, error code %s", response.status_code, shown)
    return kind(reason)


def _kind(status: int, code: str, problem: Mapping[str, Any]) -> _Meaning:
    if status >= 500:
        return ProviderDown, "server_error"
    named = _BY_CODE.get(code)
    if named is None and status == 422:
        named = next((_BY_FIELD[one] for one in _wrong(problem) if one in _BY_FIELD), None)
    return named or _BY_STATUS.get(status, (AccountRefused, "request_refused"))


def _wrong(problem: Mapping[str, Any]) -> list[str]:
    """The fields that the vendor names as wrong."""
    named = problem.get("invalid_parameters")
    entries = named if isinstance(named, list) else []
    return [str(one.get("name")) for one in entries if isinstance(one, Mapping)]

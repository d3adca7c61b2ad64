"""Sends through Vonage's Messages API with the official SDK."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self, Unpack

from jwt import PyJWTError
from requests import Session
from vonage import Auth
from vonage_http_client.errors import HttpRequestError
from vonage_jwt import VonageJwtError
from vonage_messages import Sms

from flask_phoneauth.errors import AccountRefused, NumberRefused, SendFailed, SendUncertain
from flask_phoneauth.providers import refusing, vonage_sdk
from flask_phoneauth.providers.base import Receipts, callbacks_url, require
from flask_phoneauth.providers.vonage_receipts import VonageReceipts
from flask_phoneauth.providers.wire import json_object
from flask_phoneauth.records import Accepted, Outbound
from flask_phoneauth.settings import SettingError, Settings

_BY_STATUS: Mapping[int, refusing.Meaning] = {
    401: refusing.CREDENTIALS,
    402: refusing.CREDIT,
    403: refusing.NOT_ALLOWED,
    404: refusing.ACCOUNT,
    408: refusing.THROTTLED,
    429: refusing.THROTTLED,
}
# https://developer.nexmo.com/api-errors/messages-olympus, the last part of a problem's type
_BY_CODE: Mapping[str, refusing.Meaning] = {
    "1000": refusing.THROTTLED,
    "1050": refusing.NUMBER,
    "1060": refusing.NOT_ALLOWED,
    "1070": refusing.CREDIT,
    "1120": refusing.SENDER,
    "1160": refusing.REGION,
    "1170": refusing.NUMBER,
    "1240": refusing.NUMBER,
}
_BY_FIELD: Mapping[str, refusing.Meaning] = {
    "to": refusing.NUMBER,
    "from": refusing.SENDER,
}
_NUMBER = re.compile(r"\+?[1-9][0-9]{6,14}")

_SANDBOX_FROM = "15005550006"


class VonageProvider(vonage_sdk.VonageClient):
    """Sends one message a send; safe for many threads and across a fork."""

    name: str = "vonage"
    path = "/v1/messages"

    def __init__(
        self,
        api_key: str = "",
        api_secret: str = "",
        *,
        sender: str,
        signature_secret: str = "",
        callback_url: str = "",
        **access: Unpack[vonage_sdk.Access],
    ) -> None:
        """`callback_url` is where receipts go.

        Without it and `signature_secret` none are asked for, and "sent" is final.
        """
        self._callback_url = callback_url if signature_secret else ""
        self._sender = sender.removeprefix("+")
        self.receipts: Receipts | None = (
            VonageReceipts(signature_secret) if self._callback_url else None
        )
        super().__init__(api_key, api_secret, **access)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from the `VONAGE_...` settings, all of them optional with `SANDBOX_URL`."""
        if not settings.sandbox_url:
            _require(settings)
        if settings.vonage_application_id or settings.vonage_private_key:
            _check_application(settings)
        return cls(
            *vonage_sdk.keys(settings),
            sender=settings.vonage_from or _SANDBOX_FROM,
            signature_secret=settings.vonage_signature_secret,
            callback_url=callbacks_url(settings, cls.name, signed_by="vonage_signature_secret"),
            **vonage_sdk.access(settings),
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

    def _make(self) -> tuple[Any, Session]:
        client, session = super()._make()
        session.hooks["response"].append(_check_answer)
        return client, session

    def _meaning(self, error: Any) -> SendFailed:
        if isinstance(error, HttpRequestError):
            return _refused(error.response)
        return AccountRefused("request_refused")  # the SDK has refused it unsent


def _require(settings: Settings) -> None:
    if not settings.vonage_application_id:
        vonage_sdk.require_keys(settings, "vonage")
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
        json_object(response.text).get("message_uuid"), str
    ):
        raise SendUncertain("unreadable_answer")


def _refused(response: Any) -> SendFailed:
    problem = json_object(response.text)
    code = str(problem.get("type", "")).rpartition("#")[2]
    shown = code if code.isascii() and code.isdigit() and len(code) == 4 else refusing.NO_CODE
    meaning = _meaning(response.status_code, code, problem)
    return refusing.refusal("provider vonage", meaning, response.status_code, shown)


def _meaning(status: int, code: str, problem: Mapping[str, Any]) -> refusing.Meaning:
    named = _BY_CODE.get(code) if status < 500 else None
    if named is None and status == 422:
        named = next(
            (_BY_FIELD[one] for one in vonage_sdk.wrong_fields(problem) if one in _BY_FIELD), None
        )
    return named or refusing.by_status(status, _BY_STATUS)

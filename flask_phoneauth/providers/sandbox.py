"""Sends to a running `sms_sandbox` over its control API; refused in production."""

from __future__ import annotations

import base64
import json
import os
import unicodedata
from typing import Self

import urllib3
from urllib3.exceptions import HTTPError

from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.providers.base import question
from flask_phoneauth.providers.wire import (
    READ_TIMEOUT,
    failure,
    json_object,
    open_pool,
    read_body,
)
from flask_phoneauth.records import Accepted, Outbound
from flask_phoneauth.settings import SettingError, Settings

_SENDER_LENGTH = 11  # GSM 03.40: an alphanumeric sender has at most eleven letters
_SENDER_DEFAULT = "PhoneAuth"
_MAX_MESSAGE_ID = 128


class SandboxProvider:
    """Posts each message to `{url}/api/v1/messages`; safe for many threads and across a fork."""

    name: str = "sandbox"
    receipts: None = None

    def __init__(
        self,
        url: str,
        *,
        account: str = "default",
        password: str = "",
        brand: str = "",
        connections: int = 4,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        """`read_timeout` is seconds of silence, and the most that an answer's body may take."""
        self._endpoint = f"{url.rstrip('/')}/api/v1/messages"
        self._account = account
        self._sender = sender_id(brand)
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if password:
            word = base64.b64encode(f"flask-phoneauth:{password}".encode()).decode("ascii")
            self._headers["Authorization"] = f"Basic {word}"
        self._connections = connections
        self._read_timeout = read_timeout
        self._open()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from `SANDBOX_URL`, `SANDBOX_ACCOUNT` and `SANDBOX_PASSWORD`."""
        if not settings.sandbox_url:
            raise SettingError(
                "PHONEAUTH_SANDBOX_URL is missing, which the provider 'sandbox' needs: run "
                "'sms-sandbox serve' and set the address that it prints, as "
                "'http://127.0.0.1:8025'"
            )
        return cls(
            settings.sandbox_url,
            account=settings.sandbox_account,
            password=settings.sandbox_password,
            brand=settings.brand,
            connections=settings.dispatch_workers,
        )

    def send(self, outbound: Outbound) -> Accepted:
        """Post the message; raises the `SendFailed` tree, the reason a short machine word."""
        message = {
            "to": outbound.to,
            "from": self._sender,
            "body": outbound.body,
            "account": self._account,
        }
        answer = self._ask("POST", self._endpoint, json.dumps(message).encode())
        return Accepted(self.name, _message_id(answer))

    def check(self) -> None:
        """Look at the newest message: the sandbox answers, and takes our password.

        Raises `AccountRefused` or `ProviderDown`.
        """
        with question():
            self._ask("GET", f"{self._endpoint}?limit=1")

    def close(self) -> None:
        """Close the kept connections; a later `send` opens new ones."""
        self._client.clear()

    def _ask(self, method: str, url: str, body: bytes | None = None) -> bytes | None:
        """The body of a 2xx answer; raises the `SendFailed` tree for everything else."""
        try:
            response = self._request(method, url, body)
        except HTTPError as exc:
            raise failure(exc) from None  # their text repeats the address
        try:
            answer = read_body(response, self._read_timeout)
        finally:
            # Ends the connection only where a rest is unread, which the next answer would follow.
            response.close()
        if not 200 <= response.status < 300:
            raise _refused(response.status, answer)
        return answer

    def _request(self, method: str, url: str, body: bytes | None) -> urllib3.BaseHTTPResponse:
        if self._owner != os.getpid():
            self._open()  # two processes must not talk over one connection
        return self._client.request(
            method,
            url,
            body=body,
            headers=self._headers,
            redirect=False,
            preload_content=False,
            decode_content=False,
        )

    def _open(self) -> None:
        self._client = open_pool(connections=self._connections, read_timeout=self._read_timeout)
        self._owner = os.getpid()


def sender_id(brand: str) -> str:
    """An alphanumeric sender made of `brand`: 1 to 11 ASCII letters and digits, one a letter."""
    plain = unicodedata.normalize("NFKD", brand)
    sender = "".join(c for c in plain if c.isascii() and c.isalnum())[:_SENDER_LENGTH]
    return sender if any(c.isalpha() for c in sender) else _SENDER_DEFAULT


def _refused(status: int, answer: bytes | None) -> SendFailed:
    if status in (408, 429):
        return ProviderDown("throttled", f"status {status}")
    if status >= 500:
        return ProviderDown("server_error", f"status {status}")
    if status in (401, 403):
        return AccountRefused("credentials_refused", f"status {status}")
    if status in (400, 422) and _blames_number(answer):
        return NumberRefused("number_refused", f"status {status}")
    if status in (400, 413, 415, 421, 422):
        return AccountRefused("request_refused", f"status {status}")
    return AccountRefused("not_a_sandbox", f"status {status}")


def _blames_number(answer: bytes | None) -> bool:
    errors = json_object(answer).get("errors")
    entries = errors if isinstance(errors, list) else []
    return any(isinstance(entry, dict) and entry.get("pointer") == "/to" for entry in entries)


def _message_id(answer: bytes | None) -> str:
    """The id in a 2xx answer; one that cannot be read leaves open what became of the message."""
    message_id = json_object(answer).get("id")
    if not isinstance(message_id, str) or not 0 < len(message_id) <= _MAX_MESSAGE_ID:
        raise SendUncertain("unreadable_answer")
    return message_id

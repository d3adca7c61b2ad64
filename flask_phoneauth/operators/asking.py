"""One question to an operator: a pooled connection, finite time-outs, an answer that is JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from urllib3.exceptions import HTTPError

from flask_phoneauth.operators.base import Unsure
from flask_phoneauth.providers.wire import open_pool, read_body

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 4.0
"""For the first byte of an answer, and again for the whole of it."""
CONNECTIONS = 8

_FORM = "application/x-www-form-urlencoded"


class Asking:
    """Asks over kept connections; safe for many threads and across a fork."""

    def __init__(
        self,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._connect_seconds, self._answer_seconds = connect_seconds, answer_seconds
        self._open()

    def form(self, url: str, values: Mapping[str, str], *, token: str = "") -> dict[str, Any]:
        """The answer to a form; raises `Unsure`."""
        return self._ask("POST", url, urlencode(values), _FORM, _bearing(token))

    def json(self, url: str, values: Mapping[str, Any], *, token: str = "") -> dict[str, Any]:
        """The answer to a JSON object; raises `Unsure`."""
        return self._ask("POST", url, json.dumps(values), "application/json", _bearing(token))

    def put(self, url: str, values: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        """Replace something, with headers of one's own; raises `Unsure`."""
        self._ask("PUT", url, json.dumps(values), "application/json", headers)

    def close(self) -> None:
        """Let connections go; a later question opens new ones."""
        self._pool.clear()

    def _ask(
        self, method: str, url: str, body: str, media: str, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        if self._owner != os.getpid():
            self._open()  # two processes must not talk over one connection
        sent = {"Content-Type": media, "Accept": "application/json", **headers}
        try:
            response = self._pool.request(
                method, url, body=body, headers=sent, preload_content=False
            )
            try:
                answer = read_body(response, self._answer_seconds)
            finally:
                # ends the connection where a rest is unread, which the next answer would follow
                response.close()
        except HTTPError:
            raise Unsure("no_answer") from None  # their text repeats the address
        return _read(response.status, answer)

    def _open(self) -> None:
        self._owner = os.getpid()
        self._pool = open_pool(
            connections=CONNECTIONS,
            connect_timeout=self._connect_seconds,
            read_timeout=self._answer_seconds,
        )


def _bearing(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _read(status: int, answer: bytes | None) -> dict[str, Any]:
    if not 200 <= status < 300:
        raise Unsure(f"status_{status}")
    try:
        values = json.loads(answer or b"")
    except (ValueError, RecursionError):
        raise Unsure("unreadable") from None
    if not isinstance(values, dict):
        raise Unsure("unreadable")
    return values

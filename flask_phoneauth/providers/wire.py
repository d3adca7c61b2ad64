"""A pooled HTTP client that can tell "nothing was sent" from "perhaps it was" (RULES 27).

What can be told: a kept connection that the other side has closed is seen before use and replaced
by a fresh one. A connection that breaks while the request is being written has not carried the
whole of it, so nothing can have been sent: `RequestNotSent`. Once the last byte was handed to the
operating system, silence and a broken connection look alike: perhaps it was.
"""

from __future__ import annotations

import http.client
import io
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeVar

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)

from flask_phoneauth.errors import ProviderDown, SendFailed, SendUncertain

CONNECT_TIMEOUT = 0.5
VENDOR_CONNECT_TIMEOUT = 2.0
"""Seconds to reach a vendor, the TLS handshake included; longer than to a sandbox next door."""
READ_TIMEOUT = 5.0
MAX_ANSWER = 64 * 1024
"""Bytes of an answer that are read; a longer one counts as unreadable."""

Manager = TypeVar("Manager", bound=urllib3.PoolManager)


class RequestNotSent(HTTPError):
    """The connection broke before the whole request was written; `reason` is a machine word."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class _Timely(io.RawIOBase):
    """What comes in from a socket, `seconds` from now at most."""

    def __init__(self, raw: io.RawIOBase, sock: Any, seconds: float | None) -> None:
        self._raw, self._sock, self._seconds = raw, sock, seconds
        self.begin_anew()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self._seconds is not None:
            left = self._ends - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def begin_anew(self) -> None:
        """From now on there are as many seconds once more."""
        self._ends = time.monotonic() + (self._seconds or 0)

    def close(self) -> None:
        with suppress(OSError):  # it may be closed; a kept one is used again
            self._sock.settimeout(self._seconds)
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    # the time-out of a socket begins anew with each byte: what drips would never end
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._timely = _Timely(self.fp.detach(), sock, sock.gettimeout())
        self.fp = io.BufferedReader(self._timely)

    def begin(self) -> None:
        super().begin()
        self._timely.begin_anew()


class _HTTPConnection(HTTPConnection):
    response_class = _Response

    def request(self, *args: Any, **kwargs: Any) -> None:
        # urllib3 goes on to read an answer after a broken write, which hides the break.
        try:
            super().request(*args, **kwargs)
        except OSError as exc:
            raise RequestNotSent("connection_lost") from exc


class _HTTPSConnection(HTTPSConnection, _HTTPConnection):
    def connect(self) -> None:
        # urllib3 reports a handshake that fails or hangs as it reports a lost answer.
        try:
            super().connect()
        except OSError as exc:
            raise RequestNotSent("tls_failed") from exc


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


def open_pool(
    *,
    connections: int,
    connect_timeout: float = CONNECT_TIMEOUT,
    read_timeout: float = READ_TIMEOUT,
    proxy: str = "",
    ca_certs: str | None = None,
) -> urllib3.PoolManager:
    """A client that keeps `connections` open; time-outs in seconds, no retry, no redirect."""
    options: dict[str, Any] = {
        "num_pools": 1,
        "maxsize": connections,
        "timeout": urllib3.Timeout(connect=connect_timeout, read=read_timeout),
        "retries": False,
        "ca_certs": ca_certs,
    }
    pool = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
    return break_early(pool)


def break_early(pool: Manager) -> Manager:
    """Have the connections of `pool` tell a request that was not sent from an answer lost."""
    pool.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
    return pool


def read_body(
    response: urllib3.BaseHTTPResponse, timeout: float, *, decode: bool = False
) -> bytes | None:
    """The whole body, or None where it is cut short, too long, or not there in `timeout` seconds.

    With `decode` a compressed one is unpacked, and the limit is on what comes out.
    """
    body = bytearray()
    ends = time.monotonic() + timeout
    try:
        # read1 returns after each packet, so a body that drips cannot outlast the time.
        while len(body) <= MAX_ANSWER and time.monotonic() <= ends:
            chunk = response.read1(MAX_ANSWER, decode_content=decode)
            if not chunk:
                return bytes(body)
            body += chunk
    except HTTPError:
        return None
    return None


def json_object(answer: str | bytes | None) -> Mapping[str, Any]:
    """The object that an answer is; {} where it is none."""
    try:
        value = json.loads(answer or b"")
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def failure(exc: HTTPError) -> SendFailed:
    """What a request that brought no answer means: nothing was sent, or perhaps it was."""
    match exc:
        case RequestNotSent():
            return ProviderDown(exc.reason)
        # Before the time-out, of which urllib3 makes it a kind.
        case NewConnectionError() | LocationValueError() | ProxyError():
            return ProviderDown("unreachable")
        case ConnectTimeoutError():
            return ProviderDown("connect_timeout")
        case ReadTimeoutError():
            return SendUncertain("read_timeout")
        case _:
            return SendUncertain("connection_lost")

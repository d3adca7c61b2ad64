"""A pooled HTTP client that can tell "nothing was sent" from "perhaps it was" (RULES 27).

What can be told: a kept connection that the other side has closed is seen before use and replaced
by a fresh one. A connection that breaks while the request is being written has not carried the
whole of it, so nothing can have been sent: `RequestNotSent`. Once the last byte was handed to the
operating system, silence and a broken connection look alike: perhaps it was.
"""

from __future__ import annotations

import time
from typing import Any, TypeVar

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

CONNECT_TIMEOUT = 0.5
READ_TIMEOUT = 5.0
MAX_ANSWER = 64 * 1024
"""Bytes of an answer that are read; a longer one counts as unreadable."""

Manager = TypeVar("Manager", bound=urllib3.PoolManager)


class RequestNotSent(HTTPError):
    """The connection broke before the whole request was written; `reason` is a machine word."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class _HTTPConnection(HTTPConnection):
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


def open_pool(*, connections: int, read_timeout: float = READ_TIMEOUT) -> urllib3.PoolManager:
    """A client that keeps `connections` open; time-outs in seconds, no retry, no redirect."""
    pool = urllib3.PoolManager(
        num_pools=1,
        maxsize=connections,
        timeout=urllib3.Timeout(connect=CONNECT_TIMEOUT, read=read_timeout),
        retries=False,
    )
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

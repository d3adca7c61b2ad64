"""What an SDK that speaks through `requests` is held to: bounded waits and answers, no retry.

`SdkClient` is what all have who ask through one, `failure` tells its errors in our words.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from requests import Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as ConnectionBroken
from requests.exceptions import ConnectTimeout, ProxyError, ReadTimeout, RequestException
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from flask_phoneauth.errors import ProviderDown, SendFailed, SendUncertain
from flask_phoneauth.providers.wire import (
    READ_TIMEOUT,
    VENDOR_CONNECT_TIMEOUT,
    RequestNotSent,
    break_early,
    read_body,
)


class SdkClient(ABC):
    """One client of an SDK in each process, for many threads; it opens when it is made.

    `hosts` are the vendor's, for which a sandbox stands in.
    """

    hosts: ClassVar[tuple[str, ...]] = ()
    sdk_errors: ClassVar[tuple[type[Exception], ...]] = ()
    """What the SDK raises beside the errors of `requests`."""

    def __init__(
        self, *, base_url: str = "", connections: int = 4, read_timeout: float = READ_TIMEOUT
    ) -> None:
        """The arguments are a `providers.base.Way`."""
        self._base_url, self._connections = base_url, connections
        self._read_timeout = read_timeout
        self._open()

    def close(self) -> None:
        """Close the kept connections; a later request opens new ones."""
        self._session.close()

    @abstractmethod
    def _make(self) -> tuple[Any, Session]:
        """The SDK's client and the session that it speaks through."""

    def _meaning(self, error: Any) -> Exception:  # noqa: ARG002 - of those who read theirs
        """What one of the `sdk_errors` means."""
        return SendUncertain("unreadable_answer")

    def _call(self, call: Callable[[Any], Any]) -> Any:
        """What `call` gets of the client; raises the `SendFailed` tree, or as `_meaning` has it."""
        if self._owner != os.getpid():
            self._open()  # two processes must not talk over one connection
        failed: Exception
        try:
            return call(self._client)
        except (RequestException, HTTPError) as broken:
            failed = failure(broken)
        except self.sdk_errors as refused:
            failed = self._meaning(refused)
        raise failed  # outside of the handlers: their errors repeat the address

    def _open(self) -> None:
        client, session = self._make()
        places = [("https://", ""), ("http://", "")]
        if self._base_url:
            session.trust_env = False  # a proxy does not know our loopback
            places += [(host, self._base_url) for host in self.hosts]
        for place, moved in places:
            adapter = BoundedAdapter(self._connections, self._read_timeout, (place, moved))
            session.mount(place, adapter)
        # last of all: other threads take these up at once
        self._client, self._session, self._owner = client, session, os.getpid()


class BoundedAdapter(HTTPAdapter):
    """Sends once, follows no redirect, and reads an answer within seconds and up to its limit.

    `moved` is an address, and the one that takes its place, if any.
    """

    def __init__(self, connections: int, read_timeout: float, moved: tuple[str, str]) -> None:
        self._read_timeout, self._moved = read_timeout, moved
        super().__init__(pool_connections=2, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pool, its connections ours."""
        super().init_poolmanager(*args, **kwargs)
        break_early(self.poolmanager)

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        """The pool through a proxy, its connections ours but those of SOCKS."""
        made = super().proxy_manager_for(proxy, **kwargs)
        # connections through a SOCKS proxy are of a kind of their own
        return made if proxy.lower().startswith("socks") else break_early(made)

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """One request and its answer; one that cannot be read in full comes back empty."""
        former, present = self._moved
        if present and request.url.startswith(former):
            request = request.copy()
            request.url = present + request.url.removeprefix(former)
        kwargs.update(stream=True, timeout=(VENDOR_CONNECT_TIMEOUT, self._read_timeout))
        response = super().send(request, *args, **kwargs)
        try:
            body = read_body(response.raw, self._read_timeout, decode=True)
        finally:
            response.raw.close()
        response._content, response._content_consumed = body or b"", True
        # without an address the session has nowhere to follow it to, credentials in hand
        response.headers.pop("Location", None)
        return response


def failure(exc: RequestException | HTTPError) -> SendFailed:
    """What a request that brought no answer means: nothing was sent, or perhaps it was."""
    match exc:
        case RequestNotSent():
            return ProviderDown(exc.reason)
        case ConnectTimeout():
            return ProviderDown("connect_timeout")
        case ReadTimeout():
            return SendUncertain("read_timeout")
        case ProxyError():
            return ProviderDown("unreachable")
        case ConnectionBroken() if _never_connected(exc):
            return ProviderDown("unreachable")
        case _:
            return SendUncertain("connection_lost")


def _never_connected(exc: ConnectionBroken) -> bool:
    cause = exc.args[0] if exc.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)

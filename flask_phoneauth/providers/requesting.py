"""What an SDK that speaks through `requests` is held to: bounded waits and answers, no retry.

`bound` prepares the session of such an SDK, `failure` tells its errors in our words.
"""

from __future__ import annotations

from typing import Any

from requests import Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ConnectionError as ConnectionBroken
from requests.exceptions import ConnectTimeout, ProxyError, ReadTimeout, RequestException
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError

from flask_phoneauth.errors import ProviderDown, SendFailed, SendUncertain
from flask_phoneauth.providers.wire import (
    VENDOR_CONNECT_TIMEOUT,
    RequestNotSent,
    break_early,
    read_body,
)


def bound(
    session: Session,
    *,
    connections: int,
    read_timeout: float,
    hosts: tuple[str, ...] = (),
    sandbox: str = "",
) -> None:
    """Hold `session` to `connections` kept ones and `read_timeout` seconds.

    With `sandbox`, requests for one of the `hosts` (as `https://api.example.com`) go to that
    address instead, and what the environment says of proxies is left alone.
    """
    for scheme in ("https://", "http://"):
        session.mount(scheme, BoundedAdapter(connections, read_timeout))
    if not sandbox:
        return
    session.trust_env = False  # a proxy does not know our loopback
    for host in hosts:
        session.mount(host, BoundedAdapter(connections, read_timeout, (host, sandbox)))


class BoundedAdapter(HTTPAdapter):
    """Sends once, follows no redirect, and reads an answer within seconds and up to its limit.

    `moved` is an address, and the one that takes its place.
    """

    def __init__(
        self, connections: int, read_timeout: float, moved: tuple[str, str] = ("", "")
    ) -> None:
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
        if former and request.url.startswith(former):
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

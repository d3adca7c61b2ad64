"""The one client of all requests that the sandbox makes: bounded, pinned, never redirected."""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from sms_sandbox.callback import Callback, Failure, Outcome
from sms_sandbox.settings import Settings, is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_ANSWER_BYTES = 8 * 1024
"""How much of a receiver's answer is read and kept."""
_MAX_ADDRESSES = 4

# Where clouds hand out their machines' credentials, beside the link-local one.
_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Refused(Exception):
    """An address that is not posted to, or none at all; says why and what to do."""


class Outgoing:
    """Posts callbacks; safe for many threads. ``close`` breaks off what is under way."""

    def __init__(self, settings: Settings) -> None:
        self._allowed = [ipaddress.ip_network(cidr) for cidr in settings.webhook_allow]
        self._on_loopback = is_loopback(settings.host)
        self._lock = threading.Lock()
        self._open: set[_Connection] = set()
        self._closed = False

    def send(self, callback: Callback) -> Outcome:
        """Post once and say what came of it; never raises for what a receiver does."""
        started = time.monotonic()
        status: int | None = None
        answer: str | None = None
        media: str | None = None
        error: str | None = None
        failure: Failure | None = None
        try:
            status, answer, media = self._exchange(callback)
        except Refused as refusal:
            error, failure = str(refusal), "refused"
        except TimeoutError:
            seconds = time.monotonic() - started
            error, failure = f"No answer within {seconds:.1f} seconds.", "timeout"
        except ConnectionRefusedError:
            error, failure = "Nothing listens there: connection refused.", "connection"
        except ssl.SSLError as problem:
            error, failure = f"TLS failed: {problem.reason or problem}.", "connection"
        except OSError as problem:
            error, failure = f"The connection failed: {problem.strerror or problem}.", "connection"
        except ValueError:
            error, failure = "No request can be written to this address: use ASCII.", "other"
        except http.client.HTTPException as problem:
            error, failure = f"The answer is not HTTP: {type(problem).__name__}.", "other"
        if status is not None and not 200 <= status < 300:
            error, failure = _judge(status)
        return Outcome(
            milliseconds=round((time.monotonic() - started) * 1000),
            status=status,
            answer=answer,
            media=media,
            error=error,
            failure=failure,
        )

    def close(self) -> None:
        """Break off every exchange; later ones are refused."""
        with self._lock:
            self._closed = True
            connections = tuple(self._open)
        for connection in connections:
            connection.abort()

    def resolve(self, url: str) -> tuple[SplitResult, list[Address]]:
        """A URL's parts and the addresses of its host, once. Raises ``Refused``, ``OSError``."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Refused("Only http and https addresses are posted to.")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError):
            raise ConnectionError(f"the host {parts.hostname} is not known") from None
        addresses = [ipaddress.ip_address(str(one[4][0]).partition("%")[0]) for one in found]
        for address in addresses:
            self._check(address)
        return parts, addresses[:_MAX_ADDRESSES]

    def _check(self, address: Address) -> None:
        meant = _unwrapped(address)
        if (
            meant.is_link_local
            or meant.is_multicast
            or meant.is_unspecified
            or (meant.is_reserved and not meant.is_loopback)  # ::1 is both
            or meant in _METADATA
        ):
            raise Refused(f"{address} is never posted to: link-local, metadata or no host at all.")
        allowed = any(meant in network for network in self._allowed)
        if not (meant.is_global or self._on_loopback or allowed):
            raise Refused(
                f"{address} is a private address, and the sandbox is bound beyond loopback: "
                "start it with --webhook-allow CIDR."
            )

    def _exchange(self, callback: Callback) -> tuple[int, str, str]:
        parts, addresses = self.resolve(callback.url)
        connection = _Connection(parts, addresses, callback.connect_timeout)
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        with self._watched(connection, callback.total_timeout):
            connection.request(
                callback.method, path, callback.body.encode(), dict(callback.headers)
            )
            response = connection.getresponse()
            answer = response.read(MAX_ANSWER_BYTES)
            if connection.expired:
                raise TimeoutError
            media = response.headers.get_content_type()
            return response.status, answer.decode("utf-8", "replace"), media

    @contextmanager
    def _watched(self, connection: "_Connection", seconds: float) -> "Iterator[None]":
        # A receiver that drips single bytes outlives every time-out on a single read.
        timer = threading.Timer(seconds, connection.expire)
        timer.daemon = True
        with self._lock:
            if self._closed:
                raise Refused("The sandbox is stopping.")
            self._open.add(connection)
        timer.start()
        try:
            yield
        except (OSError, http.client.HTTPException):
            if connection.expired:
                raise TimeoutError from None
            raise
        finally:
            timer.cancel()
            with self._lock:
                self._open.discard(connection)
            connection.close()


class _Connection(http.client.HTTPConnection):
    """A connection to addresses that were looked up before, so that no second answer counts."""

    def __init__(self, parts: SplitResult, addresses: Sequence[Address], timeout: float) -> None:
        self.default_port = 443 if parts.scheme == "https" else 80
        super().__init__(parts.hostname or "", parts.port, timeout=timeout)
        self._addresses = addresses
        self._secure = parts.scheme == "https"
        self._aborted = False
        # An answer without a length takes ``sock`` away; the wire stays ours to cut.
        self._wire: socket.socket | None = None
        self.expired = False

    def connect(self) -> None:
        """Try the addresses in turn, then greet with TLS where the URL says so."""
        sock = self._wire = self._reach()
        if self._secure:
            tls = ssl.create_default_context()
            sock = self._wire = tls.wrap_socket(sock, server_hostname=self.host)
        # From here on the watch over the whole exchange is what ends it.
        sock.settimeout(None)
        self.sock = sock
        if self._aborted:
            raise ConnectionAbortedError("broken off")

    def expire(self) -> None:
        """The time is up."""
        self.expired = True
        self.abort()

    def abort(self) -> None:
        """Break off, from another thread."""
        self._aborted = True
        if self._wire is not None:
            try:
                self._wire.shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # It has ended by itself.

    def _reach(self) -> socket.socket:
        problem: OSError = ConnectionError("the host has no address")
        for address in self._addresses:
            try:
                return socket.create_connection((str(address), self.port), self.timeout)
            except TimeoutError as late:
                problem = ConnectionError(f"no connection within {self.timeout:g} seconds")
                problem.__cause__ = late
            except OSError as error:
                problem = error
        raise problem


def _judge(status: int) -> tuple[str, Failure]:
    if 300 <= status < 400:
        return f"The receiver answered {status}; redirects are not followed.", "other"
    family: Failure = "5xx" if status >= 500 else "4xx"
    return f"The receiver answered {status}; only 2xx counts as received.", family


def _unwrapped(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address

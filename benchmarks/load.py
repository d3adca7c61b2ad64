"""A closed loop of keep-alive clients on raw sockets, cheap enough not to be what is measured."""

from __future__ import annotations

import selectors
import socket
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_PIECE = 1 << 16
_TIMEOUT = 60.0


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice of load: how long it took in all, and each answer in milliseconds."""

    seconds: float
    answers: list[float]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.answers) / self.seconds

    def percentile(self, share: int) -> float:
        """The milliseconds within which ``share`` per cent of the answers came."""
        return percentile(self.answers, share)


def percentile(values: list[float], share: int) -> float:
    """The value that ``share`` per cent do not exceed."""
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def post(path: str, body: bytes, kind: str, more: str = "") -> bytes:
    """A POST as it goes over the wire; ``more`` are further header lines."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n{more}"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str) -> bytes:
    """A GET as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


@dataclass(slots=True)
class _Client:
    address: tuple[str, int]
    connection: socket.socket = field(init=False)
    received: bytearray = field(default_factory=bytearray)
    began: float = 0.0

    def __post_init__(self) -> None:
        self.connect()

    def connect(self) -> None:
        self.connection = socket.create_connection(self.address, timeout=_TIMEOUT)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, request: bytes) -> None:
        self.received.clear()
        self.began = time.perf_counter()
        self.connection.sendall(request)

    def read(self) -> bool:
        """Take what has come; whether the answer is whole."""
        piece = self.connection.recv(_PIECE)
        self.received += piece
        end = self.received.find(b"\r\n\r\n")
        assert piece or end > 0, "The server hung up without an answer."
        if end < 0:
            return False
        head = bytes(self.received[:end]).lower()
        assert b" 200" in head[:16] or b" 201" in head[:16], bytes(self.received[:600])
        _, marked, rest = head.partition(b"content-length:")
        if not marked:
            return not piece
        return len(self.received) >= end + 4 + int(rest.partition(b"\r\n")[0])

    def hung_up_on(self) -> bool:
        """Whether the server says that it closes the connection after this answer."""
        head = bytes(self.received[:400]).lower()
        return b"connection: close" in head or head.startswith(b"http/1.0")


def run(address: str, requests: Iterator[bytes], clients: int) -> Slice:
    """Send all ``requests``, each client its next one as soon as it has its answer."""
    parts = urlsplit(address)
    assert parts.hostname is not None
    assert parts.port is not None
    place = (parts.hostname, parts.port)
    answers: list[float] = []
    with selectors.DefaultSelector() as selector:
        started = time.perf_counter()
        for request in (next(requests, None) for _ in range(clients)):
            if request is not None:
                client = _Client(place)
                client.send(request)
                selector.register(client.connection, selectors.EVENT_READ, client)
        while selector.get_map():
            ready = selector.select(_TIMEOUT)
            assert ready, "The server has stopped answering."
            for key, _ in ready:
                client = key.data
                if client.read():
                    answers.append((time.perf_counter() - client.began) * 1000)
                    _go_on(selector, client, next(requests, None))
        return Slice(time.perf_counter() - started, answers)


def _go_on(selector: selectors.BaseSelector, client: _Client, request: bytes | None) -> None:
    closes = client.hung_up_on()
    if request is None or closes:
        selector.unregister(client.connection)
        client.connection.close()
    if request is None:
        return
    if closes:
        client.connect()
        selector.register(client.connection, selectors.EVENT_READ, client)
    client.send(request)

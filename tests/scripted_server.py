"""A real HTTP server on 127.0.0.1 that answers, or fails to, as a test tells it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl


def succeeds_in_a_fork(deed: Callable[[], object]) -> bool:
    """Whether a forked child of this process gets through the deed."""
    child = os.fork()
    if child == 0:
        try:
            deed()
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


class Request(NamedTuple):
    """One whole request that arrived; `connection` counts the connections from 1.

    Of `json` and `form` the one is filled whose type the request names.
    """

    path: str
    headers: dict[str, str]
    json: Any
    connection: int
    form: dict[str, str]
    method: str = "POST"
    body: bytes = b""


Behaviour = Callable[["_Handler"], None]


def answer(status: int, body: object = b"", **headers: str) -> Behaviour:
    """Answer with `status` and `body` (bytes, or a value to be sent as JSON)."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    def behave(handler: _Handler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(data)))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(data)

    return behave


def raw(data: bytes) -> Behaviour:
    """Write these bytes instead of an answer, then end the connection."""

    def behave(handler: _Handler) -> None:
        handler.wfile.write(data)
        handler.close_connection = True

    return behave


def silence(handler: _Handler) -> None:
    """Say nothing until the server stops."""
    handler.server.stopping.wait()
    handler.close_connection = True


def drip(handler: _Handler) -> None:
    """Send an endless body, a byte at a time, each well within any read time-out."""
    _drip_after(handler, b"HTTP/1.1 201 Created\r\n\r\n")


def drip_head(handler: _Handler) -> None:
    """Begin an answer and never end its head, a byte at a time."""
    _drip_after(handler, b"HTTP/1.1 201 Created\r\nX-Endless: ")


def drip_chunk(handler: _Handler) -> None:
    """Begin a chunk of an answer and never end the line with its size."""
    _drip_after(handler, b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2;x=")


ENDLESS = (silence, drip, drip_head, drip_chunk)
"""What a client has to give up; whatever else is said comes, on a busy machine a little late."""


def _drip_after(handler: _Handler, start: bytes) -> None:
    with contextlib.suppress(OSError):  # the other side has given up
        handler.wfile.write(start)
        while not handler.server.stopping.wait(0.02):
            handler.wfile.write(b" ")
    handler.close_connection = True


def drop(handler: _Handler) -> None:
    """Reset the connection after the whole request has arrived."""
    reset(handler.connection)
    handler.close_connection = True


def reset(connection: socket.socket) -> None:
    """Close so that the other side's kernel learns at once: RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedServer
    number = 0

    def do_POST(self) -> None:
        self.number = self.number or self.server.next_number()
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        is_form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        form = dict(parse_qsl(body.decode())) if is_form else {}
        sent = None if is_form or not body else json.loads(body)
        self.server.note(Request(self.path, headers, sent, self.number, form, self.command, body))
        self.server.behaviour(self)

    def do_GET(self) -> None:
        self.do_POST()

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):  # dropped on purpose
            super().finish()

    def log_message(self, *_: object) -> None:
        """The tests read `requests` instead."""


class ScriptedServer(socketserver.ThreadingTCPServer):
    """Used as a context; `behaviour` may be changed at any time, `requests` is what came."""

    daemon_threads = True
    block_on_close = True
    request_queue_size = 64

    def __init__(self, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behaviour = behaviour
        self.requests: list[Request] = []
        self._came = threading.Condition()
        self.stopping = threading.Event()
        self.open: set[socket.socket] = set()
        self._numbers = iter(range(1, 10_000))
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The base address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def note(self, request: Request) -> None:
        """One more request has come."""
        with self._came:
            self.requests.append(request)
            self._came.notify_all()

    def count(self, least: int) -> int:
        """How many requests came, once `least` have: a client may give up before it is heard."""
        with self._came:
            self._came.wait_for(lambda: len(self.requests) >= least, timeout=15)
            return len(self.requests)

    def next_number(self) -> int:
        """The number of a new connection."""
        return next(self._numbers)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        """End every open connection, as a server does with idle ones."""
        for connection in tuple(self.open):
            with contextlib.suppress(OSError):  # ended already
                connection.shutdown(socket.SHUT_RDWR)
        self.open.clear()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self.shutdown()
        self.hang_up()
        self.server_close()
        self._thread.join()

"""The request that this thread is answering: whether its sender still listens, and whether a
fault breaks the answer off."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LOOK_FOR_HANGUP = 0.5


class ConnectionDropped(Exception):
    """A fault closes the connection: nothing was accepted, and nobody gets an answer."""


class Exchange:
    """One request under way; ``gone`` tells whether its sender has hung up."""

    def __init__(self, gone: Callable[[], bool]) -> None:
        self.gone = gone
        self.dropped = False
        self.truncated = False

    def wait(self, seconds: float, stopping: threading.Event) -> None:
        """Let real time pass: less if the sender hangs up or the sandbox stops."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if stopping.wait(min(left, _LOOK_FOR_HANGUP)) or self.gone():
                return


_current: ContextVar[Exchange | None] = ContextVar("sms_sandbox_exchange", default=None)


def current() -> Exchange | None:
    """The exchange of this thread; ``None`` if it answers no request."""
    return _current.get()


@contextmanager
def serving(gone: Callable[[], bool] = lambda: False) -> Iterator[Exchange]:
    """Answer one request in this thread."""
    exchange = Exchange(gone)
    token = _current.set(exchange)
    try:
        yield exchange
    finally:
        _current.reset(token)


@contextmanager
def apart() -> Iterator[None]:
    """Do something that this thread's request did not ask for: no fault of an answer acts on it."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


class Exchanges:
    """The middleware that opens an exchange for each request and breaks off its answer where a
    fault says so. A server takes the ``OSError`` for a connection that is no more. An answer that
    does not say otherwise bears ``headers``."""

    def __init__(self, app: "WSGIApplication", headers: Sequence[tuple[str, str]] = ()) -> None:
        self._app = app
        self._headers = headers

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        begun: list[tuple[Any, ...]] = []

        def begin(*head: Any) -> Callable[[bytes], object]:
            begun.append(head)
            return lambda _: None

        with serving(environ.get("waitress.client_disconnected", lambda: False)) as exchange:
            answer = self._app(environ, begin)
        if exchange.dropped:
            _close(answer)
            raise ConnectionAbortedError("A fault rule drops this connection.")
        if exchange.truncated:
            body = b"".join(answer)
            _close(answer)
            answer = _first_half(body)
        status, headers, *error = begun[-1]
        said = {name.casefold() for name, _ in headers}
        added = [one for one in self._headers if one[0].casefold() not in said]
        start_response(status, [*headers, *added], *error)
        return answer


def _first_half(body: bytes) -> Iterator[bytes]:
    yield body[: len(body) // 2]
    raise ConnectionAbortedError("A fault rule breaks this answer off.")


def _close(answer: Iterable[bytes]) -> None:
    close = getattr(answer, "close", None)
    if close is not None:
        close()

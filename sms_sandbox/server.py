"""Serves a sandbox: one process, many threads, so that idle waits and streams hold nobody up."""

import socket
import threading
from types import TracebackType
from typing import Any, Self

from sms_sandbox.app import Sandbox, create_app, open_sandbox
from sms_sandbox.clock import Clock
from sms_sandbox.crew import Crew
from sms_sandbox.errors import SettingsError
from sms_sandbox.inbox.parts import MAX_HELD
from sms_sandbox.settings import Settings

_SPARE_THREADS = 16
_BACKLOG = 1024
_DRAIN_SECONDS = 2


class SandboxServer:
    """A sandbox on a port: ``start`` it in a thread, read ``url``, ``stop`` it.

    With port 0 a free port is taken. Raises ``SettingsError`` if the port is in use or waitress
    is not installed.
    """

    def __init__(self, settings: Settings | None = None, clock: Clock | None = None) -> None:
        self.settings = settings or Settings(port=0)
        self._clock = clock
        self._sandbox: Sandbox | None = None
        self._server: Any = None
        self._thread: threading.Thread | None = None
        self._url = ""
        self._stopping = threading.Event()
        self._woken = threading.Event()

    @property
    def url(self) -> str:
        """The address, such as ``http://127.0.0.1:8025``, once started."""
        return self._url

    @property
    def sandbox(self) -> Sandbox:
        """The parts behind the server, once started."""
        assert self._sandbox is not None, "The server is not started."
        return self._sandbox

    def start(self) -> Self:
        """Listen, and serve in a thread; returns once requests are answered."""
        create_server = _waitress()
        listener = _listen(self.settings.host, self.settings.port)
        try:
            self._sandbox = open_sandbox(self.settings, self._clock)
        except SettingsError:
            listener.close()
            raise
        self._url = _url(self.settings.host, listener.getsockname()[1])
        self._server = create_server(
            create_app(self._sandbox),
            sockets=[listener],
            **server_options(self.settings),
        )
        self._thread = threading.Thread(target=self._serve, name="sms-sandbox-server", daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """End waits and streams, finish running requests, close everything. Safe to call twice."""
        if self._stopping.is_set() or self._thread is None or self._sandbox is None:
            return
        self._stopping.set()
        self._sandbox.inbox.close()
        self._server.pull_trigger()
        self._woken.set()
        self._thread.join()
        self._sandbox.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _serve(self) -> None:
        server = self._server
        channels = server._map
        while not self._stopping.is_set():
            server.asyncore.loop(timeout=1, use_poll=True, map=channels, count=1)
        # The trigger must outlive the pull that ends the loop.
        self._woken.wait()
        server.task_dispatcher.shutdown(timeout=_DRAIN_SECONDS)
        # One more turn sends what the last requests have written.
        server.asyncore.loop(timeout=0, use_poll=True, map=channels, count=1)
        server.asyncore.close_all(channels)


def server_options(settings: Settings) -> dict[str, Any]:
    """How waitress is set up: a thread for each wait, each stream and each request that a fault
    holds up, and some for everyone else."""
    threads = settings.max_waits + settings.max_streams + MAX_HELD + _SPARE_THREADS
    return {
        "_dispatcher": Crew(threads),
        "connection_limit": 1000,
        "asyncore_use_poll": True,
        # Reading ahead is how a hang-up is noticed while a wait is running.
        "channel_request_lookahead": 1,
        # Far above what is read, so that each vendor refuses a large body in its own words.
        "max_request_body_size": 16 << 20,
        "log_socket_errors": False,
        "ident": "sms-sandbox",
    }


def _waitress() -> Any:
    try:
        from waitress import create_server
    except ModuleNotFoundError:
        raise SettingsError(
            "The sandbox's server needs waitress: pip install 'Flask-PhoneAuth[sandbox]'."
        ) from None
    return create_server


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SettingsError(f"The host {host} cannot be used: {error.strerror}.") from None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise SettingsError(
            f"{host} port {port} cannot be used ({error.strerror}): "
            "stop what runs there, or choose another port with --port."
        ) from None
    return listener


def _url(host: str, port: int) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104
    return (
        f"http://[{shown}]:{port}"
        if ":" in shown and "[" not in shown
        else f"http://{shown}:{port}"
    )

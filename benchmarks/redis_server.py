"""A Redis of the benchmark's own, where the machine has the program."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

READY_WAIT = 15.0


@contextmanager
def redis_address(given: str) -> Iterator[str]:
    """`given`, or the address of a server that stands until the end; "" where there is none."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if given or program is None:
        yield given
        return
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder]
        server = subprocess.Popen([*command, "--save", ""], stdout=subprocess.DEVNULL)
        try:
            _wait(port)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            server.wait()


def _wait(port: int) -> None:
    deadline = time.monotonic() + READY_WAIT
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)  # the program tells nobody when it listens

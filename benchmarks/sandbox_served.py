"""A server of the sandbox's benchmark in a process of its own: prints its address, ends with its
standard input."""

from __future__ import annotations

import argparse
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from benchmarks.gunicorn import Server

ENTRIES = ("sandbox", "bare", "moto")


@contextmanager
def serve(entry: str, *, db: str = ":memory:", python: str = sys.executable) -> Iterator[Server]:
    """An entry in a process of its own; ``python`` may be another interpreter's."""
    command = [python, "-m", "benchmarks.sandbox_served", entry, "--db", db]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        address = process.stdout.readline().strip()
        assert address, f"{entry} did not start"
        yield Server(address, process.pid)
    finally:
        process.stdin.close()
        process.wait(timeout=60)


def main() -> None:
    """Serve one entry until standard input ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sandbox_served")
    parser.add_argument("entry", choices=ENTRIES)
    parser.add_argument("--db", default=":memory:")
    given = parser.parse_args()
    if given.entry == "sandbox":
        _serve_sandbox(given.db)
    elif given.entry == "bare":
        _serve_bare()
    else:
        _serve_moto()


def _serve_sandbox(db: str) -> None:
    from sms_sandbox.server import SandboxServer
    from sms_sandbox.settings import Settings

    with SandboxServer(Settings(port=0, db=db, retention=10_000_000)) as server:
        print(server.url, flush=True)
        sys.stdin.read()


def _serve_bare() -> None:
    """One route that reads JSON and answers JSON, on the sandbox's own server."""
    from flask import Flask, jsonify, request
    from waitress import create_server

    from sms_sandbox.server import server_options
    from sms_sandbox.settings import Settings

    app = Flask("bare", static_folder=None)

    @app.post("/messages")
    def take() -> Any:
        text = request.get_json()
        return jsonify(id="1", to=text["to"], body=text["body"], status="queued"), 201

    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    server = create_server(app, sockets=[listener], **server_options(Settings()))
    _run(listener, server.run)


def _serve_moto() -> None:
    from moto.server import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = make_server(
        "127.0.0.1",
        0,
        DomainDispatcherApplication(create_backend_app),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    _run(server.socket, server.serve_forever)


def _run(listener: socket.socket, forever: Any) -> None:
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    threading.Thread(target=forever, daemon=True).start()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()

"""`python -m example_app`: the notes application and the SMS sandbox, together."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from example_app.app import DATA_FOLDER, NOTES_FILE, create_app, phone_auth
from example_app.notebook import NotesUnavailable
from flask_phoneauth import SettingError
from sms_sandbox.errors import SettingsError
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

HOST = "127.0.0.1"
APP_PORT = 5000
SANDBOX_PORT = 8025
THREADS = 16
MESSAGES_FILE = "messages.sqlite3"


class CannotStart(Exception):
    """The text says why, and the cure."""


def main(environ: Mapping[str, str]) -> int:
    """Serve both until Ctrl-C or SIGTERM; returns 0, or 2 where it cannot start."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    # a request that waits a moment for a thread is no news to the person at the terminal
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        _serve(environ)
    except KeyboardInterrupt:
        pass  # it came before the server could take it
    except (CannotStart, SettingError) as fault:
        return _complain(str(fault))
    except SettingsError as fault:
        return _complain(fault.detail)
    except NotesUnavailable:
        return _complain(f"{DATA_FOLDER}/{NOTES_FILE} is not a file of notes: move it away.")
    print("Both are stopped.", flush=True)
    return 0


def _stop(_number: int, _frame: object) -> NoReturn:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # an impatient second one must not cut the stop
    raise KeyboardInterrupt


def _serve(environ: Mapping[str, str]) -> None:
    ports = _port(environ, "APP_PORT", APP_PORT), _port(environ, "SANDBOX_PORT", SANDBOX_PORT)
    folder = _folder()
    with _listen("APP_PORT", ports[0]) as listener:
        _listen("SANDBOX_PORT", ports[1]).close()
        settings = Settings(port=ports[1], db=str(folder / MESSAGES_FILE))
        with SandboxServer(settings) as sandbox:
            _serve_app(listener, sandbox.url, folder)


def _serve_app(listener: socket.socket, sandbox_url: str, folder: Path) -> None:
    from waitress import create_server  # the sandbox has told by now if it is missing

    app = create_app(
        {
            "DEBUG": True,
            "PROPAGATE_EXCEPTIONS": False,
            "DATA_FOLDER": folder,
            "PHONEAUTH_SANDBOX_URL": sandbox_url,
        }
    )
    server: Any = create_server(
        app, sockets=[listener], threads=THREADS, asyncore_use_poll=True, ident="notes"
    )
    print(_welcome(f"http://{HOST}:{listener.getsockname()[1]}", sandbox_url), flush=True)
    server.run()  # returns at a KeyboardInterrupt, when running requests are answered
    server.close()
    phone_auth.close(app)  # promised codes go out while the sandbox is there to take them


def _folder() -> Path:
    folder = Path.cwd() / DATA_FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CannotStart(
            f"The folder {folder} cannot be used ({error.strerror}): "
            "start from a folder that you may write to."
        ) from None
    return folder


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name) or str(default)
    port = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else -1
    if not 0 <= port <= 65535:
        raise CannotStart(f"{name} must be a port, a number from 0 (a free one) to 65535.")
    return port


def _listen(name: str, port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise CannotStart(
            f"Port {port} cannot be used ({error.strerror}): stop what runs there, "
            f"or choose another one, as {name}={port % 60000 + 1}."
        ) from None
    return listener


def _welcome(app_url: str, sandbox_url: str) -> str:
    return "\n".join(
        (
            "",
            f"  Notes, the example app   {app_url}",
            f"  SMS sandbox, the inbox   {sandbox_url}",
            "",
            f"  1. Open {app_url}",
            "  2. Type any number, e.g. +44 7400 123456 (no message leaves this machine)",
            f"  3. Read the code at {sandbox_url} and type it in",
            "     (your mobile network lets you in without one: the sandbox plays it too)",
            "",
            f"  Accounts, notes and messages are kept in {DATA_FOLDER}/. Ctrl-C stops both.",
            "",
        )
    )


def _complain(sentence: str) -> int:
    print(f"example_app: {sentence}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(os.environ))

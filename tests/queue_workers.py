"""An app that queues its messages, and the workers that send them, as a site would run both."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask

PATIENCE = 60.0
"""Seconds within which anything here is over, on a busy machine."""
SECRET = "a secret of the tests, long enough"
SHOP = """\
from flask import Flask
from flask_phoneauth import PhoneAuth

app = Flask(__name__)
app.config.from_prefixed_env()
PhoneAuth(app)
"""


def until(happened: Callable[[], Any], what: str) -> Any:
    """Wait for another process."""
    end = time.monotonic() + PATIENCE
    while not (found := happened()):
        assert time.monotonic() < end, f"{what} did not happen in time"
        time.sleep(0.02)
    return found


@dataclass
class Worker:
    """`flask phoneauth worker` in a process of its own."""

    process: subprocess.Popen[bytes]
    log: Path

    def children(self) -> list[int]:
        """The processes that it has begun."""
        pid = self.process.pid
        try:
            told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        except FileNotFoundError:
            return []
        return [int(one) for one in told.split()]

    def kill(self) -> None:
        """As a machine's failure would: it and its children write nothing down."""
        children = self.children()
        os.kill(self.process.pid, signal.SIGKILL)
        for child in children:
            kill(child)
        self.process.wait(PATIENCE)

    def stop(self) -> None:
        """As a service manager would."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                self.kill()

    def said(self) -> str:
        """What it has printed so far."""
        return self.log.read_text()


def kill(pid: int) -> None:
    """End one process that a worker began."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


@dataclass
class Shop:
    """The settings that the app and its workers share; workers end with the test."""

    folder: Path
    settings: dict[str, Any]
    workers: list[Worker] = field(default_factory=list)

    def app(self, make_app: Callable[..., Flask], **changes: Any) -> Flask:
        """The app that serves requests, in this process."""
        return make_app(**self.settings | changes)

    def work(self, *switches: str) -> Worker:
        """One more worker."""
        (self.folder / "shop.py").write_text(SHOP)
        log = self.folder / f"worker{len(self.workers)}.log"
        environment = {
            **os.environ,
            "FLASK_APP": "shop",
            "FLASK_DEBUG": "1",
            "FLASK_SECRET_KEY": SECRET,
            "PYTHONUNBUFFERED": "1",
        }
        for name, value in self.settings.items():
            environment[f"FLASK_PHONEAUTH_{name}"] = json.dumps(value)
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "flask", "phoneauth", "worker", *switches],
                cwd=self.folder,
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        worker = Worker(process, log)
        self.workers.append(worker)
        return worker

    def close(self) -> None:
        """Stop the workers."""
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.stop()

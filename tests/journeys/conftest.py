"""The example app and its sandbox, started as a user starts them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sms_sandbox.client import SandboxClient

ADDRESSES = re.compile(rb"(http://127\.0\.0\.1:\d+)\D.*?(http://127\.0\.0\.1:\d+)\D", re.DOTALL)


@dataclass(frozen=True)
class Demo:
    """Both addresses, and a client of the sandbox."""

    app: str
    inbox: str
    sandbox: SandboxClient

    def code_for(self, number: str) -> str:
        """The newest unclaimed code of a number, waited for."""
        return str(self.sandbox.claim_code(number, timeout=60)["code"])


@contextmanager
def example_app(folder: Path, **environment: str) -> Iterator[Demo]:
    """`python -m example_app` on free ports; stopped by the signal of Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, "-m", "example_app"],
        cwd=folder,
        env={
            **os.environ,
            "APP_PORT": "0",
            "SANDBOX_PORT": "0",
            "PYTHONUNBUFFERED": "1",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert process.stdout is not None
    said = b""
    try:
        while not (found := ADDRESSES.search(said)):
            line = process.stdout.readline()
            assert line, said.decode()
            said += line
        app, inbox = (address.decode() for address in found.groups())
        yield Demo(app, inbox, SandboxClient(inbox))
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The example app as it starts by itself."""
    with example_app(tmp_path_factory.mktemp("demo")) as running:
        yield running


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where the run leaves its pictures: `PICTURES`, or a folder of the build."""
    folder = Path(os.environ.get("PICTURES") or Path(__file__).parents[2] / "build" / "pictures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder

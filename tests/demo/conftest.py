"""The program as somebody starts it who tries it out: `python -m example_app`, on free ports."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from sms_sandbox.client import SandboxClient

COMMAND = [sys.executable, "-m", "example_app"]

Start = Callable[[], "Program"]


@dataclass
class Program:
    """Both servers in a process of their own; `said` is what it printed at its start."""

    process: subprocess.Popen[str]
    pool: urllib3.PoolManager
    said: str = ""

    @property
    def app(self) -> str:
        return re.findall(r"http://\S+", self.said)[0]

    @property
    def sandbox(self) -> str:
        return re.findall(r"http://\S+", self.said)[1]

    def post(self, path: str, **values: str) -> urllib3.BaseHTTPResponse:
        return self.pool.request("POST", self.app + path, json=values)

    def ask(self, phone: str) -> dict[str, str]:
        answer = self.post("/auth/login", phone=phone)
        assert answer.status == 202, answer.data
        return {name: answer.json()[name] for name in ("challenge_id", "challenge_secret")}

    def enter(self, challenge: dict[str, str], phone: str) -> dict[str, Any]:
        with SandboxClient(self.sandbox) as inbox:
            code = inbox.claim_code(phone, timeout=60)["code"]
        answer = self.post("/auth/verify", **challenge, code=code)
        assert answer.status == 200, answer.data
        entered: dict[str, Any] = answer.json()
        return entered

    def stop(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """The exit code, and what was printed since the start."""
        self.process.send_signal(how)
        rest, _ = self.process.communicate(timeout=60)
        return self.process.returncode, rest


def environment(app_port: int | str = 0, sandbox_port: int | str = 0) -> dict[str, str]:
    return os.environ | {"APP_PORT": str(app_port), "SANDBOX_PORT": str(sandbox_port)}


@pytest.fixture
def pool() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False, timeout=30) as one:
        yield one


@pytest.fixture
def start(tmp_path: Path, pool: urllib3.PoolManager) -> Iterator[Start]:
    """Starts the program in the test's folder, on free ports."""
    started: list[Program] = []

    def begin() -> Program:
        process = subprocess.Popen(
            COMMAND,
            cwd=tmp_path,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        program = Program(process, pool)
        started.append(program)
        assert process.stdout is not None
        while "Ctrl-C" not in program.said:
            line = process.stdout.readline()
            assert line, program.said
            program.said += line
        return program

    yield begin
    for program in started:
        if program.process.poll() is None:
            program.process.kill()
        program.process.communicate()

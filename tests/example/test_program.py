"""`python -m example_app`: app and sandbox together, as somebody starts them who tries them out."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from sms_sandbox.client import SandboxClient

NUMBER = "+447400123456"
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
            code = inbox.claim_code(phone)["code"]
        answer = self.post("/auth/verify", **challenge, code=code)
        assert answer.status == 200, answer.data
        entered: dict[str, Any] = answer.json()
        return entered

    def stop(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        """The exit code, and what was printed since the start."""
        self.process.send_signal(how)
        rest, _ = self.process.communicate(timeout=30)
        return self.process.returncode, rest


def environment(app_port: int | str = 0, sandbox_port: int | str = 0) -> dict[str, str]:
    return os.environ | {"APP_PORT": str(app_port), "SANDBOX_PORT": str(sandbox_port)}


@pytest.fixture
def pool() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False, timeout=10) as one:
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


def refused(folder: Path, **ports: int | str) -> tuple[int, str]:
    run = subprocess.run(
        COMMAND, cwd=folder, env=environment(**ports), capture_output=True, text=True, timeout=30
    )
    assert run.stdout == ""
    return run.returncode, run.stderr.strip()


def test_it_says_where_both_are_and_what_to_do(start: Start) -> None:
    program = start()
    assert "1. Open http://127.0.0.1:" in program.said
    assert "+44 7400 123456" in program.said
    assert f"Read the code at {program.sandbox}" in program.said
    assert b"Send me a code" in program.pool.request("GET", program.app).data
    assert program.pool.request("GET", f"{program.sandbox}/readyz").status == 200


def test_a_restart_keeps_the_user_and_a_code_that_was_sent_before_it(
    start: Start, tmp_path: Path
) -> None:
    program = start()
    first = program.enter(program.ask(NUMBER), NUMBER)
    assert first["new_user"] is True
    challenge = program.ask(NUMBER)
    with SandboxClient(program.sandbox) as inbox:
        inbox.wait(match={"to": NUMBER}, count=1, claim=False)
    code, rest = program.stop(signal.SIGINT)
    assert code == 0, rest
    assert "Traceback" not in rest
    assert (tmp_path / ".demo").stat().st_mode & 0o777 == 0o700
    again = start()
    second = again.enter(challenge, NUMBER)
    assert second["new_user"] is False
    assert second["user"] == first["user"]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_stop_both(start: Start, how: signal.Signals) -> None:
    program = start()
    program.ask("+12015550123")
    events = f"{program.sandbox}/api/v1/events"
    with closing(program.pool.request("GET", events, preload_content=False)):
        code, rest = program.stop(how)
    assert code == 0, rest
    assert rest.strip() == "Both are stopped."
    for address in (program.app, program.sandbox):
        with pytest.raises(urllib3.exceptions.HTTPError):
            program.pool.request("GET", address)


@pytest.mark.parametrize("name", ["app_port", "sandbox_port"])
def test_a_taken_port_is_told_in_one_sentence_with_the_cure(tmp_path: Path, name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        code, said = refused(tmp_path, **{name: port})
    assert code == 2
    assert said.startswith(f"example_app: Port {port} cannot be used")
    assert f"{name.upper()}=" in said
    assert "\n" not in said


@pytest.mark.parametrize("port", ["abc", "-1", "65536", "5000 ", "\u0665\u0660\u0660\u0660"])
def test_a_port_that_is_none_is_told(tmp_path: Path, port: str) -> None:
    code, said = refused(tmp_path, app_port=port)
    assert code == 2
    assert "APP_PORT must be a port" in said
    assert "\n" not in said


def test_a_setting_that_is_malformed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASK_PHONEAUTH_CODE_LENGTH", "3")
    code, said = refused(tmp_path)
    assert code == 2
    assert "PHONEAUTH_CODE_LENGTH" in said
    assert "\n" not in said


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / ".demo").write_text("a file is in the way")
    code, said = refused(tmp_path)
    assert code == 2
    assert "start from a folder that you may write to" in said

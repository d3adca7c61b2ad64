"""`python -m example_app`: app and sandbox start, stop, come back and say what is wrong."""

from __future__ import annotations

import signal
import socket
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
import urllib3
from demo.conftest import COMMAND, Start, environment

NUMBER = "+447400123456"


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
    code, rest = program.stop(signal.SIGINT)
    assert code == 0, rest
    assert "Traceback" not in rest
    folder = tmp_path / ".demo"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
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


@pytest.mark.parametrize("port", ["-1", "65536", "\u0665\u0660\u0660\u0660"])
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


def test_a_file_that_holds_no_notes_is_told(tmp_path: Path) -> None:
    (tmp_path / ".demo").mkdir()
    (tmp_path / ".demo" / "notes.sqlite3").write_text("something else, long enough to be read" * 9)
    code, said = refused(tmp_path)
    assert code == 2
    assert said == "example_app: .demo/notes.sqlite3 is not a file of notes: move it away."


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / ".demo").write_text("a file is in the way")
    code, said = refused(tmp_path)
    assert code == 2
    assert "start from a folder that you may write to" in said

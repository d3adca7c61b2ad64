"""The servers of the tests' own: none of them outlives its test process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import servers

TESTS = Path(servers.__file__).parent
RUN = "import servers; s = servers.plain(); print(s.pid, s.folder, flush=True); input()"


def alive(pid: int) -> bool:
    """Whether it runs; one that nobody has waited for yet does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("silent", [False, True])
def test_a_killed_test_run_leaves_no_redis_and_no_folder_behind(silent: bool) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=TESTS,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    pid, folder = run.stdout.readline().split()
    assert alive(int(pid))
    if silent:
        os.kill(int(pid), signal.SIGSTOP)
    run.kill()
    run.communicate()
    servers.until(lambda: not alive(int(pid)) and not Path(folder).exists())


def test_a_stopped_server_is_started_again_and_ends_with_its_folder() -> None:
    server = servers.plain()
    former = server.pid
    server.stop()
    assert not alive(former)
    assert server.folder.exists()
    server.start()
    assert server.answers()
    server.end()
    assert not server.folder.exists()

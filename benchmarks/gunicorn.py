"""A gunicorn with one entry, and the CPU and memory of its whole process tree."""

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

_LISTENING = re.compile(r"Listening at: (http://127\.0\.0\.1:\d+)")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A running entry."""

    address: str
    pid: int

    def cpu_seconds(self) -> float:
        """User and system time of master and workers so far."""
        return sum(_cpu(pid) for pid in self._tree())

    def megabytes(self) -> float:
        """Resident memory of the worker (the largest of the tree)."""
        return max(_resident(pid) for pid in self._tree()) / 2**20

    def _tree(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return [self.pid, *map(int, children)]


@contextmanager
def serve(entry: str, variant: str, redis: str, folder: Path) -> Iterator[Server]:
    """One worker with eight threads on a free port; stopped by its own process id."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "gunicorn", "benchmarks.served:create()"]
    command += ["--workers=1", "--worker-class=gthread", "--threads=8", "--bind=127.0.0.1:0"]
    environ = {
        **os.environ,
        "BENCH_ENTRY": entry,
        "BENCH_VARIANT": variant,
        "BENCH_REDIS": redis,
        "BENCH_FOLDER": str(folder),
    }
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = ""
    while not (found := _LISTENING.search(said)):
        line = process.stderr.readline()
        assert line, said
        said += line
    try:
        yield Server(found[1], process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")

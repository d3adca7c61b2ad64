"""The pages as tests see them, their examples by name, and servers that the pages' commands run."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
_EXAMPLE = re.compile(
    r"(?:<!-- (?P<mark>example|not run): (?P<name>[^>]+) -->\n)?"
    r"```(?P<language>[a-z+]+)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)

Take = Callable[[str, str], str]


@pytest.fixture(scope="session")
def generate() -> Iterator[ModuleType]:
    """The module `docs/generate.py`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "docs")
        yield importlib.import_module("generate")


@pytest.fixture(scope="session")
def read() -> Callable[[str], str]:
    """`read(page)`: the text of a page, by its path below `docs`."""
    return lambda page: (ROOT / "docs" / page).read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def blocks(read: Callable[[str], str]) -> Callable[[str], list[re.Match[str]]]:
    """`blocks(page)`: its fenced blocks with `mark`, `name`, `language` and `text`."""
    return lambda page: list(_EXAMPLE.finditer(read(page)))


@pytest.fixture(scope="session")
def take(blocks: Callable[[str], list[re.Match[str]]]) -> Take:
    """`take(page, name)`: the text of one marked example."""

    def taken(page: str, name: str) -> str:
        found = {block["name"]: block["text"] for block in blocks(page)}
        return found[name]

    return taken


class Program:
    """A server that was started by a page's command; `url` is its address."""

    def __init__(self, command: str, folder: Path, extra: dict[str, str]) -> None:
        shell = shutil.which("bash")
        assert shell is not None, "the pages' commands are for bash"
        self.process = subprocess.Popen(
            [shell, "-c", command.strip()],
            cwd=folder,
            env=environment(folder, extra),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.seen: list[str] = []
        self.url = self.line(r"http://127\.0\.0\.1:\d+")

    def line(self, pattern: str) -> str:
        """What the program prints next that `pattern` fits."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.seen.append(line)
            if found := re.search(pattern, line):
                return found.group()
        raise AssertionError(f"it ended without {pattern}: {''.join(self.seen)}")

    def stop(self) -> None:
        """End it and what it has started."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.communicate(timeout=60)


def environment(folder: Path, extra: dict[str, str]) -> dict[str, str]:
    """This process's environment, with our commands first and nothing of a test run's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "FLASK_", "SMS_SANDBOX_"))
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    return {**kept, "PATH": path, "PYTHONPATH": str(folder), "PYTHONUNBUFFERED": "1", **extra}


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """`start(command, **environment)`: run a page's server in the test's folder."""
    programs: list[Program] = []

    def started(command: str, **extra: str) -> Program:
        programs.append(Program(command, tmp_path, extra))
        return programs[-1]

    yield started
    for program in reversed(programs):
        program.stop()


@pytest.fixture
def shell(tmp_path: Path) -> Callable[..., str]:
    """`shell(lines, **environment)`: run a page's lines with bash; returns what they print."""

    def run(lines: str, **extra: str) -> str:
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", lines],
            cwd=tmp_path,
            env=environment(tmp_path, extra),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run

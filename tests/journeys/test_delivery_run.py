"""The benchmark of failing vendors, in short: whoever asks gets in or is told, and pays once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("seed", [4, 5])
def test_a_bad_minute_breaks_no_promise(seed: int) -> None:
    given = ["--seeds", str(seed), "--seconds", "90", "--visitors", "24", "--no-silence"]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.delivery", *given],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith(f"| {seed} |")]
    assert [row.split(" | ")[1] for row in rows] == [
        "twilio",
        "twilio, plivo",
        "twilio, plivo, sns",
    ]
    inside = [int(row.split(" | ")[2]) for row in rows]
    assert inside[-1] >= inside[0]
    assert "BROKEN" not in done.stdout

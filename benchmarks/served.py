"""What gunicorn serves: one entry of the benchmark, with a way to read the codes."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from flask import Flask

from benchmarks.floor import create_floor
from benchmarks.ours import create_ours

CODE_WAIT = 5.0


def _with_codes(app: Flask, sent: dict[str, str]) -> Flask:
    @app.get("/bench/code/<phone>")
    def code(phone: str) -> Any:
        deadline = time.monotonic() + CODE_WAIT
        while phone not in sent and time.monotonic() < deadline:
            time.sleep(0.001)  # the thread that sends tells nobody
        return sent.pop(phone)

    return app


def create() -> Flask:
    """The entry that the environment names."""
    store = os.environ["BENCH_STORE"]
    if os.environ["BENCH_ENTRY"] == "floor":
        return _with_codes(*create_floor(store))
    folder = Path(os.environ["BENCH_FOLDER"])
    return _with_codes(*create_ours(folder, store, "thread"))

"""What gunicorn serves: one entry of the benchmark, with a way to read the codes."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask

from benchmarks.codes import Codes
from benchmarks.floor import create_floor
from benchmarks.variants import variants


def _with_codes(app: Flask, codes: Codes) -> Flask:
    app.add_url_rule("/bench/code/<phone>", view_func=codes.take, endpoint="code")
    return app


def create() -> Flask:
    """The entry that the environment names."""
    redis = os.environ["BENCH_REDIS"]
    variant = variants(redis)[os.environ["BENCH_VARIANT"]]
    if os.environ["BENCH_ENTRY"] == "floor":
        return _with_codes(*create_floor(variant.store))
    from benchmarks.ours import create_ours  # not in the floor's memory

    folder = Path(os.environ["BENCH_FOLDER"])
    return _with_codes(*create_ours(folder, variant, "thread"))

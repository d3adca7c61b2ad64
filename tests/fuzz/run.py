"""`python tests/fuzz/run.py TARGET [switches of libFuzzer]`: inputs that reach new code."""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))
with atheris.instrument_imports(include=["flask_phoneauth", "phonenumbers", "fuzz"]):
    from fuzz.targets import TARGETS


def main() -> None:
    """Fuzz one target until it errs, hangs, or its time is over."""
    name, *switches = sys.argv[1:] or [""]
    if name not in TARGETS:
        sys.exit(f"Which target? One of: {', '.join(TARGETS)}")
    atheris.Setup([sys.argv[0], *switches], TARGETS[name])
    atheris.Fuzz()


main()

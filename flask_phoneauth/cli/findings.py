"""What `doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass

OK, HINT, FAULT = "ok", "hint", "fault"


@dataclass(frozen=True, slots=True)
class Finding:
    """`level` is `ok`, `hint` or `fault`; `text` says what is so and what to do."""

    level: str
    about: str
    text: str

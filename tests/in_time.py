"""What must end by itself: without its time-out it never would."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 15.0
"""Seconds. What is promised ends after one or two; a busy machine may take its time."""


@contextmanager
def in_time() -> Iterator[None]:
    """What happens inside does not wait for something that never comes."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < LONGEST

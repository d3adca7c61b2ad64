"""The seam between a request, which must not wait for a vendor, and the job that does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self

from flask_phoneauth.records import Job
from flask_phoneauth.settings import Settings

Handle = Callable[[Job], None]


class Dispatch(Protocol):
    """Takes jobs from many threads and gives each to its handle once."""

    @classmethod
    def from_settings(cls, settings: Settings, handle: Handle) -> Self:
        """Build it; no thread and no connection is begun before the first job."""

    def submit(self, job: Job) -> None:
        """Have the job done; raises `Busy` where it cannot be taken."""

    def close(self) -> None:
        """Take no more jobs and finish those taken, within a bound; may be called twice."""

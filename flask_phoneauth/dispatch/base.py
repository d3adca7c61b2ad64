"""The seam between a request, which must not wait for a vendor, and the job that does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, Self, runtime_checkable

from flask_phoneauth.records import Job
from flask_phoneauth.settings import Settings

Handle = Callable[[Job], None]


class Dispatch(Protocol):
    """Takes jobs from many threads and gives each to its handle.

    One that may bring a job again says so in `Job.delivered`: 1 for the first time, 2 where the
    worker that had it was lost.
    """

    @classmethod
    def from_settings(cls, settings: Settings, handle: Handle) -> Self:
        """Build it; no thread and no connection is begun before the first job."""

    def submit(self, job: Job) -> None:
        """Have the job done; raises `Busy` where it cannot be taken."""

    def close(self) -> None:
        """Take no more jobs and finish those taken, within a bound; may be called twice."""


@runtime_checkable
class Queue(Protocol):
    """What a dispatch has beside that where other processes do its jobs."""

    def work(self, processes: int) -> None:
        """Do jobs in this process, and in so many of its children, until it is told to end."""

    def perform(self, job: Job) -> None:
        """Do one job that `work` was brought."""

    def waiting(self) -> int:
        """How many jobs nobody has begun; raises `Busy` where the broker does not answer."""

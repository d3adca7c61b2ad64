"""Runs the job at once, in the thread that asks; for tests."""

from __future__ import annotations

from typing import Self

from flask_phoneauth.dispatch.base import Handle
from flask_phoneauth.errors import Busy
from flask_phoneauth.records import Job
from flask_phoneauth.settings import Settings


class InlineDispatch:
    """When `submit` returns the job is done; an error of the job is raised to its caller."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._closed = False

    @classmethod
    def from_settings(
        cls,
        settings: Settings,  # noqa: ARG003 - nothing to set
        handle: Handle,
    ) -> Self:
        """It needs no settings."""
        return cls(handle)

    def submit(self, job: Job) -> None:
        """Do the job; raises `Busy` after `close`, else what the job raises."""
        if self._closed:
            raise Busy
        self._handle(job)

    def close(self) -> None:
        """Take no more jobs."""
        self._closed = True

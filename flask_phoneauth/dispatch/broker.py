"""Which Redis the queues of jobs are in, how long it is waited for, and how a job is written.

`BrokerDispatch` is what all have who hand a job to other processes there.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from typing import Any, Generic, Self, TypeVar

from flask_phoneauth.dispatch.base import Handle
from flask_phoneauth.dispatch.running import run
from flask_phoneauth.records import Job
from flask_phoneauth.settings import SettingError, Settings

SCHEMES = ("redis://", "rediss://")
CONNECT_SECONDS = 0.5
ANSWER_SECONDS = 1.0
"""How long a request waits for the broker, as it does for a store (RULES 35)."""
JOB_SECONDS = 60
"""A run that takes longer is ended: providers give up long before."""

Asker = TypeVar("Asker")


class BrokerDispatch(ABC, Generic[Asker]):
    """At most about `bound` waiting jobs: threads that ask at once may each add one."""

    def __init__(self, handle: Handle, url: str, name: str, *, bound: int) -> None:
        self._handle, self._url, self._name, self._bound = handle, url, name, bound
        self._lock = threading.Lock()
        self._owner = 0
        self._asker: Asker | None = None
        self._closed = False

    @classmethod
    def from_settings(cls, settings: Settings, handle: Handle) -> Self:
        """Build it from `QUEUE_URL`, `QUEUE_NAME` and `DISPATCH_QUEUE`."""
        url = broker_url(settings)
        return cls(handle, url, settings.queue_name, bound=settings.dispatch_queue)

    def perform(self, job: Job) -> None:
        """Do one job."""
        run(self._handle, job)

    def close(self) -> None:
        """Take no more jobs; those taken are the workers'."""
        self._closed = True
        with self._lock:
            if self._asker is not None and self._owner == os.getpid():
                self._end(self._asker)
            self._asker = None

    @abstractmethod
    def _make(self) -> Asker:
        """What a request asks the broker through."""

    @abstractmethod
    def _end(self, asker: Asker) -> None:
        """Close its connections."""

    def _own(self) -> Asker:
        """This process's own: a fork must not share its parent's connections."""
        with self._lock:
            if self._asker is None or self._owner != os.getpid():
                self._asker = self._make()
                self._owner = os.getpid()
            return self._asker


def broker_url(settings: Settings) -> str:
    """`QUEUE_URL`, else the store's where that is one Redis server; raises `SettingError`."""
    url = settings.queue_url or settings.store_url
    if not url.startswith(SCHEMES):
        raise SettingError(
            f"PHONEAUTH_DISPATCH = {settings.dispatch!r} needs PHONEAUTH_QUEUE_URL, as "
            "redis://host:6379/0 or rediss://host:6379/0"
        )
    if settings.store_url.startswith("memory:"):
        raise SettingError(
            "PHONEAUTH_STORE_URL = 'memory://' is seen by no worker of "
            f"PHONEAUTH_DISPATCH = {settings.dispatch!r}: name a database or Redis"
        )
    return url


def written(job: Job) -> list[Any]:
    """What a queue holds of a job: nothing that is worth stealing."""
    return [job.challenge_id, job.generation, job.asked_at]


def read(challenge_id: Any, generation: Any, asked_at: Any, *, delivered: int) -> Job:
    """The job as a worker is brought it."""
    return Job(str(challenge_id), int(generation), float(asked_at), delivered)

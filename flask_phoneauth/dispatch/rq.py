"""Jobs in a queue of RQ, done by `flask phoneauth worker` in a fork each.

A fork that dies has its job queued once more by the worker that watches it; the store sees to
it that no message is sent twice for that.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any, ClassVar, Self

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry as Retries
from rq import Queue as RqQueue
from rq import Retry, Worker, get_current_job
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer

from flask_phoneauth.dispatch.base import Handle
from flask_phoneauth.dispatch.broker import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    JOB_SECONDS,
    broker_url,
    read,
    written,
)
from flask_phoneauth.dispatch.running import run
from flask_phoneauth.errors import Busy
from flask_phoneauth.records import Job
from flask_phoneauth.settings import SettingError, Settings

RUN_AGAIN = 1
KEPT_SECONDS = 60
"""How long RQ keeps what it knows of a job that was lost for good."""


class RqDispatch:
    """At most about `bound` waiting jobs: threads that ask at once may each add one."""

    def __init__(self, handle: Handle, url: str, name: str, *, bound: int) -> None:
        self._handle, self._url, self._name, self._bound = handle, url, name, bound
        self._lock = threading.Lock()
        self._owner = 0
        self._queue: RqQueue | None = None
        self._closed = False

    @classmethod
    def from_settings(cls, settings: Settings, handle: Handle) -> Self:
        """Build it from `QUEUE_URL`, `QUEUE_NAME` and `DISPATCH_QUEUE`."""
        url = broker_url(settings)
        return cls(handle, url, settings.queue_name, bound=settings.dispatch_queue)

    def submit(self, job: Job) -> None:
        """Queue the job; raises `Busy` where the queue is full or closed, or Redis is away."""
        if self._closed or self.waiting() >= self._bound:
            raise Busy
        try:
            self._own_queue().enqueue_call(
                f"{__name__}.{_perform.__name__}",
                args=tuple(written(job)),
                timeout=JOB_SECONDS,
                result_ttl=0,
                failure_ttl=KEPT_SECONDS,
                description=self._name,
                retry=Retry(max=RUN_AGAIN),
            )
        except (RedisError, OSError) as error:
            raise Busy from error

    def waiting(self) -> int:
        """How many jobs nobody has begun; raises `Busy` where Redis does not answer."""
        try:
            return int(self._own_queue().count)
        except (RedisError, OSError) as error:
            raise Busy from error

    def work(self, processes: int) -> None:
        """Do jobs, each in a fork of this process, until it is told to end."""
        if processes > 1:
            raise SettingError("rq does one job at a time: start the command once per process")
        _OurJob.perform_job = self.perform
        connection = Redis.from_url(self._url, socket_connect_timeout=CONNECT_SECONDS * 10)
        queue = RqQueue(
            self._name, connection=connection, serializer=JSONSerializer, job_class=_OurJob
        )
        worker = Worker(
            [queue],
            connection=connection,
            serializer=JSONSerializer,
            job_class=_OurJob,
            log_job_description=False,
        )
        worker.work(logging_level="WARNING")

    def perform(self, job: Job) -> None:
        """Do one job."""
        run(self._handle, job)

    def close(self) -> None:
        """Take no more jobs; those taken are the workers'."""
        self._closed = True
        with self._lock:
            if self._queue is not None and self._owner == os.getpid():
                self._queue.connection.close()
            self._queue = None

    def _own_queue(self) -> RqQueue:
        """This process's own: a fork must not share its parent's connections."""
        with self._lock:
            if self._queue is None or self._owner != os.getpid():
                connection = Redis.from_url(
                    self._url,
                    socket_connect_timeout=CONNECT_SECONDS,
                    socket_timeout=ANSWER_SECONDS,
                    retry=Retries(NoBackoff(), 0),
                )
                self._queue = RqQueue(self._name, connection=connection, serializer=JSONSerializer)
                self._owner = os.getpid()
            return self._queue


class _OurJob(RqJob):
    """A job of ours whatever Redis says: whoever can write there can have nothing else called."""

    perform_job: ClassVar[Callable[[Job], None] | None] = None

    @property
    def func(self) -> Callable[..., None]:
        """The one function."""
        return _perform


def _perform(challenge_id: Any, generation: Any, asked_at: Any) -> None:
    """Run in the fork."""
    current = get_current_job()
    left = RUN_AGAIN if current is None else current.retries_left or 0
    job = read(challenge_id, generation, asked_at, delivered=1 + RUN_AGAIN - left)
    assert _OurJob.perform_job is not None, "this is done by `work` only"
    _OurJob.perform_job(job)

"""Jobs in a queue of RQ, done by `flask phoneauth worker` in a fork each.

A fork that dies has its job queued once more by the worker that watches it; the store sees to
it that no message is sent twice for that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry as Retries
from rq import Queue as RqQueue
from rq import Retry, Worker, get_current_job
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer

from flask_phoneauth.dispatch.broker import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    JOB_SECONDS,
    BrokerDispatch,
    read,
    written,
)
from flask_phoneauth.errors import Busy
from flask_phoneauth.records import Job
from flask_phoneauth.settings import SettingError

RUN_AGAIN = 1
KEPT_SECONDS = 60
"""How long RQ keeps what it knows of a job that was lost for good."""


class RqDispatch(BrokerDispatch[RqQueue]):
    """RQ's queue; its bound and its end are those of every broker."""

    def submit(self, job: Job) -> None:
        """Queue the job; raises `Busy` where the queue is full or closed, or Redis is away."""
        if self._closed or self.waiting() >= self._bound:
            raise Busy
        try:
            self._own().enqueue_call(
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
            return int(self._own().count)
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

    def _make(self) -> RqQueue:
        connection = Redis.from_url(
            self._url,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=Retries(NoBackoff(), 0),
        )
        return RqQueue(self._name, connection=connection, serializer=JSONSerializer)

    def _end(self, asker: RqQueue) -> None:
        asker.connection.close()


class _OurJob(RqJob):
    """A job of ours whatever Redis says: whoever can write there can have nothing else called."""

    perform_job: ClassVar[Callable[[Job], None] | None] = None

    @property
    def func(self) -> Callable[..., None]:
        """The one function."""
        return _perform

    @property
    def success_callback(self) -> None:
        """Nothing: RQ would call by a name what stands in Redis."""

    @property
    def failure_callback(self) -> None:
        """Nothing either."""

    @property
    def stopped_callback(self) -> None:
        """Nothing either."""


def _perform(challenge_id: Any, generation: Any, asked_at: Any) -> None:
    """Run in the fork."""
    current = get_current_job()
    left = RUN_AGAIN if current is None else current.retries_left or 0
    job = read(challenge_id, generation, asked_at, delivered=1 + RUN_AGAIN - left)
    assert _OurJob.perform_job is not None, "this is done by `work` only"
    _OurJob.perform_job(job)

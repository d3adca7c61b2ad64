"""Jobs in a queue of Celery on Redis, done by `flask phoneauth worker` in its processes.

The Celery app is our own, with keys of its own in Redis: what another one there is set to, or
how long its tasks take, changes nothing here. A job is acknowledged after it was done; one whose
process died is queued again at once, one whose whole worker died after `LOST_AFTER` seconds. The
store sees to it that no message is sent twice for that.
"""

from __future__ import annotations

from typing import Any

from celery import Celery
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

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

TASK = "flask_phoneauth.send"
LOST_AFTER = 22
"""Seconds without a word after which a job counts as lost: longer than a message is tried for,
and sooner than it is too late to send it."""
LOOK_EVERY = 2
"""Seconds between looks for lost jobs."""
MOST_CONNECTIONS = 10
LOST_CONNECTION = (KombuError, RedisError, OSError)
_KEYS = "phoneauth:queue:"
_WORKING = {
    "global_keyprefix": _KEYS,
    "visibility_timeout": LOST_AFTER,
    "unacked_restore_interval": LOOK_EVERY,
    "unacked_restore_throttle": 1,
}
_ASKING = {
    **_WORKING,
    "socket_connect_timeout": CONNECT_SECONDS,
    "socket_timeout": ANSWER_SECONDS,
    "retry_on_timeout": False,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "connect_retries_timeout": ANSWER_SECONDS,
}


class CeleryDispatch(BrokerDispatch[Celery]):
    """Celery's queue; its bound and its end are those of every broker."""

    def submit(self, job: Job) -> None:
        """Queue the job; raises `Busy` where the queue is full or closed, or Redis is away."""
        if self._closed:
            raise Busy
        try:
            with self._own().producer_pool.acquire(block=True, timeout=ANSWER_SECONDS) as producer:
                if self._depth(producer.channel) >= self._bound:
                    raise Busy
                self._own().send_task(
                    TASK, written(job), producer=producer, queue=self._name, retry=False
                )
        except LOST_CONNECTION as error:
            raise Busy from error

    def waiting(self) -> int:
        """How many jobs nobody has begun; raises `Busy` where Redis does not answer."""
        try:
            with self._own().producer_pool.acquire(block=True, timeout=ANSWER_SECONDS) as producer:
                return self._depth(producer.channel)
        except LOST_CONNECTION as error:
            raise Busy from error

    def work(self, processes: int) -> None:
        """Do jobs in so many children of this process, until it is told to end."""
        celery = self._made(_WORKING)

        def send(task: Any, challenge_id: Any, generation: Any, asked_at: Any) -> None:
            again = bool((task.request.delivery_info or {}).get("redelivered"))
            self.perform(read(challenge_id, generation, asked_at, delivered=1 + again))

        celery.task(send, name=TASK, bind=True)
        worker = celery.Worker(
            concurrency=processes,
            queues=[self._name],
            loglevel="WARNING",
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            quiet=True,
        )
        worker.start()

    def _make(self) -> Celery:
        return self._made(_ASKING)

    def _end(self, asker: Celery) -> None:
        asker.close()

    def _depth(self, channel: Any) -> int:
        told = channel.queue_declare(queue=self._name, passive=False)
        return int(told.message_count)

    def _made(self, options: dict[str, Any]) -> Celery:
        celery = Celery("flask_phoneauth", broker=self._url, set_as_current=False)
        celery.conf.update(
            accept_content=["json"],
            broker_connection_retry_on_startup=True,
            broker_pool_limit=MOST_CONNECTIONS,
            broker_transport_options=options,
            task_acks_late=True,
            task_default_queue=self._name,
            task_ignore_result=True,
            task_reject_on_worker_lost=True,
            task_serializer="json",
            task_time_limit=JOB_SECONDS,
            worker_enable_remote_control=False,
            worker_hijack_root_logger=False,
            worker_prefetch_multiplier=1,
        )
        return celery

"""Runs jobs in a few threads of this process, behind a bounded queue.

Threads begin with the first job and retire when idle, so an application that was set up before a
fork, or is never asked, has none. They are daemons, which never hold the interpreter's exit up;
what waits then is finished by an exit hook, within `EXIT_WAIT`.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import deque
from typing import Self

from flask_phoneauth.dispatch.base import Handle
from flask_phoneauth.dispatch.running import run
from flask_phoneauth.errors import Busy
from flask_phoneauth.records import Job
from flask_phoneauth.settings import Settings

EXIT_WAIT = 10.0
"""Seconds that `close`, and the exit of the interpreter, wait for the jobs taken."""
IDLE_WAIT = 5.0
"""Seconds without a job after which a thread retires."""

logger = logging.getLogger("flask_phoneauth")


class ThreadDispatch:
    """At most `workers` threads and `queue` waiting jobs."""

    def __init__(
        self,
        handle: Handle,
        *,
        workers: int = 4,
        queue: int = 256,
        idle_wait: float = IDLE_WAIT,
    ) -> None:
        self._handle = handle
        self._most_workers = workers
        self._most_waiting = queue
        self._idle_wait = idle_wait
        self._closed = False
        self._begin_anew()
        _living.add(self)

    @classmethod
    def from_settings(cls, settings: Settings, handle: Handle) -> Self:
        """Build it from `DISPATCH_WORKERS` and `DISPATCH_QUEUE`."""
        return cls(handle, workers=settings.dispatch_workers, queue=settings.dispatch_queue)

    def submit(self, job: Job) -> None:
        """Queue the job; raises `Busy` where the queue is full, closed, or no thread will start."""
        with self._lock:
            if self._closed or len(self._waiting) >= self._most_waiting:
                raise Busy
            if self._idle <= len(self._waiting) and self._workers < self._most_workers:
                self._begin_worker()
            self._waiting.append(job)
            self._work.notify()

    def drain(self, timeout: float) -> bool:
        """Wait until every job taken is done; False if `timeout` seconds were not enough."""
        with self._lock:
            return self._settled.wait_for(self._is_settled, timeout)

    def close(self, timeout: float = EXIT_WAIT) -> None:
        """Take no more jobs, finish those taken, drop and log what `timeout` seconds leave over."""
        with self._lock:
            self._closed = True
            self._settled.wait_for(self._is_settled, timeout)
            dropped, running = len(self._waiting), self._running
            self._waiting.clear()
            self._work.notify_all()  # idle threads retire now
        if dropped or running:
            logger.warning("closing: %d messages dropped, %d still being sent", dropped, running)

    def _begin_anew(self) -> None:
        # Called in the child of a fork too: the parent's threads are not there, its lock may be
        # held for ever, and its jobs stay the parent's.
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._settled = threading.Condition(self._lock)
        self._waiting: deque[Job] = deque()
        self._workers = self._idle = self._running = 0

    def _begin_worker(self) -> None:
        worker = threading.Thread(target=self._run, name="flask-phoneauth-send", daemon=True)
        try:
            worker.start()
        except RuntimeError:  # out of threads, or the interpreter is at its end
            if not self._workers:
                raise Busy from None
        else:
            self._workers += 1

    def _run(self) -> None:
        while (job := self._next()) is not None:
            try:
                run(self._handle, job)
            finally:
                self._done()

    def _next(self) -> Job | None:
        with self._lock:
            self._idle += 1
            self._work.wait_for(lambda: self._waiting or self._closed, self._idle_wait)
            self._idle -= 1
            if not self._waiting:
                # In the same step as the look at the queue, or a job that arrives in between
                # would count on this thread.
                self._workers -= 1
                return None
            self._running += 1
            return self._waiting.popleft()

    def _done(self) -> None:
        with self._lock:
            self._running -= 1
            if self._is_settled():
                self._settled.notify_all()

    def _is_settled(self) -> bool:
        return not self._waiting and not self._running


_living: weakref.WeakSet[ThreadDispatch] = weakref.WeakSet()


def _close_all() -> None:
    deadline = time.monotonic() + EXIT_WAIT
    for dispatch in tuple(_living):
        dispatch.close(max(0.0, deadline - time.monotonic()))


def _begin_all_anew() -> None:
    for dispatch in tuple(_living):
        dispatch._begin_anew()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all_anew)

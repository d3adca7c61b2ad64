"""Writes entries behind a bounded queue: nobody's answer waits for the trail, or fails with it.

An entry that cannot be written is tried again while the queue has room; after that it is lost,
counted and logged. One thread begins with the first entry and retires when idle; what waits at
the interpreter's exit is written then, within `EXIT_WAIT`.
"""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from flask_phoneauth.audit.entries import MESSAGE_KINDS, entry_of
from flask_phoneauth.clock import Clock
from flask_phoneauth.errors import StoreUnavailable
from flask_phoneauth.events import Event
from flask_phoneauth.otp.keys import Keyring
from flask_phoneauth.records import AuditEntry, Client
from flask_phoneauth.settings import Settings
from flask_phoneauth.stores.audit import SqlAudit

MOST_WAITING = 10_000
"""Entries that may wait to be written; those that come then are lost."""
MOST_AT_ONCE = 200
"""Entries in one transaction."""
GATHER_SECONDS = 0.2
"""How long the first entry waits for others, so that they share a transaction."""
RETRY_SECONDS = 1.0
MOST_RETRY_SECONDS = 60.0
"""A database that takes nothing is tried again after the first, then twice as long each time."""
IDLE_SECONDS = 5.0
EXIT_WAIT = 5.0
FORGET_SECONDS = 600
"""How often entries that are past their time are looked for."""

logger = logging.getLogger("flask_phoneauth")


class Trail:
    """The trail of one app; `lost` counts the entries that could not be kept."""

    def __init__(self, rows: SqlAudit, settings: Settings, keys: Keyring, clock: Clock) -> None:
        self._rows, self._settings, self._keys, self._clock = rows, settings, keys, clock
        self._test_tags = frozenset(map(keys.phone_tag, settings.test_numbers))
        self._closed = False
        self._forget_at = 0.0
        self.lost = 0
        self._begin_anew()
        _living.add(self)

    def record(self, event: Event, client: Client | None) -> None:
        """Take down what happened; `client` is who caused it. Never raises, never waits."""
        entry = entry_of(event, self._keys, client=client, now=self._clock.now())
        if entry is None:
            return
        if entry.phone_tag in self._test_tags:
            entry = replace(entry, test_number=True)
        with self._lock:
            if self._closed or len(self._waiting) >= MOST_WAITING:
                self._lose(1)
                return
            self._waiting.append(entry)
            if self._writer is None:
                self._begin_writer()
            self._work.notify()

    def search(
        self, *, phone: str = "", kind: str = "", since: float = 0.0, limit: int = 50
    ) -> list[AuditEntry]:
        """The newest entries that fit, oldest first; raises `StoreUnavailable`.

        `phone` is a number in E.164 form. What this process has seen is in it.
        """
        self.flush(EXIT_WAIT)
        tag = self._keys.phone_tag(phone) if phone else ""
        return self._rows.search(phone_tag=tag, kind=kind, since=since, limit=limit)[::-1]

    def flush(self, timeout: float) -> bool:
        """Wait until all is written; False if that failed, or `timeout` seconds were too few."""
        with self._lock:
            failures = self._failures
            self._flushes += 1
            self._hurried += 1
            self._work.notify_all()
            self._written.wait_for(lambda: not self._waiting or self._failures > failures, timeout)
            self._hurried -= 1
            return not self._waiting

    def close(self, timeout: float = EXIT_WAIT) -> None:
        """Write what waits, and take no more; what `timeout` seconds leave over is lost."""
        until = time.monotonic() + timeout
        self.flush(timeout)
        with self._lock:
            self._closed = True
            self._lose(len(self._waiting))
            self._waiting.clear()
            self._work.notify_all()
            writer = self._writer
        if writer is not None:  # it may be forgetting what is old, in a database that is to close
            writer.join(max(0.0, until - time.monotonic()))

    def _begin_anew(self) -> None:
        # Called in the child of a fork too: the parent's thread is not there, its lock may be
        # held for ever, and its entries stay the parent's.
        self._lock = threading.Lock()
        self._work = threading.Condition(self._lock)
        self._written = threading.Condition(self._lock)
        self._waiting: deque[AuditEntry] = deque()
        self._writer: threading.Thread | None = None
        self._hurried = self._flushes = self._failures = self._in_a_row = 0

    def _begin_writer(self) -> None:
        writer = threading.Thread(target=self._run, name="flask-phoneauth-audit", daemon=True)
        try:
            writer.start()
        except RuntimeError:  # out of threads, or at the interpreter's end: the next one may start
            logger.error("the audit trail cannot be written: no thread starts")
        else:
            self._writer = writer

    def _run(self) -> None:
        while batch := self._next():
            written = self._write(batch)
            with self._lock:
                if written:
                    self._in_a_row = 0
                    for _ in batch[: len(self._waiting)]:  # `close` may have given them up
                        self._waiting.popleft()
                else:
                    self._failures += 1
                    self._in_a_row += 1
                self._written.notify_all()
            if written:
                self._forget()
            else:
                self._rest()

    def _next(self) -> Sequence[AuditEntry]:
        """What is to be written now; nothing where the thread is to retire."""
        with self._lock:
            self._work.wait_for(lambda: self._waiting or self._closed, IDLE_SECONDS)
            if not self._waiting:
                self._writer = None
                return ()
            self._work.wait_for(self._is_time, GATHER_SECONDS)
            return tuple(self._waiting)[:MOST_AT_ONCE]

    def _is_time(self) -> bool:
        return bool(self._hurried) or self._closed or len(self._waiting) >= MOST_AT_ONCE

    def _rest(self) -> None:
        """After a failure, longer each time, unless somebody waits for the trail."""
        with self._lock:
            asked = self._flushes
            seconds = min(MOST_RETRY_SECONDS, RETRY_SECONDS * 2 ** min(10, self._in_a_row - 1))
            self._work.wait_for(lambda: self._closed or self._flushes > asked, seconds)

    def _write(self, batch: Sequence[AuditEntry]) -> bool:
        try:
            self._rows.add(batch)
        except StoreUnavailable:  # logged by the database
            return False
        return True

    def _forget(self) -> None:
        now = self._clock.now()
        if abs(now - self._forget_at) < FORGET_SECONDS:
            return
        messages = now - self._settings.audit_message_retention
        try:
            done = self._rows.forget(now - self._settings.audit_retention)
            done = self._rows.forget(messages, kinds=MESSAGE_KINDS) and done
        except StoreUnavailable:
            return
        self._forget_at = now if done else 0.0

    def _lose(self, entries: int) -> None:
        if entries and not self.lost:
            logger.error("the audit trail loses entries: they could not be written in time")
        self.lost += entries


_living: weakref.WeakSet[Trail] = weakref.WeakSet()


def _close_all() -> None:
    deadline = time.monotonic() + EXIT_WAIT
    for trail in tuple(_living):
        trail.close(max(0.0, deadline - time.monotonic()))


def _begin_all_anew() -> None:
    for trail in tuple(_living):
        trail._begin_anew()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all_anew)

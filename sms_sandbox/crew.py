"""The threads that answer requests: whoever came to rest last goes first, so that few are at work
and their memory stays at hand."""

import threading
from collections import deque
from typing import Protocol


class Task(Protocol):
    """What the server hands on: a connection with a request that has been read."""

    def service(self) -> None:
        """Answer the request."""
        ...

    def cancel(self) -> None:
        """Give the connection up: nobody will answer."""
        ...


class _Hand:
    """One thread's place to rest: ``turn`` is free once there is a task, or an end."""

    __slots__ = ("task", "turn")

    def __init__(self, task: Task) -> None:
        self.task: Task | None = task
        self.turn = threading.Lock()
        self.turn.acquire()

    def wake(self, task: Task | None) -> None:
        self.task = task
        self.turn.release()


class Crew:
    """At most ``most`` threads, each begun when all others are busy; what comes beyond them waits
    its turn. It stands in the place of waitress' dispatcher, whose threads go round in a ring."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._left = threading.Condition(self._lock)
        self._resting: list[_Hand] = []
        self._waiting: deque[Task] = deque()
        self._number = 0
        self._closed = False

    def add_task(self, task: Task) -> None:
        """Have ``task`` done, by whoever rests or is next free."""
        with self._lock:
            hand = self._resting.pop() if self._resting else None
            if hand is None and self._number >= self._most:
                self._waiting.append(task)
                return
            if hand is None:
                self._number += 1
        if hand is None:
            self._begin(task)
        else:
            hand.wake(task)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> bool:
        """Send everyone home, waiting at most ``timeout`` seconds for who is busy, and cancel
        what nobody has begun; whether everyone has left."""
        with self._lock:
            self._closed = True
            resting, self._resting = self._resting, []
            for hand in resting:
                hand.wake(None)
            everyone_left = self._left.wait_for(lambda: self._number == 0, timeout)
            pending, self._waiting = self._waiting, deque()
        for task in pending if cancel_pending else ():
            task.cancel()
        return everyone_left

    def _begin(self, task: Task) -> None:
        name = f"sms-sandbox-request-{self._number}"
        thread = threading.Thread(target=self._work, args=(_Hand(task),), name=name, daemon=True)
        try:
            thread.start()
        except RuntimeError:
            self._do_without(task)

    def _do_without(self, task: Task) -> None:
        """The machine has no thread left: whoever is there does the task, if anyone is."""
        with self._lock:
            self._number -= 1
            hand = self._resting.pop() if self._resting else None
            if hand is None and self._number:
                self._waiting.append(task)
                return
        if hand is None:
            task.cancel()
        else:
            hand.wake(task)

    def _work(self, hand: _Hand) -> None:
        try:
            while hand.task is not None:
                _serve(hand.task)
                self._await_next(hand)
        finally:
            with self._lock:
                self._number -= 1
                # There is one only where a failure has ended this thread: another goes on.
                following = self._waiting.popleft() if self._waiting and not self._closed else None
                self._left.notify_all()
            if following is not None:
                self.add_task(following)

    def _await_next(self, hand: _Hand) -> None:
        with self._lock:
            hand.task = self._waiting.popleft() if self._waiting and not self._closed else None
            if hand.task is not None or self._closed:
                return
            self._resting.append(hand)
        hand.turn.acquire()


def _serve(task: Task) -> None:
    answered = False
    try:
        task.service()
        answered = True
    finally:
        if not answered:
            # Nobody else would end the connection of a request whose answer failed.
            task.cancel()

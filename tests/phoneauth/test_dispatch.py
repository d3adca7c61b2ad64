from __future__ import annotations

import gc
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flask_phoneauth.dispatch.base import Dispatch
from flask_phoneauth.dispatch.inline import InlineDispatch
from flask_phoneauth.dispatch.thread import ThreadDispatch
from flask_phoneauth.errors import Busy
from flask_phoneauth.plugins import load_dispatch
from flask_phoneauth.records import Job
from flask_phoneauth.settings import Settings

NOW = 1_800_000_000.0
WAIT = 45.0  # a bound for what an event ends; never slept through


def job(number: int = 0, *, asked_at: float = NOW) -> Job:
    return Job(challenge_id=f"tag.{number}", generation=1, asked_at=asked_at)


def sending_threads() -> set[threading.Thread]:
    return {t for t in threading.enumerate() if t.name == "flask-phoneauth-send"}


class Gate:
    """A handle that tells when it has begun and goes on when it may."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.may_go = threading.Event()
        self.done: list[Job] = []

    def __call__(self, job: Job) -> None:
        self.begun.release()
        assert self.may_go.wait(WAIT)
        self.done.append(job)

    def wait_for(self, count: int) -> None:
        for _ in range(count):
            assert self.begun.acquire(timeout=WAIT)


Make = Callable[..., ThreadDispatch]


@pytest.fixture
def make() -> Iterator[Make]:
    """Build dispatches that are closed when the test ends."""
    made: list[ThreadDispatch] = []

    def build(handle: Callable[[Job], None], **knobs: object) -> ThreadDispatch:
        dispatch = ThreadDispatch(handle, **knobs)  # type: ignore[arg-type]
        made.append(dispatch)
        return dispatch

    yield build
    for dispatch in made:
        if isinstance(dispatch._handle, Gate):
            dispatch._handle.may_go.set()
        dispatch.close(WAIT)


@pytest.fixture
def switching_often() -> Iterator[None]:
    """Make the interpreter change threads as often as it can, so that races show."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("name", ["inline", "thread"])
def test_each_dispatch_does_a_job_once(name: str) -> None:
    done: list[Job] = []
    dispatch: Dispatch = load_dispatch(name).from_settings(Settings(), done.append)
    one = job(asked_at=time.time())
    dispatch.submit(one)
    dispatch.close()
    dispatch.close()
    assert done == [one]
    with pytest.raises(Busy):
        dispatch.submit(one)


def test_inline_is_done_when_submit_returns_and_raises_what_the_job_raises() -> None:
    def fail(job: Job) -> None:
        raise LookupError("no such challenge")

    with pytest.raises(LookupError):
        InlineDispatch(fail).submit(job())


def test_a_request_does_not_wait_for_the_job(make: Make) -> None:
    gate = Gate()
    dispatch = make(gate)
    dispatch.submit(job())
    gate.wait_for(1)
    assert gate.done == []
    gate.may_go.set()
    assert dispatch.drain(WAIT)
    assert gate.done == [job()]


def test_as_many_jobs_run_side_by_side_as_there_are_workers(make: Make) -> None:
    gate = Gate()
    dispatch = make(gate, workers=3, queue=10)
    for number in range(5):
        dispatch.submit(job(number))
    gate.wait_for(3)
    assert not gate.begun.acquire(blocking=False)
    gate.may_go.set()
    assert dispatch.drain(WAIT)
    assert sorted(j.challenge_id for j in gate.done) == [f"tag.{n}" for n in range(5)]


def test_a_full_queue_is_busy_and_takes_jobs_again_later(make: Make) -> None:
    gate = Gate()
    dispatch = make(gate, workers=1, queue=2)
    dispatch.submit(job(0))
    gate.wait_for(1)
    dispatch.submit(job(1))
    dispatch.submit(job(2))
    with pytest.raises(Busy):
        dispatch.submit(job(3))
    gate.may_go.set()
    assert dispatch.drain(WAIT)
    dispatch.submit(job(4))
    assert dispatch.drain(WAIT)
    assert [j.challenge_id for j in gate.done] == ["tag.0", "tag.1", "tag.2", "tag.4"]


def test_from_settings_takes_workers_and_queue() -> None:
    gate = Gate()
    settings = Settings(dispatch_workers=2, dispatch_queue=1)
    dispatch = ThreadDispatch.from_settings(settings, gate)
    for number in range(2):
        dispatch.submit(job(number))
        gate.wait_for(1)
    dispatch.submit(job(2))
    with pytest.raises(Busy):
        dispatch.submit(job(3))
    gate.may_go.set()
    dispatch.close(WAIT)
    assert len(gate.done) == 3


def test_a_thousand_jobs_of_many_threads_are_each_done_once(make: Make) -> None:
    done: Counter[str] = Counter()
    lock = threading.Lock()

    def count(job: Job) -> None:
        with lock:
            done[job.challenge_id] += 1

    # A retirement time of nothing makes threads come and go all the while.
    dispatch = make(count, workers=4, queue=1000, idle_wait=0.0)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: dispatch.submit(job(n)), range(1000)))
    assert dispatch.drain(WAIT)
    assert done == Counter({f"tag.{n}": 1 for n in range(1000)})


def test_a_job_that_meets_a_retiring_thread_is_done(make: Make, switching_often: None) -> None:
    done: list[Job] = []
    dispatch = make(done.append, workers=1, idle_wait=0.0)
    for number in range(500):
        dispatch.submit(job(number))
        assert dispatch.drain(WAIT), f"job {number} has no thread"
    assert len(done) == 500


def test_a_job_that_raises_is_logged_by_class_only_and_the_worker_lives_on(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    workers = []

    def fail_first(job: Job) -> None:
        workers.append(threading.current_thread())
        if job.challenge_id == "tag.0":
            raise LookupError("+447911123456 has code 481920")

    dispatch = make(fail_first, workers=1)
    dispatch.submit(job(0))
    dispatch.submit(job(1))
    assert dispatch.drain(WAIT)
    assert workers[0] is workers[1]
    assert "LookupError" in caplog.text
    assert "7911123456" not in caplog.text
    assert "481920" not in caplog.text
    assert all(record.exc_info is None for record in caplog.records)


def test_no_thread_is_begun_before_the_first_job(make: Make) -> None:
    before = sending_threads()
    gate = Gate()
    dispatch = make(gate, workers=4)
    assert sending_threads() <= before, "some of another test may just have ended"
    dispatch.submit(job())
    gate.wait_for(1)
    assert len(sending_threads() - before) == 1


def test_idle_threads_retire_and_new_ones_begin_with_the_next_job(make: Make) -> None:
    workers: list[threading.Thread] = []
    dispatch = make(lambda job: workers.append(threading.current_thread()), idle_wait=0.0)
    for number in range(2):
        dispatch.submit(job(number))
        assert dispatch.drain(WAIT)
        workers[-1].join(WAIT)
        assert not workers[-1].is_alive()
    assert workers[0] is not workers[1]


def test_an_idle_thread_is_woken_by_the_next_job(make: Make) -> None:
    workers: set[threading.Thread] = set()
    dispatch = make(lambda job: workers.add(threading.current_thread()), workers=1, idle_wait=999)
    for number in range(20):
        dispatch.submit(job(number))
        assert dispatch.drain(WAIT), f"job {number} was left lying"
    assert len(workers) == 1


def test_a_forgotten_dispatch_leaves_no_thread_behind() -> None:
    workers: list[threading.Thread] = []
    dispatch = ThreadDispatch(lambda job: workers.append(threading.current_thread()), idle_wait=0.0)
    dispatch.submit(job())
    assert dispatch.drain(WAIT)
    forgotten = weakref.ref(dispatch)
    del dispatch
    workers[0].join(WAIT)
    gc.collect()
    assert forgotten() is None


def test_drain_says_when_its_time_was_not_enough(make: Make) -> None:
    gate = Gate()
    dispatch = make(gate)
    assert dispatch.drain(0), "nothing was submitted"
    dispatch.submit(job())
    gate.wait_for(1)
    assert not dispatch.drain(0.01)


def test_close_finishes_what_was_taken(make: Make) -> None:
    gate = Gate()
    dispatch = make(gate, workers=1)
    for number in range(3):
        dispatch.submit(job(number))
    gate.wait_for(1)
    closing = threading.Thread(target=dispatch.close, args=(WAIT,))
    closing.start()
    gate.may_go.set()
    closing.join(WAIT)
    assert len(gate.done) == 3


def test_close_is_bounded_and_says_what_it_left(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate()
    dispatch = make(gate, workers=1)
    dispatch.submit(job(0))
    gate.wait_for(1)
    dispatch.submit(job(1))
    dispatch.close(0.01)
    assert "1 messages dropped, 1 still being sent" in caplog.text
    gate.may_go.set()
    assert dispatch.drain(WAIT)
    assert gate.done == [job(0)], "what was dropped is not sent later"


def test_a_machine_out_of_threads_is_busy(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Job] = []
    dispatch = make(done.append)
    with monkeypatch.context() as patch:

        def refuse(self: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(Busy):
            dispatch.submit(job(0))
    dispatch.submit(job(1))
    assert dispatch.drain(WAIT)
    assert done == [job(1)], "what was refused is not sent later"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_begins_with_its_own_threads_and_an_empty_queue(make: Make) -> None:
    reading, writing = os.pipe()
    here = os.getpid()
    gate = Gate()

    def handle(job: Job) -> None:
        if os.getpid() == here:
            gate(job)
        else:
            os.write(writing, job.challenge_id.encode() + b"\n")

    dispatch = make(handle, workers=1)
    dispatch.submit(job(1))
    gate.wait_for(1)
    dispatch.submit(job(2))
    with dispatch._lock:  # as when another thread holds it at the moment of the fork
        child = os.fork()
        if child == 0:
            signal.alarm(int(WAIT))  # a child that hangs must not outlive the test
            try:
                dispatch.submit(job(3))
                os._exit(0 if dispatch.drain(WAIT) else 2)
            finally:
                os._exit(1)
    os.close(writing)
    assert os.waitpid(child, 0)[1] == 0
    with os.fdopen(reading) as told:
        assert told.read() == "tag.3\n"
    gate.may_go.set()
    assert dispatch.drain(WAIT)
    assert gate.done == [job(1), job(2)]


AT_EXIT = """
import atexit, sys, threading, time
from flask_phoneauth.dispatch import thread
from flask_phoneauth.records import Job

begun, ended = threading.Event(), threading.Event()
atexit.register(ended.set)  # runs before the dispatch's own hook: last registered, first run

def handle(job):
    begun.set()
    {work}.wait()
    with open(sys.argv[1], "a") as out:
        out.write(job.challenge_id + "\\n")

thread.EXIT_WAIT = {wait}
dispatch = thread.ThreadDispatch(handle, workers=1)
for number in range(3):
    dispatch.submit(Job(str(number), 1, time.time()))
begun.wait()
"""


def run_to_its_end(program: str, out: Path) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", program, str(out)],
        check=True,
        timeout=WAIT + 10,
        capture_output=True,
        text=True,
    )
    return ended.stderr


def test_what_is_queued_when_the_program_ends_is_still_sent(tmp_path: Path) -> None:
    assert run_to_its_end(AT_EXIT.format(work="ended", wait=WAIT), tmp_path / "sent") == ""
    assert (tmp_path / "sent").read_text().split() == ["0", "1", "2"]


def test_a_job_that_hangs_does_not_hold_the_programs_end_up(tmp_path: Path) -> None:
    program = AT_EXIT.format(work="threading.Event()", wait=0.2)
    told = run_to_its_end(program, tmp_path / "sent")
    assert "2 messages dropped, 1 still being sent" in told
    assert not (tmp_path / "sent").exists()


def test_the_logs_of_a_quiet_run_are_empty(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    dispatch = make(lambda job: None)
    dispatch.submit(job())
    dispatch.close(WAIT)
    assert caplog.records == []

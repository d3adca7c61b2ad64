"""The threads of the server: which of them answers, how many there are, how they end."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from sms_sandbox.crew import Crew

LONGEST = 20


class Work:
    """A task that lasts until it is let go."""

    def __init__(self, done: list["Work"] | None = None) -> None:
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.thread = 0
        self.canceled = False
        self._done = [] if done is None else done

    def service(self) -> None:
        self.thread = threading.get_ident()
        self.begun.set()
        assert self.go_on.wait(LONGEST)
        self._done.append(self)

    def cancel(self) -> None:
        self.canceled = True


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < deadline
        threading.Event().wait(0.001)


@pytest.fixture
def crew() -> Iterator[Crew]:
    crew = Crew(2)
    yield crew
    assert crew.shutdown(timeout=LONGEST)


def begin(crew: Crew) -> Work:
    work = Work()
    crew.add_task(work)
    assert work.begun.wait(LONGEST)
    return work


def end(crew: Crew, work: Work) -> None:
    resting = len(crew._resting)
    work.go_on.set()
    until(lambda: len(crew._resting) == resting + 1)


def test_whoever_came_to_rest_last_goes_first(crew: Crew) -> None:
    first, second = begin(crew), begin(crew)
    assert first.thread != second.thread
    end(crew, second)
    end(crew, first)
    for _ in range(3):
        again = begin(crew)
        assert again.thread == first.thread
        end(crew, again)


def test_a_thread_is_begun_only_when_all_others_are_busy(crew: Crew) -> None:
    for _ in range(3):
        end(crew, begin(crew))
    assert crew._number == 1


def test_what_comes_beyond_the_threads_waits_its_turn(crew: Crew) -> None:
    busy = [begin(crew), begin(crew)]
    done: list[Work] = []
    waiting = [Work(done) for _ in range(3)]
    for work in waiting:
        work.go_on.set()
        crew.add_task(work)
    assert not any(work.begun.is_set() for work in waiting)
    end_one, end_two = busy
    end_one.go_on.set()
    until(lambda: len(done) == 3)
    assert done == waiting
    assert {work.thread for work in done} == {end_one.thread}
    end_two.go_on.set()


def test_an_end_waits_for_who_is_busy_and_cancels_what_nobody_has_begun() -> None:
    crew = Crew(1)
    busy, waiting = begin(crew), Work()
    crew.add_task(waiting)
    assert not crew.shutdown(timeout=0.01)
    assert waiting.canceled
    busy.go_on.set()
    assert crew.shutdown(timeout=LONGEST)
    assert not waiting.begun.is_set()


class Failing(Work):
    """A task that fails once it is let go."""

    def service(self) -> None:
        self.worker = threading.current_thread()
        super().service()
        raise LookupError("no answer")


def test_a_failing_task_ends_its_connection_and_another_thread_goes_on_with_what_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", told.append)
    crew = Crew(1)
    failing, waiting = Failing(), Work()
    crew.add_task(failing)
    assert failing.begun.wait(LONGEST)
    crew.add_task(waiting)
    failing.go_on.set()
    assert waiting.begun.wait(LONGEST)
    failing.worker.join(LONGEST)
    assert failing.canceled
    assert [one.exc_type for one in told] == [LookupError]
    waiting.go_on.set()
    assert crew.shutdown(timeout=LONGEST)


def test_a_machine_without_more_threads_lets_the_others_do_it(
    crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, waiting, refused = begin(crew), Work(), Work()

    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", start)
        crew.add_task(waiting)
        Crew(1).add_task(refused)
    assert refused.canceled
    busy.go_on.set()
    assert waiting.begun.wait(LONGEST)
    assert waiting.thread == busy.thread
    waiting.go_on.set()
    until(lambda: len(crew._resting) == 1)
    others = [begin(crew), begin(crew)]
    for work in others:
        work.go_on.set()


def test_who_ends_work_meanwhile_begins_nothing_that_waits() -> None:
    crew = Crew(1)
    busy, waiting = begin(crew), Work()
    crew.add_task(waiting)
    waiting.go_on.set()
    ended: list[bool] = []
    ending = threading.Thread(target=lambda: ended.append(crew.shutdown(timeout=LONGEST)))
    ending.start()
    until(lambda: crew._closed)
    busy.go_on.set()
    ending.join(LONGEST)
    assert ended == [True]
    assert waiting.canceled
    assert not waiting.begun.is_set()

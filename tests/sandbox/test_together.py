import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from sms_sandbox.errors import Busy, InvalidRequest
from sms_sandbox.inbox.together import Together

LONGEST = 20


class Workshop:
    """Work that stops at its first batch until it is let go on."""

    def __init__(self, limit: int = 64) -> None:
        self.batches: list[list[int]] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.together: Together[int, str] = Together(self._work, limit)

    def _work(self, items: Sequence[int]) -> list[str]:
        self.batches.append(list(items))
        self.begun.set()
        assert self.go_on.wait(LONGEST)
        if -1 in items:
            raise InvalidRequest("This cannot be done.")
        if -2 in items:
            raise ZeroDivisionError
        return [f"done {item}" for item in items]

    def crowd(self, *items: int) -> list[Callable[[], str]]:
        """The outcomes of item 0 and, in one queue behind it, of all others."""
        with ThreadPoolExecutor(len(items) + 1) as pool:
            outcomes = [pool.submit(self.together.do, 0)]
            assert self.begun.wait(LONGEST)
            for number, item in enumerate(items, 1):
                outcomes.append(pool.submit(self.together.do, item))
                while len(self.together._waiting) < number:
                    assert not outcomes[-1].done()
            self.go_on.set()
        return [outcome.result for outcome in outcomes]


def test_whoever_comes_meanwhile_is_served_together_and_in_order() -> None:
    workshop = Workshop()
    outcomes = workshop.crowd(1, 2, 3, 4)
    assert [outcome() for outcome in outcomes] == [f"done {number}" for number in range(5)]
    assert workshop.batches == [[0], [1, 2, 3, 4]]


def test_a_batch_is_bounded_and_the_next_one_follows() -> None:
    workshop = Workshop(limit=2)
    outcomes = workshop.crowd(1, 2, 3, 4, 5)
    assert [outcome() for outcome in outcomes] == [f"done {number}" for number in range(6)]
    assert workshop.batches == [[0], [1, 2], [3, 4], [5]]


def test_nobody_waits_for_others_to_come() -> None:
    workshop = Workshop()
    workshop.go_on.set()
    assert [workshop.together.do(number) for number in (1, 2)] == ["done 1", "done 2"]
    assert workshop.batches == [[1], [2]]


def test_what_cannot_be_done_spoils_nothing_else() -> None:
    workshop = Workshop()
    outcomes = workshop.crowd(1, -1, 3)
    assert outcomes[1]() == "done 1"
    assert outcomes[3]() == "done 3"
    with pytest.raises(InvalidRequest):
        outcomes[2]()


def test_a_fault_in_the_work_leaves_nobody_waiting() -> None:
    workshop = Workshop()
    outcomes = workshop.crowd(-2, 2)
    with pytest.raises(ZeroDivisionError):
        outcomes[1]()
    with pytest.raises(Busy):
        outcomes[2]()
    assert workshop.together.do(3) == "done 3"

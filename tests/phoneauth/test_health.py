"""Breakers and routes as pure figures: any order of news, and whom a message then asks."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from flask_phoneauth.health import (
    CLOSED,
    FAILED,
    FORGOTTEN,
    HALF_OPEN,
    LEASE,
    NEW,
    OPEN,
    PROBED,
    TOOK,
    UNUSED,
    Breaker,
    Floor,
    Health,
    News,
    Patience,
    Rate,
    Routes,
    after,
    news_of,
    order,
    probed,
    rotated,
)

PATIENCE = Patience(failures=3, pauses=(30, 60))
NOW = 1_700_000_123.0
SHUT = Breaker(open_until=NOW + 10, opened=1)
FLOOR = Floor(50, 4)


class BreakerMachine(RuleBasedStateMachine):
    """Workers that send, probe and get lost, beside a plain count of what was told."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.breaker = NOW, NEW
        self.row = 0
        self.leases: list[float] = []

    @rule(seconds=st.sampled_from([0.5, 5, 29, 30, 59, 60, 61, 300, FORGOTTEN, FORGOTTEN + 61]))
    def time_passes(self, seconds: float) -> None:
        before = self.breaker.state(self.now)
        self.now += seconds
        if self.breaker.state(self.now) == CLOSED != before:
            self.row = 0

    @rule(kind=st.sampled_from([TOOK, FAILED, FAILED]))
    def tell(self, kind: str) -> None:
        """A worker that holds no lease."""
        before = self.breaker
        state = before.state(self.now)
        self.breaker = after(before, News("first", kind, "down"), PATIENCE, self.now)
        if state != CLOSED:
            assert self.breaker == before
            return
        self.row = self.row + 1 if kind == FAILED else 0
        opened = self.breaker.state(self.now) == OPEN
        assert opened == (self.row >= PATIENCE.failures)
        self.row = 0 if opened else self.row

    @rule()
    def probe(self) -> None:
        """A worker asks whether it may."""
        given = probed(self.breaker, self.now)
        assert (given is not None) == (self.breaker.state(self.now) == HALF_OPEN)
        if given is not None:
            assert all(lease <= self.now for lease in self.living())
            self.leases.append(given.probe)
            self.breaker = given

    @rule(kind=st.sampled_from([TOOK, FAILED, UNUSED]), turn=st.integers(0, 9))
    def report(self, kind: str, turn: int) -> None:
        """Whoever has held a lease tells what came of it, perhaps too late."""
        if not self.leases:
            return
        lease = self.leases.pop(turn % len(self.leases))
        before, state = self.breaker, self.breaker.state(self.now)
        self.breaker = after(before, News("first", kind, "down", lease), PATIENCE, self.now)
        if state == CLOSED:
            self.row = self.row + (kind == FAILED) if kind != TOOK else 0
            self.row = 0 if self.breaker.state(self.now) == OPEN else self.row
        elif lease != before.probe:
            assert self.breaker == before
        else:
            expected = {TOOK: CLOSED, FAILED: OPEN, UNUSED: HALF_OPEN}[kind]
            assert self.breaker.state(self.now) == expected
            self.row = 0

    def living(self) -> list[float]:
        return [lease for lease in self.leases if lease == self.breaker.probe]

    @invariant()
    def pauses_are_bounded(self) -> None:
        assert self.breaker.open_until <= self.now + max(PATIENCE.pauses)
        assert self.breaker.probe <= self.now + LEASE
        assert self.breaker.failures < PATIENCE.failures


TestBreaker = BreakerMachine.TestCase
TestBreaker.settings = hypothesis.settings(
    deadline=None, derandomize=True, database=None, max_examples=300, stateful_step_count=40
)


def test_a_breaker_tells_its_state() -> None:
    shut = Breaker(open_until=NOW, opened=1)
    assert NEW.state(NOW) == CLOSED
    assert shut.state(NOW - 1) == OPEN
    assert shut.state(NOW) == HALF_OPEN
    held = probed(shut, NOW)
    assert held is not None
    assert held.state(NOW + LEASE - 1) == PROBED
    assert held.state(NOW + LEASE) == HALF_OPEN
    assert shut.state(NOW + FORGOTTEN) == CLOSED


def test_pauses_grow_to_the_last() -> None:
    breaker, pauses = SHUT, []
    for _ in range(3):
        now = breaker.open_until
        held = probed(breaker, now)
        assert held is not None
        breaker = after(held, News("first", FAILED, "down", held.probe), PATIENCE, now)
        pauses.append(breaker.open_until - now)
    assert pauses == [60, 60, 60]


def test_a_region_without_a_route_takes_that_of_all_others() -> None:
    routes = Routes({"*": ("a", "b"), "GB": ("b",)})
    assert (routes.of("GB"), routes.of("FR"), routes.of("")) == (("b",), ("a", "b"), ("a", "b"))
    assert routes.names() == ("a", "b")
    assert Routes().of("GB") == ()


@pytest.mark.parametrize(
    ("health", "asked"),
    [
        (Health(), "abc"),
        (Health({"a": SHUT}), "bc"),
        (Health({"a": SHUT}, probes={"a": 1.0}), "abc"),
        (Health(rates={"a": Rate(1, 3)}), "bca"),
        (Health(rates={"a": Rate(2, 2)}), "abc"),
        (Health(rates={"a": Rate(0, 3)}), "abc"),  # too few to tell
        (Health(rates={"a": Rate(0, 9), "b": Rate(0, 9), "c": Rate(0, 9)}), "abc"),
        (Health({"a": SHUT, "b": SHUT, "c": SHUT}), ""),
    ],
)
def test_whom_a_message_asks(health: Health, asked: str) -> None:
    assert "".join(order(tuple("abc"), health, FLOOR, NOW)) == asked


@pytest.mark.parametrize(
    ("lost_by", "rates", "asked"),
    [
        ("a", {}, "bca"),
        ("b", {}, "cab"),
        ("gone", {}, "abc"),
        ("b", {"c": Rate(0, 9)}, "acb"),
        ("b", {"a": Rate(0, 9), "c": Rate(0, 9)}, "cab"),
    ],
)
def test_whoever_lost_it_is_asked_last(lost_by: str, rates: dict[str, Rate], asked: str) -> None:
    assert "".join(order(tuple("abc"), Health(rates=rates), FLOOR, NOW, lost_by=lost_by)) == asked


@pytest.mark.parametrize(
    ("turn", "asked"), [(0, "abc"), (1, "bca"), (2, "cab"), (3, "abc"), (4, "bca")]
)
def test_whoever_asks_again_is_sent_it_by_the_next_one(turn: int, asked: str) -> None:
    assert "".join(order(tuple("abc"), Health(), FLOOR, NOW, turn=turn)) == asked
    assert order((), Health(), FLOOR, NOW, turn=turn) == ()


def test_a_route_turns_behind_whoever_lost_a_message() -> None:
    assert rotated(("a", "b", "c"), "a") == ("b", "c", "a")
    assert rotated(("a", "b"), "") == ("a", "b")


def test_of_a_provider_that_is_well_there_is_no_news() -> None:
    assert news_of([("a", None)], Health(), NOW) == ()
    assert news_of([("a", None)], Health({"a": NEW}), NOW) == ()


def test_failures_probes_and_recoveries_are_news() -> None:
    health = Health({"a": SHUT, "b": Breaker(failures=1), "c": SHUT}, probes={"a": 5.0, "c": 6.0})
    tried = [("a", "read_timeout"), ("b", None)]
    assert news_of(tried, health, NOW) == (
        News("a", FAILED, "read_timeout", 5.0),
        News("b", TOOK),
        News("c", UNUSED, probe=6.0),
    )

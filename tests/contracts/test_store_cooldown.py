"""The waits between messages of a number and of a browser (RULES 21)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contracts.steps import HOUR
from contracts.stores import ALICE, BOB, Bench

from flask_phoneauth.stores.base import Issued, Refusal, Right


def climb(bench: Bench, ask: Callable[[int], Any]) -> list[int]:
    """The waits after six messages, each asked for as early as it can be."""
    waits = []
    for n in range(6):
        begun = ask(n)
        assert isinstance(begun, Issued)
        waits.append(begun.resend_in)
        bench.now += begun.resend_in
    return waits


def test_the_cooldown_of_a_number_grows(bench: Bench) -> None:
    bench.configure(sends_per_hour=50, max_live_challenges=50)
    waits = climb(bench, lambda n: bench.ask(ALICE, f"w{n}", address=f"a{n}"))
    assert waits == [30, 60, 120, 240, 240, 240]


def test_the_cooldown_of_a_binding_grows_over_all_numbers(bench: Bench) -> None:
    waits = climb(bench, lambda n: bench.ask(f"+44740012345{n}", "ann", address=f"a{n}"))
    assert waits == [30, 60, 120, 240, 240, 240]


def test_jitter_is_only_added_and_drawn_once(bench: Bench) -> None:
    begun = bench.begun(jitter=0.1)
    assert begun.resend_in == 33
    bench.now += 32
    assert bench.ask(jitter=0.0).job is None
    bench.now += 1
    assert bench.ask(jitter=0.0).job is not None


def test_a_success_clears_the_cooldown_of_the_number_and_the_binding(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    bench.now += 30
    bench.resend(challenge_id)
    assert isinstance(bench.enter(challenge_id, bench.code(challenge_id)), Right)
    assert bench.begun(ALICE, "bea").resend_in == 30  # the number's, from the first rung
    assert bench.begun(BOB, "ann").resend_in == 30  # the browser's


def test_a_success_leaves_other_cooldowns_alone(bench: Bench) -> None:
    bench.begun(BOB, "bea")
    challenge_id = bench.begun(ALICE, "ann").challenge.id
    assert isinstance(bench.enter(challenge_id, bench.code(challenge_id)), Right)
    assert bench.ask(BOB, "cat") == Refusal("cooldown", 30)


def test_an_idle_hour_begins_the_cooldown_anew(bench: Bench) -> None:
    bench.begun()
    bench.now += 30
    bench.begun()
    bench.now += HOUR - 1
    assert bench.begun().resend_in == 120
    bench.now += HOUR
    assert bench.begun().resend_in == 30


def test_a_known_failure_does_not_spend_the_cooldown(bench: Bench) -> None:
    begun = bench.begun()
    bench.settle(begun.job, "failed", reason="unreachable")
    assert bench.peek(begun.challenge.id).resend_in == 0
    again = bench.begun()
    assert again.challenge.id == begun.challenge.id
    assert again.resend_in == 30  # the same rung
    assert bench.begun(BOB, "bea").resend_in == 30


def test_a_late_failure_leaves_the_wait_of_a_later_message_alone(bench: Bench) -> None:
    slow = bench.begun()
    bench.now += 30
    bench.begun()
    bench.now += 5
    bench.settle(slow.job, "failed", reason="server_error")
    assert bench.peek(slow.challenge.id).resend_in == 55
    assert bench.ask(who="bea") == Refusal("cooldown", 55)


def test_resend_in_is_the_largest_wait_of_all_rules(bench: Bench) -> None:
    bench.configure(cooldown=(30,), sends_per_hour=2)
    bench.begun()
    bench.now += 30
    last = bench.begun()
    assert last.resend_in > 3000  # the hour's messages, not the cooldown
    assert bench.ask().resend_in == last.resend_in
    bench.now += last.resend_in - 1
    assert isinstance(bench.ask(who="bea"), Refusal)
    bench.now += 1
    assert isinstance(bench.ask(who="bea"), Issued)

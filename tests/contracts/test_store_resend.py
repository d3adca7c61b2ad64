"""Resends: the same code while it lasts, then a new one; tries are never refilled (RULES 6)."""

from __future__ import annotations

import pytest
from contracts.steps import assert_passes_exactly, late_resend
from contracts.stores import Bench

from flask_phoneauth.stores.base import Ended, Missing, Refusal, Right, Wrong


def test_a_resend_in_the_cooldown_is_refused(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    bench.now += 0.25
    refusal = bench.resend(challenge_id)
    assert refusal == Refusal("cooldown", 30)
    assert_passes_exactly(bench, refusal, "cooldown", lambda: bench.resend(challenge_id))


@pytest.mark.parametrize(("ttl", "left"), [(300, 120), (120, 90), (600, 240)])
def test_a_resend_repeats_the_code_while_enough_time_is_left(
    bench: Bench, ttl: int, left: int
) -> None:
    bench.configure(code_ttl=ttl, cooldown=(1,))
    begun = bench.begun()
    ends = begun.challenge.expires_at
    bench.now = ends - left
    again = bench.resend(begun.challenge.id)
    assert again.job.generation == 0
    bench.settle(again.job, "accepted")
    assert bench.peek(begun.challenge.id).challenge.expires_at == ends  # it never moves
    bench.now = ends - left + 1
    assert bench.resend(begun.challenge.id).job.generation == 1


def test_the_former_code_stays_good_to_its_own_expiry_and_no_longer(bench: Bench) -> None:
    again = late_resend(bench)
    challenge_id = again.challenge.id
    bench.settle(again.job, "accepted")
    bench.now += 99.5
    peek = bench.peek(challenge_id).challenge
    assert peek.expires_at == again.challenge.created_at + 500
    bench.now += 0.5  # 300 seconds after the first one was made
    assert bench.enter(challenge_id, bench.code(challenge_id, 0)) == Wrong(4)
    assert isinstance(bench.enter(challenge_id, bench.code(challenge_id, 1)), Right)


def test_the_former_code_still_signs_in_beside_the_new_one(bench: Bench) -> None:
    again = late_resend(bench)
    bench.settle(again.job, "accepted")
    bench.now += 99.5
    assert isinstance(bench.enter(again.challenge.id, bench.code(again.challenge.id, 0)), Right)


def test_at_most_two_live_codes_share_one_try_counter(bench: Bench) -> None:
    bench.configure(code_ttl=120, cooldown=(1,))
    begun = bench.begun()
    challenge_id = begun.challenge.id
    for generation in (1, 2):
        bench.now += 31  # less than 90 seconds left: a new generation
        again = bench.resend(challenge_id)
        assert again.job.generation == generation
        bench.settle(again.job, "accepted")
    live = [g.number for g in bench.peek(challenge_id).challenge.generations if g.digest]
    assert live == [1, 2]
    assert bench.enter(challenge_id, bench.code(challenge_id, 0)) == Wrong(4)
    for left in (3, 2, 1, 0):
        assert bench.enter(challenge_id, bench.wrong(challenge_id)) == Wrong(left)
    assert bench.enter(challenge_id, bench.code(challenge_id, 2)) == Ended("too_many_tries")


def test_a_resend_does_not_refill_tries(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    for left in (4, 3, 2, 1):
        assert bench.enter(challenge_id, bench.wrong(challenge_id)) == Wrong(left)
    bench.now += 200
    again = bench.resend(challenge_id)
    bench.settle(again.job, "accepted")
    assert bench.peek(challenge_id).challenge.tries_left == 1
    assert bench.enter(challenge_id, bench.wrong(challenge_id)) == Wrong(0)


def test_a_resend_with_no_try_left_is_over(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    for _ in range(5):
        bench.enter(challenge_id, bench.wrong(challenge_id))
    bench.now += 30
    assert bench.resend(challenge_id) == Ended("too_many_tries")


def test_a_resend_needs_the_binding_and_a_challenge(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    bench.now += 30
    assert bench.resend(challenge_id, "eve") == Missing(foreign=True)
    assert bench.resend(challenge_id.partition(".")[0] + ".nothing") == Missing()


def test_a_pending_code_that_is_renewed_costs_the_former_one_nothing(bench: Bench) -> None:
    bench.configure(code_ttl=120, cooldown=(1,))
    begun = bench.begun()
    bench.settle(begun.job, "accepted")
    for generation in (1, 2):  # neither is settled
        bench.now += 31
        assert bench.resend(begun.challenge.id).job.generation == generation
    found = bench.peek(begun.challenge.id).challenge
    assert [g.number for g in found.generations] == [0, 2]
    assert isinstance(bench.enter(begun.challenge.id, bench.code(begun.challenge.id)), Right)

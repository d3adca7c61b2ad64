"""A right code whose user could not be made is good again, and cannot be sent again."""

from __future__ import annotations

from contracts.steps import exhaust, use
from contracts.stores import BOB, Bench

from flask_phoneauth.stores.base import Ended, Right


def test_a_reopened_code_is_good_again_but_cannot_be_sent_again(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    code = bench.code(challenge_id)
    assert isinstance(bench.enter(challenge_id, code), Right)
    bench.store.reopen(challenge_id, now=bench.now)
    assert bench.resend(challenge_id) == Ended("used")
    assert isinstance(bench.enter(challenge_id, code), Right)
    assert bench.enter(challenge_id, code) == Ended("used")


def test_only_a_used_challenge_is_reopened_and_only_while_it_lives(bench: Bench) -> None:
    tired = bench.begun(who="ann").challenge.id
    exhaust(bench, tired)
    bench.store.reopen(tired, now=bench.now)
    assert bench.enter(tired, bench.code(tired)) == Ended("too_many_tries")
    late = bench.begun(BOB, "bea").challenge.id
    bench.enter(late, bench.code(late), "bea")
    bench.now += 300
    bench.store.reopen(late, now=bench.now)
    assert bench.enter(late, bench.code(late), "bea") == Ended("used")
    bench.store.reopen("unknown.id", now=bench.now)


def test_reopening_gives_nothing_back_twice(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=2, max_live_challenges=50)
    bench.begun(who="stranger")
    bench.now += 1
    mine = bench.begun(who="ann").challenge.id
    for _ in range(3):
        assert isinstance(bench.enter(mine, bench.code(mine)), Right)
        bench.store.reopen(mine, now=bench.now)
    bench.begun(who="next")
    bench.now += 1
    assert bench.ask(who="late").code == "budget_exhausted"


def test_a_start_beside_a_reopened_challenge_makes_one_that_can_be_sent(bench: Bench) -> None:
    worn = bench.begun().challenge.id
    use(bench, worn)
    bench.store.reopen(worn, now=bench.now)
    fresh = bench.begun()
    assert fresh.challenge.id != worn
    assert bench.load(fresh.job) is not None
    assert bench.enter(worn, bench.code(worn)) == Ended("used")  # one live challenge a binding
    assert isinstance(bench.enter(fresh.challenge.id, bench.code(fresh.challenge.id)), Right)

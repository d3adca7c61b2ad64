"""Tries: counted, compared and consumed in one step; the lock of a number (RULES 5, 19)."""

from __future__ import annotations

from contracts.steps import HOUR, assert_passes_exactly, spend_tries
from contracts.stores import BOB, Bench

from flask_phoneauth.stores.base import Ended, Issued, Missing, Right, Wrong


def test_wrong_codes_are_counted_and_the_last_one_ends_the_challenge(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    wrong = bench.wrong(challenge_id)
    assert [bench.enter(challenge_id, wrong) for _ in range(5)] == [
        Wrong(n) for n in (4, 3, 2, 1, 0)
    ]
    assert bench.enter(challenge_id, bench.code(challenge_id)) == Ended("too_many_tries")


def test_a_code_is_good_once(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    code = bench.code(challenge_id)
    assert isinstance(bench.enter(challenge_id, code), Right)
    assert bench.enter(challenge_id, code) == Ended("used")


def test_a_code_is_good_to_its_last_moment(bench: Bench) -> None:
    first = bench.begun(who="ann").challenge.id
    bench.now += 299.999
    assert isinstance(bench.enter(first, bench.code(first)), Right)
    second = bench.begun(who="ann").challenge.id
    bench.now += 300
    assert bench.enter(second, bench.code(second)) == Ended("expired")


def test_fifteen_wrong_codes_lock_a_number_even_for_the_right_one(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=50, max_live_challenges=50)
    waiting = bench.begun(who="ann").challenge.id
    bench.now += 2
    spend_tries(bench, 15)
    locked = bench.enter(waiting, bench.code(waiting))
    assert locked.code == "locked"
    assert bench.enter(waiting, bench.wrong(waiting)) == locked
    assert bench.peek(waiting).challenge.tries == 0
    assert isinstance(bench.ask(BOB, "bea"), Issued)
    refusal = bench.ask(who="late")
    assert bench.resend(waiting) == refusal
    assert_passes_exactly(bench, refusal, "locked", lambda: bench.ask(who="late"))


def test_a_locked_number_refuses_to_continue_a_challenge_as_well(bench: Bench) -> None:
    bench.configure(tries_per_hour=1)
    mine = bench.begun().challenge.id
    assert bench.enter(mine, bench.wrong(mine)) == Wrong(4)
    assert bench.ask().code == "locked"


def test_a_locked_code_is_good_when_the_lock_says_and_not_earlier(bench: Bench) -> None:
    bench.configure(tries_per_hour=2)
    early = bench.begun(who="ann").challenge.id
    assert bench.enter(early, bench.wrong(early)) == Wrong(4)
    bench.now += HOUR + 100
    late = bench.begun(who="bea").challenge.id
    assert bench.enter(late, bench.wrong(late), "bea") == Wrong(4)
    refusal = bench.enter(late, bench.code(late), "bea")
    assert refusal.retry_after < 300
    assert_passes_exactly(
        bench, refusal, "locked", lambda: bench.enter(late, bench.code(late), "bea")
    )


def test_a_lock_says_how_long_until_every_rule_lets_the_ask_pass(bench: Bench) -> None:
    bench.configure(cooldown=(1,), tries_per_hour=2, sends_per_day=2, max_live_challenges=50)
    spend_tries(bench, 2)
    bench.now += 1
    refusal = bench.ask(who="late")
    assert refusal.code == "locked"
    bench.configure(tries_per_hour=10_000)
    bench.begun(who="other")
    bench.configure(tries_per_hour=2)
    refusal = bench.ask(who="late")
    assert refusal.retry_after > 20 * HOUR  # the day's messages are spent as well
    assert_passes_exactly(bench, refusal, "locked", lambda: bench.ask(who="late"))


def test_a_full_number_says_how_long_until_every_rule_lets_the_ask_pass(bench: Bench) -> None:
    bench.configure(cooldown=(600,), max_live_challenges=1)
    bench.begun(who="ann")
    refusal = bench.ask(who="bea")
    assert_passes_exactly(bench, refusal, "budget_exhausted", lambda: bench.ask(who="bea"))


def test_tries_come_back_after_any_sixty_minutes(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=500, sends_per_day=500)
    bench.configure(total_sends_per_day=500, max_live_challenges=500, address_asks_per_hour=500)
    wrong: list[float] = []
    for n in range(100):
        begun = bench.ask(who=f"w{n}")
        if isinstance(begun, Issued):
            outcome = bench.enter(begun.challenge.id, bench.wrong(begun.challenge.id), f"w{n}")
            assert isinstance(outcome, Wrong)
            wrong.append(bench.now)
        bench.now += 61
    assert len(wrong) > 15
    for moment in wrong:
        assert sum(moment - HOUR < other <= moment for other in wrong) <= 15


def test_a_try_on_an_unknown_id_charges_nobody(bench: Bench) -> None:
    begun = bench.begun().challenge.id
    unknown = begun.partition(".")[0] + ".unknown"
    bench.seeds[unknown] = b"\0" * 16
    for _ in range(30):
        assert bench.enter(unknown, "000000") == Missing()
    assert isinstance(bench.enter(begun, bench.code(begun)), Right)


def test_a_try_from_another_binding_is_not_counted(bench: Bench) -> None:
    begun = bench.begun().challenge.id
    for code in (bench.wrong(begun), bench.code(begun)) * 15:
        assert bench.enter(begun, code, "eve") == Missing(foreign=True)
    assert bench.peek(begun).challenge.tries == 0
    assert isinstance(bench.enter(begun, bench.code(begun)), Right)


def test_a_try_for_another_purpose_is_not_counted(bench: Bench) -> None:
    begun = bench.begun().challenge.id
    for _ in range(20):
        outcome = bench.enter(begun, bench.code(begun), purpose="change_phone")
        assert outcome == Missing(foreign=True)
    assert isinstance(bench.enter(begun, bench.code(begun)), Right)

"""Starts: one challenge a binding, continued, repeated or refused (RULES 3, 4)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from contracts.steps import assert_passes_exactly
from contracts.stores import BOB, Bench

from flask_phoneauth.records import STEP_UP
from flask_phoneauth.stores.base import Issued, Missing, Refusal, Right, Wrong


def test_a_start_makes_one_challenge_whose_code_is_good_at_once(bench: Bench) -> None:
    begun = bench.begun()
    assert begun.resend_in == 30
    assert begun.challenge.expires_at == bench.now + 300
    assert isinstance(bench.enter(begun.challenge.id, bench.code(begun.challenge.id)), Right)


def test_a_challenge_comes_back_from_the_store_as_it_was_made(bench: Bench) -> None:
    payload = {"host": "example.com", "locale": "ar", "name": "Zoë", "n": 1, "list": [None, True]}
    begun = bench.begun(payload=payload)
    found = bench.load(begun.job)
    assert found is not None
    assert found == replace(begun.challenge, seed=bench.seeds[begun.challenge.id])
    assert found.payload == payload


def test_the_seed_leaves_the_store_with_the_job_only(bench: Bench) -> None:
    begun = bench.begun()
    again = bench.ask()
    challenge_id = begun.challenge.id
    assert begun.challenge.seed is None
    assert again.challenge.seed is None
    assert bench.peek(challenge_id).challenge.seed is None
    assert bench.load(begun.job).seed == bench.seeds[challenge_id]
    assert bench.enter(challenge_id, bench.code(challenge_id)).challenge.seed is None


def test_a_start_while_its_challenge_cools_down_continues_it_and_sends_nothing(
    bench: Bench,
) -> None:
    begun = bench.begun()
    bench.now += 12.5
    again = bench.ask()
    assert (again.challenge.id, again.job, again.resend_in) == (begun.challenge.id, None, 18)
    assert again.challenge.expires_at == begun.challenge.expires_at


def test_continuing_costs_nothing(bench: Bench) -> None:
    bench.configure(sends_per_hour=2, address_asks_per_hour=2)
    bench.begun()
    for _ in range(30):
        assert bench.ask().job is None
    bench.now += 30
    assert bench.begun().job is not None


def test_a_start_after_the_cooldown_repeats_the_message(bench: Bench) -> None:
    begun = bench.begun()
    bench.now += 30
    again = bench.begun()
    assert again.challenge.id == begun.challenge.id
    assert again.job.generation == 0
    assert again.resend_in == 60


@pytest.mark.parametrize("later", [1, 30])
def test_a_start_anew_takes_the_place_of_the_former_ones_wishes(bench: Bench, later: int) -> None:
    begun = bench.begun(payload={"remember": True, "next": "/notes"})
    bench.now += later
    bench.ask(payload={"remember": False, "next": "/sessions"})
    challenge_id = begun.challenge.id
    right = bench.enter(challenge_id, bench.code(challenge_id))
    assert right.challenge.payload == {"remember": False, "next": "/sessions"}


def test_another_binding_waits_in_a_cooling_lane_and_leaves_the_first_one_alone(
    bench: Bench,
) -> None:
    begun = bench.begun(who="ann")
    before = bench.peek(begun.challenge.id, "ann")
    refusal = bench.ask(who="bea")
    assert bench.peek(begun.challenge.id, "ann") == before
    assert_passes_exactly(bench, refusal, "cooldown", lambda: bench.ask(who="bea"))


def test_another_bindings_challenge_has_its_own_code_and_its_own_tries(bench: Bench) -> None:
    first = bench.begun(who="ann").challenge.id
    bench.now += 30
    second = bench.begun(who="bea").challenge.id
    assert first != second
    assert bench.enter(second, bench.wrong(second), "bea") == Wrong(4)
    assert bench.peek(first, "ann").challenge.tries == 0
    assert isinstance(bench.enter(second, bench.code(second), "bea"), Right)
    assert isinstance(bench.enter(first, bench.code(first), "ann"), Right)


def test_the_code_of_one_challenge_does_not_fit_another(bench: Bench) -> None:
    first = bench.begun(who="ann").challenge.id
    bench.now += 30
    second = bench.begun(who="bea").challenge.id
    assert bench.enter(second, bench.code(first), "bea") == Wrong(4)


def test_each_purpose_has_its_own_challenge(bench: Bench) -> None:
    login = bench.begun().challenge.id
    bench.now += 30
    change = bench.begun(purpose="change_phone").challenge.id
    assert login != change
    code = bench.code(change, purpose="change_phone")
    assert bench.enter(change, code) == Missing(foreign=True)
    assert isinstance(bench.enter(change, code, purpose="change_phone"), Right)


def test_the_sixth_open_challenge_of_a_number_is_refused_until_one_ends(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=50)
    for n in range(5):
        bench.begun(who=f"w{n}")
        bench.now += 7
    assert isinstance(bench.ask(BOB, "other"), Issued)
    refusal = bench.ask(who="late")
    assert refusal.retry_after == 300 - 5 * 7
    assert_passes_exactly(bench, refusal, "budget_exhausted", lambda: bench.ask(who="late"))


def test_five_open_challenges_do_not_hold_up_their_own_resends(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=50)
    ids = []
    for n in range(5):
        ids.append(bench.begun(who=f"w{n}").challenge.id)
        bench.now += 2
    assert bench.resend(ids[0], "w0").challenge.id == ids[0]
    bench.now += 2
    assert bench.begun(who="w1").challenge.id == ids[1]


def test_a_finished_challenge_makes_room(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=50)
    for n in range(5):
        last = bench.begun(who=f"w{n}").challenge.id
        bench.now += 2
    assert isinstance(bench.enter(last, bench.code(last), "w4"), Right)
    assert isinstance(bench.ask(who="late"), Issued)


def proven(bench: Bench) -> str:
    """The id of a used challenge."""
    challenge_id = bench.begun().challenge.id
    assert isinstance(bench.enter(challenge_id, bench.code(challenge_id)), Right)
    return challenge_id


def test_a_used_code_knows_the_start_that_follows_it(bench: Bench) -> None:
    first, other = proven(bench), proven(bench)
    second = bench.begun(purpose=STEP_UP, follows=first).challenge
    assert second.led_to == ""
    assert bench.peek(first).challenge == replace(
        bench.peek(first).challenge, ended="used", led_to=second.id
    )
    assert bench.peek(other).challenge.led_to == ""
    again = bench.ask(purpose=STEP_UP, follows=other)
    assert (again.challenge.id, again.job) == (second.id, None)
    assert bench.peek(other).challenge.led_to == second.id
    bench.now += 40
    third = proven(bench)
    assert bench.begun(purpose=STEP_UP, follows=third).challenge.id == second.id
    assert bench.peek(third).challenge.led_to == second.id


def test_a_start_that_is_refused_follows_nothing(bench: Bench) -> None:
    first = proven(bench)
    bench.begun(who="bea")
    assert isinstance(bench.ask(purpose=STEP_UP, follows=first), Refusal)
    assert bench.peek(first).challenge.led_to == ""


def test_a_start_follows_no_challenge_of_another_number(bench: Bench) -> None:
    first = proven(bench)
    bench.begun(BOB, purpose=STEP_UP, follows=first)
    assert bench.peek(first).challenge.led_to == ""


def test_a_reopened_code_has_led_nowhere(bench: Bench) -> None:
    first = proven(bench)
    bench.begun(purpose=STEP_UP, follows=first)
    bench.store.reopen(first, now=bench.now)
    assert bench.peek(first).challenge.led_to == ""

"""What every challenge store must do (RULES 3-6, 19-25, 33): one file, each backend a parameter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from contracts.stores import ALICE, BACKENDS, BOB, Backend, Bench, opened

from flask_phoneauth.otp import challenge as life
from flask_phoneauth.otp.code import derive_code
from flask_phoneauth.otp.keys import Keyring
from flask_phoneauth.stores.base import Ended, Issued, Missing, Refusal, Right, Wrong

HOUR = 3600
DAY = 86400
NEXT_HOUR = HOUR + 600
"""After so long every window of an hour is empty."""

sweeping = pytest.mark.parametrize(
    "backend_name", sorted(name for name, backend in BACKENDS.items() if backend.sweeps)
)


def assert_passes_exactly(bench: Bench, refusal: Any, code: str, ask: Callable[[], Any]) -> None:
    """A retry after `retry_after` passes, a second earlier it does not (RULES 25)."""
    assert isinstance(refusal, Refusal), refusal
    assert refusal.code == code
    assert refusal.retry_after >= 1
    refused_at = bench.now
    bench.now = refused_at + refusal.retry_after - 1
    assert isinstance(ask(), Refusal)
    bench.now = refused_at + refusal.retry_after
    assert not isinstance(ask(), Refusal)


def spend_tries(bench: Bench, count: int, phone: str = ALICE) -> None:
    """So many wrong codes for a number, over as many challenges as it takes."""
    spent = 0
    while spent < count:
        begun = bench.begun(phone, f"guesser-{bench.made}")
        for _ in range(min(5, count - spent)):
            who = f"guesser-{bench.made - 1}"
            outcome = bench.enter(begun.challenge.id, bench.wrong(begun.challenge.id), who)
            assert isinstance(outcome, Wrong)
            spent += 1
        bench.now += 2


# --- starts -----------------------------------------------------------------------------------


def test_a_start_makes_one_challenge_whose_code_is_good_at_once(bench: Bench) -> None:
    begun = bench.begun()
    assert begun.resend_in == 30
    assert begun.challenge.expires_at == bench.now + 300
    assert isinstance(bench.enter(begun.challenge.id, bench.code(begun.challenge.id)), Right)


def test_a_challenge_comes_back_from_the_store_as_it_was_made(bench: Bench) -> None:
    payload = {"host": "example.com", "locale": "ar", "name": "Zoë", "n": 1, "list": [None, True]}
    begun = bench.begun(payload=payload)
    found = bench.store.load(begun.job, now=bench.now)
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
    assert bench.store.load(begun.job, now=bench.now).seed == bench.seeds[challenge_id]
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


# --- resends and generations ------------------------------------------------------------------


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


def late_resend(bench: Bench) -> Issued:
    """A second generation, asked for when the first has 100 seconds left."""
    begun = bench.begun()
    bench.settle(begun.job, "accepted")
    bench.now += 200
    again = bench.resend(begun.challenge.id)
    assert isinstance(again, Issued)
    return again


def test_a_new_generation_is_pending_until_a_provider_accepts_it(bench: Bench) -> None:
    again = late_resend(bench)
    challenge_id = again.challenge.id
    assert bench.enter(challenge_id, bench.code(challenge_id, 1)) == Wrong(4)
    bench.settle(again.job, "accepted")
    assert isinstance(bench.enter(challenge_id, bench.code(challenge_id, 1)), Right)


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


def test_a_known_failure_discards_the_pending_code_and_leaves_the_former_one(bench: Bench) -> None:
    again = late_resend(bench)
    challenge_id = again.challenge.id
    bench.settle(again.job, "failed", reason="unreachable")
    peek = bench.peek(challenge_id)
    assert (peek.challenge.delivery, peek.challenge.reason) == ("failed", "unreachable")
    assert peek.challenge.expires_at == again.challenge.created_at + 300
    assert bench.enter(challenge_id, bench.code(challenge_id, 1)) == Wrong(4)
    assert isinstance(bench.enter(challenge_id, bench.code(challenge_id, 0)), Right)


def test_a_pending_code_is_not_lost_when_the_former_one_ends_first(bench: Bench) -> None:
    begun = bench.begun()
    bench.now += 299.5
    again = bench.resend(begun.challenge.id)
    bench.now += 1
    assert bench.enter(begun.challenge.id, bench.code(begun.challenge.id)) == Ended("expired")
    assert bench.store.load(again.job, now=bench.now) is not None
    bench.settle(again.job, "accepted")
    code = bench.code(begun.challenge.id, 1)
    assert isinstance(bench.enter(begun.challenge.id, code), Right)


def test_a_slow_acceptance_counts_though_a_newer_message_is_under_way(bench: Bench) -> None:
    bench.configure(cooldown=(1,))
    slow = late_resend(bench)
    bench.now += 1
    quick = bench.resend(slow.challenge.id)
    assert quick.job.generation == slow.job.generation  # it repeats the pending code
    bench.settle(slow.job, "accepted")
    assert bench.peek(slow.challenge.id).challenge.delivery == "queued"  # the newer one's news
    bench.settle(quick.job, "failed", reason="unreachable")
    assert isinstance(bench.enter(slow.challenge.id, bench.code(slow.challenge.id, 1)), Right)


def test_a_slow_failure_leaves_a_newer_message_alone(bench: Bench) -> None:
    bench.configure(cooldown=(1,))
    slow = late_resend(bench)
    bench.now += 1
    quick = bench.resend(slow.challenge.id)
    bench.settle(slow.job, "failed", reason="unreachable")
    assert bench.peek(slow.challenge.id).challenge.delivery == "queued"
    bench.settle(quick.job, "accepted")
    assert isinstance(bench.enter(slow.challenge.id, bench.code(slow.challenge.id, 1)), Right)


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


# --- the cooldown -----------------------------------------------------------------------------


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


# --- budgets of messages ----------------------------------------------------------------------


def test_the_messages_of_an_hour_are_counted_over_all_bindings(bench: Bench) -> None:
    bench.configure(cooldown=(1,), max_live_challenges=50)
    for n in range(5):
        bench.begun(who=f"w{n}", address=f"a{n}")
        bench.now += 10
    refusal = bench.ask(who="late")
    assert isinstance(bench.ask(BOB, "other"), Issued)
    assert_passes_exactly(bench, refusal, "budget_exhausted", lambda: bench.ask(who="late"))


@pytest.mark.parametrize("offset", [0, 1, 299, 599])
def test_never_more_than_the_limit_in_any_sixty_minutes(bench: Bench, offset: int) -> None:
    bench.configure(cooldown=(1,), max_live_challenges=500, sends_per_day=500)
    bench.configure(total_sends_per_day=500)
    bench.now += offset
    served: list[float] = []
    for n in range(80):
        if isinstance(bench.ask(who=f"w{n}", address=f"a{n}"), Issued):
            served.append(bench.now)
        bench.now += 97
    assert len(served) > 5
    for moment in served:
        assert sum(moment - HOUR < other <= moment for other in served) <= 5


def test_the_messages_of_a_day_are_counted(bench: Bench) -> None:
    bench.configure(cooldown=(1,))
    for n in range(10):
        bench.begun(who=f"w{n}", address=f"a{n}")
        bench.now += HOUR / 4
    refusal = bench.ask(who="late")
    assert refusal.retry_after > 20 * HOUR
    assert_passes_exactly(bench, refusal, "budget_exhausted", lambda: bench.ask(who="late"))


def test_the_messages_of_a_day_in_all_are_counted_though_each_signs_in(bench: Bench) -> None:
    for n in range(30):
        begun = bench.begun(who=f"w{n}")
        code = bench.code(begun.challenge.id)
        assert isinstance(bench.enter(begun.challenge.id, code, f"w{n}"), Right)
        bench.now += 60
    refusal = bench.ask(who="late")
    assert_passes_exactly(bench, refusal, "budget_exhausted", lambda: bench.ask(who="late"))


def test_a_success_gives_back_its_own_sends_and_nothing_else(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=4, max_live_challenges=50)
    bench.begun(who="stranger")
    bench.now += 1
    mine = bench.begun(who="ann").challenge.id
    bench.now += 1
    bench.resend(mine)
    assert isinstance(bench.enter(mine, bench.code(mine)), Right)
    for n in range(3):  # the stranger's one is still spent
        bench.begun(who=f"w{n}")
        bench.now += 1
    assert bench.ask(who="late").code == "budget_exhausted"


def test_a_success_does_not_refill_tries(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=50, max_live_challenges=50)
    spend_tries(bench, 14)
    mine = bench.begun(who="ann").challenge.id
    assert isinstance(bench.enter(mine, bench.code(mine)), Right)
    bench.now += 1
    spend_tries(bench, 1)
    assert bench.ask(who="late").code == "locked"


def test_a_failure_after_a_success_gives_nothing_back_twice(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=2, max_live_challenges=50)
    bench.begun(who="stranger")
    bench.now += 1
    mine = bench.begun(who="ann")
    assert isinstance(bench.enter(mine.challenge.id, bench.code(mine.challenge.id)), Right)
    bench.settle(mine.job, "failed", reason="unreachable")
    bench.now += 1
    bench.begun(who="next")
    bench.now += 1
    assert bench.ask(who="late").code == "budget_exhausted"


def test_news_that_come_twice_give_back_once(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=2, max_live_challenges=50)
    bench.begun(who="stranger")
    bench.now += 1
    failed = bench.begun(who="ann")
    for _ in range(2):
        bench.settle(failed.job, "failed", reason="unreachable")
    bench.begun(who="next")
    bench.now += 1
    assert bench.ask(who="late").code == "budget_exhausted"


def test_a_failure_gives_back_its_own_message_only(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=2, max_live_challenges=50)
    sent = bench.begun(who="ann")
    bench.now += 1
    failed = bench.resend(sent.challenge.id)
    bench.settle(failed.job, "failed", reason="unreachable")
    bench.begun(who="next")
    bench.now += 1
    assert bench.ask(who="late").code == "budget_exhausted"


def test_a_known_failure_costs_no_message_but_a_failure(bench: Bench) -> None:
    bench.configure(sends_per_hour=1, total_sends_per_day=1)
    for _ in range(3):
        bench.settle(bench.begun().job, "failed", reason="unreachable")
        bench.now += 1
    refusal = bench.ask(who="bea")
    assert_passes_exactly(bench, refusal, "budget_exhausted", lambda: bench.ask(who="bea"))


def test_failures_of_one_binding_are_counted_over_all_numbers(bench: Bench) -> None:
    for n in range(10):
        bench.settle(bench.begun(f"+44740012340{n}").job, "failed", reason="unreachable")
    assert isinstance(bench.ask(ALICE, "bea"), Issued)
    refusal = bench.ask(BOB, "ann")
    assert_passes_exactly(bench, refusal, "budget_exhausted", lambda: bench.ask(BOB, "ann"))


def test_a_failure_is_never_given_back_by_a_success(bench: Bench) -> None:
    for _ in range(2):
        bench.settle(bench.begun().job, "failed", reason="unreachable")
    challenge_id = bench.begun().challenge.id
    assert isinstance(bench.enter(challenge_id, bench.code(challenge_id)), Right)
    bench.settle(bench.begun(who="bea").job, "failed", who="bea", reason="unreachable")
    assert bench.ask(who="cat").code == "budget_exhausted"


def test_twenty_unproven_asks_of_an_address_are_served_in_an_hour(bench: Bench) -> None:
    for n in range(20):
        bench.begun(f"+4474001234{n:02d}", f"w{n}")
    assert isinstance(bench.ask(BOB, "elsewhere", address="203.0.113.1"), Issued)
    refusal = bench.ask(ALICE, "late")
    assert_passes_exactly(bench, refusal, "rate_limited", lambda: bench.ask(ALICE, "late"))


def test_an_address_whose_people_sign_in_is_served_up_to_its_total(bench: Bench) -> None:
    for n in range(120):
        begun = bench.begun(f"+447400{n:06d}", f"w{n}").challenge.id
        assert isinstance(bench.enter(begun, bench.code(begun), f"w{n}"), Right)
    refusal = bench.ask(ALICE, "late")
    assert_passes_exactly(bench, refusal, "rate_limited", lambda: bench.ask(ALICE, "late"))


def test_a_refused_ask_costs_nothing(bench: Bench) -> None:
    bench.configure(address_asks_per_hour=2)
    bench.begun(who="ann")
    for n in range(10):
        assert bench.ask(who=f"w{n}").code == "cooldown"
    assert isinstance(bench.ask(BOB, "bea"), Issued)


# --- tries ------------------------------------------------------------------------------------


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


# --- ends -------------------------------------------------------------------------------------


def use(bench: Bench, challenge_id: str) -> None:
    """End it by the right code."""
    bench.enter(challenge_id, bench.code(challenge_id))


def exhaust(bench: Bench, challenge_id: str) -> None:
    """End it by wrong ones."""
    for _ in range(5):
        bench.enter(challenge_id, bench.wrong(challenge_id))


def outlive(bench: Bench, challenge_id: str) -> None:
    """End it by time."""
    bench.now += 300


ENDS = {"used": use, "too_many_tries": exhaust, "expired": outlive}


@pytest.mark.parametrize("how", sorted(ENDS))
def test_a_finished_challenge_answers_for_ten_minutes_and_is_then_gone(
    bench: Bench, how: str
) -> None:
    challenge_id = bench.begun().challenge.id
    ENDS[how](bench, challenge_id)
    bench.now += 599.5
    assert bench.enter(challenge_id, bench.code(challenge_id)) == Ended(how)
    assert bench.resend(challenge_id) == Ended(how)
    assert life.ending(bench.peek(challenge_id).challenge, bench.now) == how
    assert bench.peek(challenge_id, "eve") == Missing(foreign=True)
    bench.now += 0.5
    assert bench.enter(challenge_id, bench.code(challenge_id)) == Missing()
    assert bench.resend(challenge_id) == Missing()
    assert bench.peek(challenge_id) == Missing()
    bench.begun(BOB, "sweeper")
    assert bench.peek(challenge_id) == Missing()


@pytest.mark.parametrize("how", ["used", "too_many_tries"])
def test_the_seed_is_erased_with_the_last_try(bench: Bench, backend: Backend, how: str) -> None:
    begun = bench.begun()
    assert backend.seeds(bench.store) == [bench.seeds[begun.challenge.id]]
    ENDS[how](bench, begun.challenge.id)
    assert backend.seeds(bench.store) == []
    assert bench.store.load(begun.job, now=bench.now) is None


@sweeping
def test_the_seed_is_erased_after_expiry(bench: Bench, backend: Backend) -> None:
    begun = bench.begun()
    bench.now += 300
    assert bench.store.load(begun.job, now=bench.now) is None
    other = bench.begun(BOB, "bea")
    assert backend.seeds(bench.store) == [bench.seeds[other.challenge.id]]


@sweeping
def test_what_is_over_is_forgotten_a_little_at_a_time_and_all_of_it(
    bench: Bench, backend: Backend
) -> None:
    for n in range(72):  # seven budgets and a challenge each, more than one sweep takes
        bench.begun(f"+447400{n:06d}", f"w{n}", address=f"a{n}")
    old = backend.budgets(bench.store)
    assert len(old) == 504
    bench.now += 2 * DAY
    bench.begun(BOB, "bea", address="b")
    bench.now += 1
    bench.begun(ALICE, "ann", address="a")
    assert not backend.budgets(bench.store) & old
    assert len(backend.seeds(bench.store)) == 2


def test_looking_changes_nothing(bench: Bench) -> None:
    begun = bench.begun()
    bench.now += 10
    first = bench.peek(begun.challenge.id)
    assert first.resend_in == 20
    assert first == bench.peek(begun.challenge.id)
    assert bench.peek(begun.challenge.id, "eve") == Missing(foreign=True)


def test_news_of_a_message_reach_a_living_challenge_only(bench: Bench) -> None:
    begun = bench.begun()
    bench.settle(begun.job, "accepted")
    assert bench.peek(begun.challenge.id).challenge.delivery == "sent"
    use(bench, begun.challenge.id)
    bench.settle(begun.job, "failed", reason="unreachable")
    assert bench.peek(begun.challenge.id).challenge.delivery == "sent"
    bench.now += 700
    bench.begun(BOB, "sweeper")
    bench.settle(begun.job, "accepted")  # long gone: no error


def test_what_is_withheld_looks_like_a_lost_message(bench: Bench) -> None:
    begun = bench.begun()
    bench.settle(begun.job, "withheld")
    challenge = bench.peek(begun.challenge.id).challenge
    assert life.delivery_shown(challenge, bench.now + 29.9) == "sent"
    assert life.delivery_shown(challenge, bench.now + 30) == "failed"
    assert bench.peek(begun.challenge.id).resend_in == 30


def test_what_is_withheld_lives_exactly_as_long_as_what_is_sent(bench: Bench) -> None:
    lives = []
    for phone, outcome in ((ALICE, "accepted"), (BOB, "withheld")):
        bench.now += NEXT_HOUR
        begun = bench.begun(phone)
        bench.settle(begun.job, outcome)
        bench.now += 200
        again = bench.resend(begun.challenge.id)
        bench.settle(again.job, outcome)
        challenge = bench.peek(begun.challenge.id).challenge
        lives.append(challenge.expires_at - challenge.created_at)
    assert lives == [500, 500]


def test_no_code_fits_a_withheld_generation(bench: Bench) -> None:
    again = late_resend(bench)
    bench.settle(again.job, "withheld")
    challenge_id = again.challenge.id
    bench.now += 100
    assert bench.enter(challenge_id, bench.code(challenge_id, 1)) == Wrong(4)


# --- free numbers, reopening ------------------------------------------------------------------


def test_free_numbers_skip_messages_and_the_cooldown(bench: Bench) -> None:
    for _ in range(40):
        begun = bench.ask(free=True)
        assert (begun.resend_in, begun.job is None) == (0, False)
    assert bench.peek(begun.challenge.id).resend_in == 0
    assert bench.resend(begun.challenge.id).job is not None
    bench.settle(begun.job, "failed", reason="unreachable")
    assert isinstance(bench.ask(free=False, who="bea"), Issued)


def test_free_numbers_do_not_skip_tries(bench: Bench) -> None:
    for n in range(3):
        begun = bench.begun(who=f"w{n}", free=True).challenge.id
        for _ in range(5):
            assert isinstance(bench.enter(begun, bench.wrong(begun), f"w{n}"), Wrong)
    refusal = bench.ask(free=True, who="late")
    assert_passes_exactly(bench, refusal, "locked", lambda: bench.ask(free=True, who="late"))


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
    assert bench.store.load(fresh.job, now=bench.now) is not None
    assert bench.enter(worn, bench.code(worn)) == Ended("used")  # one live challenge a binding
    assert isinstance(bench.enter(fresh.challenge.id, bench.code(fresh.challenge.id)), Right)


# --- durable stores ---------------------------------------------------------------------------

DURABLE = sorted(name for name, backend in BACKENDS.items() if backend.durable)


@pytest.mark.parametrize("name", DURABLE)
def test_a_restart_keeps_challenges_and_budgets(name: str, tmp_path: Path) -> None:
    with opened(name, tmp_path) as before:
        challenge_id = before.begun().challenge.id
        assert before.enter(challenge_id, before.wrong(challenge_id)) == Wrong(4)
    with opened(name, tmp_path) as after:
        after.now, after.made, after.seeds = before.now + 1, before.made, before.seeds
        assert after.ask(who="bea") == Refusal("cooldown", 29)
        assert after.enter(challenge_id, after.wrong(challenge_id)) == Wrong(3)
        assert isinstance(after.enter(challenge_id, after.code(challenge_id)), Right)


@pytest.mark.parametrize("name", DURABLE)
def test_a_leaked_store_without_the_key_yields_no_code(name: str, tmp_path: Path) -> None:
    with opened(name, tmp_path) as bench:
        bench.configure(code_length=10)
        begun = bench.begun()
        bench.settle(begun.job, "accepted")
        challenge_id = begun.challenge.id
        code, seed = bench.code(challenge_id), bench.seeds[challenge_id]
        leaked = BACKENDS[name].leaked(bench.store, tmp_path)
    assert seed in leaked  # it is the real store that was read
    for form in (code.encode(), code.encode("utf-16-le"), int(code).to_bytes(8, "big")):
        assert form not in leaked
    assert bench.keys.current.code not in leaked
    assert bench.keys.current.check not in leaked
    for guess in (b"", b"bench2", seed):
        key = Keyring(guess).current.code
        assert derive_code(key, seed=seed, purpose="login", generation=0, length=10) != code

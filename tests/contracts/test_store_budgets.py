"""What messages cost: hours, days, failures, addresses, and what is given back (RULES 19-25)."""

from __future__ import annotations

import pytest
from contracts.steps import HOUR, assert_passes_exactly, spend_tries
from contracts.stores import ALICE, BOB, Bench

from flask_phoneauth.prices import notice_price
from flask_phoneauth.stores.base import Advanced, Issued, Right, Wrong


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
        begun = bench.ask(who=f"w{n}", address=f"a{n}")
        if isinstance(begun, Issued):
            bench.settle(begun.job, "accepted", f"w{n}")
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


def test_a_notice_is_counted_and_never_held_back(bench: Bench) -> None:
    bench.configure(total_sends_per_day=2)
    price = notice_price(bench.settings, bench.keys.phone_tag(ALICE))
    for turn in range(4):
        notice = bench.ask(who=f"notice-{turn}", purpose="phone_changed", price=price)
        assert isinstance(notice, Issued)
    assert bench.ask().code == "budget_exhausted"


def test_a_free_number_that_is_locked_is_sent_nothing_again(bench: Bench) -> None:
    mine = bench.begun(who="mine", free=True)
    assert mine.job is not None
    for n in range(3):
        begun = bench.begun(who=f"w{n}", free=True).challenge.id
        for _ in range(5):
            bench.enter(begun, bench.wrong(begun), f"w{n}")
    locked = bench.resend(mine.challenge.id, "mine")
    assert locked.code == "locked"
    assert bench.peek(mine.challenge.id, "mine").resend_in == locked.retry_after
    assert bench.receipt(mine.job, "failed") == Advanced()

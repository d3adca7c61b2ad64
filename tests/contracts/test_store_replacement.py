"""A message that its receipt calls lost is sent anew: once, paid, while it helps (RULES 29)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from contracts.racing import crowd
from contracts.steps import ENDS, late_resend, spend_tries, use
from contracts.stores import ALICE, Bench

from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.prices import number_price
from flask_phoneauth.records import Job
from flask_phoneauth.shared_prices import Place, shared_price
from flask_phoneauth.stores.base import Advanced, Ended, Refusal, Right


def sent(bench: Bench) -> Job:
    """A message that a provider has taken."""
    job = bench.begun().job
    assert job is not None
    bench.settle(job, "accepted")
    return job


def replaced(bench: Bench, job: Job) -> Job:
    """The message that takes the place of that lost one."""
    told = bench.receipt(job, "failed", "undelivered")
    assert told.job is not None
    return told.job


def spent(bench: Bench, job: Job) -> tuple[int, ...]:
    """The number's tries, failures, and messages of an hour, a day and a day in all."""
    tag = phone_tag_of(job.challenge_id)
    return bench.store.look(tag, number_price(bench.settings, tag), now=bench.now).spent


def test_a_lost_message_is_asked_for_anew_with_the_same_code_and_expiry(bench: Bench) -> None:
    first = sent(bench)
    before = bench.peek(first.challenge_id).challenge
    bench.now += 4.5
    again = replaced(bench, first)
    assert again == Job(first.challenge_id, 0, bench.now)
    found = bench.peek(first.challenge_id).challenge
    assert (found.delivery, found.reason, found.lost_by) == ("queued", "", "first")
    assert (found.generations, found.expires_at) == (before.generations, before.expires_at)
    loaded = bench.load(again)
    assert loaded is not None
    assert loaded.lost_by == "first"
    bench.settle(again, "accepted")
    assert bench.peek(first.challenge_id).challenge.delivery == "sent"
    assert isinstance(bench.enter(first.challenge_id, bench.code(first.challenge_id)), Right)


def test_it_happens_once_in_the_life_of_a_challenge(bench: Bench) -> None:
    first = sent(bench)
    again = replaced(bench, first)
    bench.settle(again, "accepted")
    assert bench.receipt(again, "failed", "undelivered") == Advanced()
    bench.now += 40
    third = bench.resend(first.challenge_id).job
    bench.settle(third, "accepted")
    assert bench.receipt(third, "failed", "undelivered") == Advanced()
    found = bench.peek(first.challenge_id).challenge
    assert (found.delivery, found.reason) == ("failed", "undelivered")


def test_a_repeated_receipt_and_one_of_an_older_message_cause_nothing(bench: Bench) -> None:
    first = sent(bench)
    again = replaced(bench, first)
    assert bench.receipt(first, "failed", "undelivered") is None
    assert bench.receipt(first, "delivered") is None
    assert bench.peek(first.challenge_id).challenge.delivery == "queued"
    assert bench.load(again) is not None


def test_of_many_receipts_at_once_one_causes_it(bench: Bench) -> None:
    first = sent(bench)
    answers = crowd(24, lambda _: bench.receipt(first, "failed", "undelivered"))
    caused = [told for told in answers if told not in (None, "unavailable")]
    assert [told.job is not None for told in caused] == [True]
    assert spent(bench, first)[2] == 2


def test_a_receipt_and_the_right_code_at_once_leave_a_used_challenge(bench: Bench) -> None:
    first = sent(bench)
    code = bench.code(first.challenge_id)
    acts: tuple[Callable[[], object], ...] = (
        lambda: bench.enter(first.challenge_id, code),
        lambda: bench.receipt(first, "failed", "undelivered"),
    )
    crowd(2, lambda turn: acts[turn]())
    assert bench.enter(first.challenge_id, code) == Ended("used")
    assert bench.load(first) is None


def test_it_is_told_apart_from_what_it_replaces_even_by_a_clock_set_back(bench: Bench) -> None:
    first = sent(bench)
    bench.now -= 7
    again = replaced(bench, first)
    assert again.asked_at > first.asked_at
    assert bench.receipt(first, "failed", "undelivered") is None
    assert bench.receipt(again, "delivered") == Advanced()


@pytest.mark.parametrize("word", ["sent", "delivered", "queued", "x"])
def test_only_a_lost_message_is_replaced(bench: Bench, word: str) -> None:
    first = bench.begun().job
    assert first is not None
    assert bench.receipt(first, word) in (None, Advanced())
    assert bench.peek(first.challenge_id).challenge.lost_by == ""
    assert spent(bench, first)[2] == 1


def test_without_leave_nothing_is_replaced(bench: Bench) -> None:
    first = sent(bench)
    assert bench.receipt(first, "failed", "undelivered", lost_by="") == Advanced()
    assert bench.peek(first.challenge_id).challenge.delivery == "failed"


def test_it_is_paid_like_any_message_and_a_success_gives_both_back(bench: Bench) -> None:
    first = sent(bench)
    assert spent(bench, first) == (0, 0, 1, 1, 1)
    replaced(bench, first)
    assert spent(bench, first) == (0, 0, 2, 2, 2)
    use(bench, first.challenge_id)
    assert spent(bench, first) == (0, 0, 0, 0, 2)


def test_one_that_is_known_not_to_have_left_is_given_back_and_counts_as_failed(
    bench: Bench,
) -> None:
    first = sent(bench)
    waits = bench.peek(first.challenge_id).resend_in
    again = replaced(bench, first)
    bench.settle(again, "failed", reason="unreachable")
    assert spent(bench, first) == (0, 1, 1, 1, 1)
    peek = bench.peek(first.challenge_id)
    assert (peek.challenge.delivery, peek.challenge.reason) == ("failed", "unreachable")
    assert peek.resend_in == waits  # the first message's own wait


def test_it_neither_minds_the_cooldown_nor_makes_it_longer(bench: Bench) -> None:
    first = sent(bench)
    bench.now += 10
    replaced(bench, first)
    assert bench.peek(first.challenge_id).resend_in == 20
    assert bench.ask(who="bea") == Refusal("cooldown", 20)
    bench.now += 20
    assert bench.resend(first.challenge_id).resend_in == 60


@pytest.mark.parametrize("budget", ["sends_per_hour", "sends_per_day", "total_sends_per_day"])
def test_a_spent_budget_sends_nothing(bench: Bench, budget: str) -> None:
    bench.configure(**{budget: 1})
    first = sent(bench)
    assert bench.receipt(first, "failed", "undelivered") == Advanced()
    found = bench.peek(first.challenge_id).challenge
    assert (found.delivery, found.reason, found.lost_by) == ("failed", "undelivered", "")
    assert spent(bench, first)[2:] == (1, 1, 1)


def test_a_number_whose_messages_fail_is_sent_nothing(bench: Bench) -> None:
    bench.configure(failed_sends_per_hour=4)
    for _ in range(3):
        bench.settle(bench.begun().job, "failed", reason="unreachable")
    first = sent(bench)
    bench.configure(failed_sends_per_hour=3)
    assert bench.receipt(first, "failed", "undelivered") == Advanced()


def test_a_locked_number_is_sent_nothing(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=50, max_live_challenges=50)
    first = sent(bench)
    bench.now += 2
    spend_tries(bench, 15)
    assert bench.receipt(first, "failed", "undelivered") == Advanced()
    assert bench.peek(first.challenge_id).challenge.delivery == "failed"


def test_a_code_with_too_little_time_left_is_not_sent_anew(bench: Bench) -> None:
    first = sent(bench)
    bench.now += 180.5
    assert bench.receipt(first, "failed", "undelivered") == Advanced()
    bench.now += 3600
    second = sent(bench)
    bench.now += 180
    assert replaced(bench, second).generation == 0


def test_the_newest_of_two_codes_is_the_one_that_is_sent_anew(bench: Bench) -> None:
    late = late_resend(bench).job
    assert late is not None
    bench.settle(late, "accepted")
    bench.now += 3
    assert replaced(bench, late).generation == 1


def test_a_receipt_before_the_answer_causes_it_and_the_answer_comes_all_the_same(
    bench: Bench,
) -> None:
    first = late_resend(bench).job
    assert first is not None
    again = replaced(bench, first)
    bench.settle(first, "accepted")
    assert bench.peek(first.challenge_id).challenge.delivery == "queued"
    bench.settle(again, "failed", reason="unreachable")
    code = bench.code(first.challenge_id, 1)
    assert isinstance(bench.enter(first.challenge_id, code), Right)


@pytest.mark.parametrize("how", sorted(ENDS))
def test_a_finished_challenge_is_sent_nothing(bench: Bench, how: str) -> None:
    first = sent(bench)
    ENDS[how](bench, first.challenge_id)
    assert bench.receipt(first, "failed", "undelivered") is None


def test_a_reopened_challenge_has_no_seed_to_send_anew(bench: Bench) -> None:
    first = sent(bench)
    use(bench, first.challenge_id)
    bench.store.reopen(first.challenge_id, now=bench.now)
    assert bench.receipt(first, "failed", "undelivered") == Advanced()


def test_a_free_number_pays_nothing_for_it(bench: Bench) -> None:
    bench.configure(sends_per_hour=1)
    first = bench.begun(ALICE, free=True).job
    assert first is not None
    assert replaced(bench, first).challenge_id == first.challenge_id
    assert spent(bench, first) == (0, 0, 0, 0, 0)


PLACE = Place("prefix-of-alice", "GB", cost=40, provider="first")
MONEY = {"prices": {"+": 40}, "money_per_day": 1}


def shared(bench: Bench) -> dict[str, tuple[int, int]]:
    """What the budgets that numbers share hold, and their waits, by key."""
    found = bench.store.survey(
        shared_price(bench.settings, bench.place or PLACE), known=False, now=bench.now
    )
    return {one.level.key: (one.level.spent, one.wait) for one in found}


def test_a_replacement_pays_prefix_country_totals_and_money_as_any_message(bench: Bench) -> None:
    bench.place = PLACE
    bench.configure(**MONEY)
    first = sent(bench)
    once = {
        "prefix:prefix-of-alice:hour": (1, 0),
        "prefix:prefix-of-alice:day": (1, 0),
        "country:GB:hour": (1, 0),
        "country:GB:day": (1, 0),
        "total:sent": (1, 0),
        "money:all": (40, 0),
    }
    assert shared(bench) == once
    told = bench.receipt(first, "failed", "undelivered")
    assert told.job is not None
    assert {level.key for level in told.totals} == set(once)
    assert shared(bench) == {key: (2 * spent, wait) for key, (spent, wait) in once.items()}
    bench.settle(told.job, "accepted")
    bench.enter(first.challenge_id, bench.code(first.challenge_id))
    assert shared(bench) == {  # a success gives back what was unproven, never money
        **dict.fromkeys(once, (0, 0)),
        "money:all": (80, 0),
    }


@pytest.mark.parametrize(
    "limits",
    [
        {"prefix_sends_per_hour": 2, "known_share": 50},
        {"country_sends_per_day": 2, "known_share": 50},
        {"prices": {"+": 40}, "money_per_day": 1, "known_share": 90},
    ],
)
def test_a_spent_shared_budget_holds_the_replacement_back_and_loses_nothing(
    bench: Bench, limits: dict[str, object]
) -> None:
    bench.place = PLACE if "prices" not in limits else replace(PLACE, cost=60)
    bench.configure(**limits)
    first = sent(bench)
    before = shared(bench)
    assert any(wait for _, wait in before.values())
    assert bench.receipt(first, "failed", "undelivered") == Advanced()
    assert shared(bench) == before
    found = bench.peek(first.challenge_id).challenge
    assert (found.delivery, found.lost_by) == ("failed", "")


def test_of_many_receipts_at_once_one_pays(bench: Bench) -> None:
    bench.place = PLACE
    bench.configure(**MONEY)
    first = sent(bench)
    crowd(24, lambda _: bench.receipt(first, "failed", "undelivered"))
    assert shared(bench)["country:GB:hour"][0] == 2
    assert shared(bench)["money:all"][0] == 80


def test_lost_messages_of_many_numbers_at_once_pay_no_more_than_their_country_has(
    bench: Bench,
) -> None:
    bench.place = PLACE
    bench.configure(country_sends_per_hour=20, known_share=50, prefix_sends_per_hour=100)
    jobs = []
    for number in range(6):
        begun = bench.begun(f"+4474001235{number:02d}", f"browser-{number}")
        bench.settle(begun.job, "accepted", f"browser-{number}")
        jobs.append(begun.job)
    answers = crowd(6, lambda turn: bench.receipt(jobs[turn], "failed", "undelivered"))
    sent_anew = sum(getattr(told, "job", None) is not None for told in answers)
    spent, wait = shared(bench)["country:GB:hour"]
    assert (sent_anew, spent) == (4, 10)
    assert wait


def test_a_virtual_numbers_replacement_costs_nobody(bench: Bench) -> None:
    bench.place = PLACE
    first = bench.begun(free=True).job
    assert first is not None
    bench.settle(first, "accepted")
    assert replaced(bench, first)
    assert {spent for spent, _ in shared(bench).values()} == {0}


def test_what_is_kept_for_known_numbers_is_surveyed_as_theirs(bench: Bench) -> None:
    bench.place = PLACE
    bench.configure(prefix_sends_per_hour=2, known_share=50)
    bench.begun()
    price = shared_price(bench.settings, PLACE)
    waits = {}
    for known in (False, True):
        found = bench.store.survey(price, known=known, now=bench.now)
        (first, *_) = found
        assert (first.level.key, first.level.limit) == ("prefix:prefix-of-alice:hour", 2)
        waits[known] = first.wait
    assert waits[False] > 0
    assert waits[True] == 0

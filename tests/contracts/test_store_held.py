"""Tries whose code a vendor judges: paid for before it is asked, consumed by one winner after."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from contracts.racing import crowd
from contracts.stores import Bench

from flask_phoneauth.otp.challenge import HELD_FOR, HOLD, JUDGE
from flask_phoneauth.prices import number_price
from flask_phoneauth.records import Job
from flask_phoneauth.stores.base import Ended, Held, Missing, Refusal, Right, Settlement, Wrong


def hold(bench: Bench, challenge_id: str, **more: Any) -> Any:
    return bench.enter(challenge_id, "", stage=HOLD, **more)


def judge(bench: Bench, challenge_id: str, *, right: bool) -> Any:
    code = bench.code(challenge_id) if right else bench.wrong(challenge_id)
    return bench.enter(challenge_id, code, stage=JUDGE)


def tries_spent(bench: Bench, challenge_id: str) -> int:
    """How many of the number's wrong codes of an hour are spent."""
    tag = challenge_id.partition(".")[0]
    price = number_price(bench.settings, tag)
    look = bench.store.look(tag, price, now=bench.now)
    keys = [charge.key for charge in price.charges]
    return next(n for key, n in zip(keys, look.spent, strict=True) if key.endswith(":tries"))


def settle(bench: Bench, job: Job, vendor_id: str) -> None:
    code = bench.digest(job.challenge_id, bench.code(job.challenge_id, job.generation))
    settlement = Settlement("accepted", digest=code, vendor_id=vendor_id)
    bench.store.settle(job, settlement, failures=(), cooldowns=(), now=bench.now)


def test_a_held_try_is_counted_and_nothing_is_compared(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    held = bench.enter(challenge_id, bench.code(challenge_id), stage=HOLD)
    assert isinstance(held, Held)
    assert held.tries_left == 4
    assert held.challenge.id == challenge_id
    assert held.challenge.seed is None
    assert tries_spent(bench, challenge_id) == 1


def test_the_right_one_consumes_and_gives_back_what_was_held(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    hold(bench, challenge_id)
    assert isinstance(judge(bench, challenge_id, right=True), Right)
    assert tries_spent(bench, challenge_id) == 0
    assert judge(bench, challenge_id, right=True) == Ended("used")
    assert hold(bench, challenge_id) == Ended("used")


def test_a_wrong_one_stays_spent_and_leaves_the_others(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    hold(bench, challenge_id)
    assert judge(bench, challenge_id, right=False) == Wrong(4)
    assert tries_spent(bench, challenge_id) == 1
    hold(bench, challenge_id)
    assert isinstance(judge(bench, challenge_id, right=True), Right)
    # its own try comes back, the wrong one before does not
    assert tries_spent(bench, challenge_id) == 1


def test_the_last_try_may_be_the_right_one_and_no_other_follows_a_wrong_one(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    for left in (4, 3, 2, 1):
        assert hold(bench, challenge_id).tries_left == left
        assert judge(bench, challenge_id, right=False) == Wrong(left)
    assert hold(bench, challenge_id).tries_left == 0
    assert isinstance(judge(bench, challenge_id, right=True), Right)
    other = bench.begun(who="bea").challenge.id
    for left in (4, 3, 2, 1, 0):
        bench.enter(other, "", "bea", stage=HOLD)
        assert bench.enter(other, bench.wrong(other), "bea", stage=JUDGE) == Wrong(left)
    assert bench.enter(other, bench.code(other), "bea", stage=JUDGE) == Ended("too_many_tries")


def test_a_wrong_one_ends_nothing_while_another_may_prove_right(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    for _ in range(5):
        hold(bench, challenge_id)
    assert [judge(bench, challenge_id, right=False) for _ in range(4)] == [Wrong(0)] * 4
    assert isinstance(judge(bench, challenge_id, right=True), Right)


def test_no_more_tries_are_held_than_there_are(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    assert [hold(bench, challenge_id).tries_left for _ in range(5)] == [4, 3, 2, 1, 0]
    assert hold(bench, challenge_id) == Ended("too_many_tries")
    # those that are held may still prove right, for as long as a vendor takes
    assert bench.peek(challenge_id).challenge.ended == ""
    bench.now += HELD_FOR
    assert hold(bench, challenge_id) == Ended("too_many_tries")
    assert bench.peek(challenge_id).challenge.ended == "too_many_tries"
    assert judge(bench, challenge_id, right=True) == Ended("too_many_tries")


def test_wrong_ones_in_a_row_close_a_number_to_strangers_before_the_vendor_is_asked(
    bench: Bench,
) -> None:
    bench.configure(wrong_in_a_row=3)
    challenge_id = bench.begun().challenge.id
    for left in (4, 3, 2):
        assert hold(bench, challenge_id).tries_left == left
        assert judge(bench, challenge_id, right=False) == Wrong(left)
    refused = hold(bench, challenge_id)
    assert isinstance(refused, Refusal)
    assert refused.code == "locked"


def test_the_last_try_of_a_number_may_be_the_right_one(bench: Bench) -> None:
    bench.configure(tries_per_hour=1)
    challenge_id = bench.begun().challenge.id
    assert isinstance(hold(bench, challenge_id), Held)
    assert isinstance(hold(bench, challenge_id), Refusal)
    assert isinstance(judge(bench, challenge_id, right=True), Right)


def test_no_other_browser_holds_a_try(bench: Bench) -> None:
    challenge_id = bench.begun().challenge.id
    assert bench.enter(challenge_id, "", "eve", stage=HOLD) == Missing(foreign=True)
    assert bench.enter(challenge_id, "", purpose="change_phone", stage=HOLD) == Missing(
        foreign=True
    )
    assert bench.peek(challenge_id).challenge.tries == 0


def test_the_vendors_id_is_kept_with_the_challenge_and_follows_the_newest_message(
    bench: Bench,
) -> None:
    bench.configure(cooldown=(1,))
    begun = bench.begun()
    challenge_id = begun.challenge.id
    assert hold(bench, challenge_id).challenge.vendor_id == ""
    assert begun.job is not None
    settle(bench, begun.job, "VE1")
    assert hold(bench, challenge_id).challenge.vendor_id == "VE1"
    bench.now += 2
    again = bench.resend(challenge_id)
    assert hold(bench, challenge_id).challenge.vendor_id == "VE1"
    settle(bench, again.job, "VE2")
    # what the older message says late is no news
    settle(bench, replace(begun.job), "VE0")
    assert hold(bench, challenge_id).challenge.vendor_id == "VE2"


def test_a_crowd_holds_as_many_tries_as_there_are_and_one_wins(bench: Bench) -> None:
    bench.configure(cooldown=(1,))
    challenge_id = bench.begun().challenge.id
    answers = Counter(type(one).__name__ for one in crowd(20, lambda _: hold(bench, challenge_id)))
    # a store may be too busy for some of them
    assert answers["Held"] <= 5
    assert answers["Held"] + answers["Ended"] + answers["str"] == 20
    assert bench.peek(challenge_id).challenge.tries == answers["Held"]
    bench.now += 2
    other = bench.begun(who="bea").challenge.id
    bench.enter(other, "", "bea", stage=HOLD)
    code = bench.code(other)
    won = crowd(20, lambda _: bench.enter(other, code, "bea", stage=JUDGE))
    assert sum(isinstance(one, Right) for one in won) == 1

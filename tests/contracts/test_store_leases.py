"""A price is reserved for a minute: what a crash has left charged, the next ask gets back."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from contracts.racing import crowd, told
from contracts.stores import Bench

from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.prices import number_price
from flask_phoneauth.shared_prices import Place
from flask_phoneauth.stores.base import Issued, Refusal, Right

PLACE = Place("nearby", "GB", cost=100, provider="first")


@pytest.fixture
def tight(bench: Bench) -> Bench:
    """One message an hour and two a day, for everybody together."""
    bench.configure(sends_per_hour=1, total_sends_per_day=2, cooldown=(1,), max_live_challenges=50)
    return bench


def spent(bench: Bench) -> dict[str, int]:
    """What the number's budgets hold."""
    look = bench.look()
    tag = phone_tag_of(bench.draft().id)
    rules = [charge.rule for charge in number_price(bench.settings, tag).charges]
    return dict(zip(rules, look.spent, strict=True))


def again(bench: Bench, who: str = "bea") -> Any:
    """Another browser's start."""
    return bench.ask(who=who, address=who)


def test_a_message_that_nobody_tells_of_is_paid_for_a_minute(tight: Bench) -> None:
    tight.begun()
    tight.now += 59.5
    assert isinstance(again(tight), Refusal)
    tight.now += 0.5
    assert isinstance(again(tight), Issued)
    assert spent(tight) == {"tries": 0, "failures": 0, "sends": 1, "day": 1, "total": 1}


@pytest.mark.parametrize("outcome", ["accepted", "withheld"])
def test_a_message_that_was_told_of_stays_paid(tight: Bench, outcome: str) -> None:
    tight.settle(tight.begun().job, outcome)
    tight.now += 61
    assert isinstance(again(tight), Refusal)


def test_a_message_whose_code_was_typed_stays_paid(tight: Bench) -> None:
    begun = tight.begun()
    proven = tight.enter(begun.challenge.id, tight.code(begun.challenge.id))
    assert isinstance(proven, Right)
    tight.now += 61
    assert isinstance(again(tight), Issued)  # a success gives its send back, not the day's total
    assert spent(tight)["total"] == 2


def test_each_message_of_a_challenge_is_a_reservation_of_its_own(bench: Bench) -> None:
    bench.configure(cooldown=(1,), sends_per_hour=3)
    begun = bench.begun()
    bench.now += 10
    second = bench.resend(begun.challenge.id)
    bench.settle(second.job, "accepted")
    bench.now += 50
    assert isinstance(again(bench), Issued)
    assert spent(bench)["sends"] == 2  # the second one, and the other browser's


def test_late_news_of_a_message_that_lapsed_change_no_budget(tight: Bench) -> None:
    begun = tight.begun()
    tight.now += 61
    assert isinstance(again(tight), Issued)
    tight.settle(begun.job, "failed", reason="unreachable")
    assert spent(tight)["sends"] == 1


def test_what_many_numbers_share_keeps_it_until_something_is_told(bench: Bench) -> None:
    bench.place = PLACE
    bench.configure(prices={"+": 100}, money_per_day=1, known_share=1, cooldown=(1,))
    jobs = [
        bench.begun(f"+44740012340{turn}", f"w{turn}", address=f"w{turn}").job for turn in range(9)
    ]
    bench.now += 61
    assert isinstance(bench.ask("+447400123400", "x", address="x"), Refusal)
    bench.settle(jobs[0], "failed", "w0", "unreachable")
    assert isinstance(bench.ask("+447400123400", "x", address="x"), Issued)


def test_of_many_asks_at_once_one_gets_it_back(tight: Bench) -> None:
    tight.begun()
    tight.now += 61
    answers = Counter(told(one) for one in crowd(30, lambda n: again(tight, f"w{n}")))
    assert answers["Issued"] == 1
    assert answers["budget_exhausted"] + answers["cooldown"] + answers["unavailable"] == 29

"""Budgets that many numbers share: prefixes, countries, money, everything together (RULES 23)."""

from __future__ import annotations

from typing import Any

import pytest
from contracts.racing import crowd, told
from contracts.steps import HOUR, NEXT_HOUR, assert_passes_exactly
from contracts.stores import Bench

from flask_phoneauth.shared_prices import Place
from flask_phoneauth.stores.base import Issued, Level, Refusal, Right, Wrong

NEAR = Place("nearby", "GB")
FAR = Place("far away", "FR")


def number(turn: int) -> str:
    """One of ten thousand neighbours."""
    return f"+44740012{turn:04d}"


def ask(bench: Bench, turn: int, **named: Any) -> Any:
    """A start of that neighbour, from a browser and an address of its own."""
    return bench.ask(number(turn), f"w{turn}", address=f"a{turn}", **named)


def sent(bench: Bench, turns: range) -> int:
    """How many of these neighbours were served."""
    return sum(isinstance(ask(bench, turn), Issued) for turn in turns)


def prove(bench: Bench, turn: int, device: str = "") -> None:
    """That neighbour signs in."""
    begun = ask(bench, turn)
    assert isinstance(begun, Issued), begun
    proven = bench.enter(
        begun.challenge.id, bench.code(begun.challenge.id), f"w{turn}", enrol=device
    )
    assert isinstance(proven, Right)


@pytest.fixture
def near(bench: Bench) -> Bench:
    """All numbers of one prefix, with small budgets."""
    bench.place = NEAR
    bench.configure(
        prefix_sends_per_hour=10,
        prefix_sends_per_day=20,
        country_sends_per_hour=1000,
        country_sends_per_day=1000,
    )
    return bench


def test_neighbours_that_nobody_proves_are_served_up_to_their_prefixs_budget(near: Bench) -> None:
    assert sent(near, range(30)) == 7  # three of ten are kept for known numbers
    refused = ask(near, 99)
    near.place = FAR
    assert isinstance(near.ask("+33612345678", "far", address="far"), Issued)
    near.place = NEAR
    assert_passes_exactly(near, refused, "budget_exhausted", lambda: ask(near, 99))


def test_known_numbers_own_a_part_of_the_prefixs_budget(near: Bench) -> None:
    prove(near, 500)
    near.now += 60
    assert sent(near, range(30)) == 7
    assert isinstance(ask(near, 500), Issued)
    near.now += 200
    asks = [near.ask(number(500), "w500", address=f"b{turn}") for turn in range(9)]
    assert {told(one) for one in asks} == {"Issued"}  # repeats while it cools down cost nothing


def test_a_device_lane_owns_that_part_too(near: Bench) -> None:
    near.configure(device_lifetime=60 * HOUR, prefix_sends_per_day=1000)
    prove(near, 500, "phone")
    near.now += 60
    assert sent(near, range(30)) == 7
    served = [ask(near, 500, device="phone")]
    assert isinstance(served[0], Issued)
    assert [isinstance(ask(near, turn), Issued) for turn in range(50, 53)] == [False] * 3


def test_known_numbers_are_held_up_where_the_whole_budget_is_spent(near: Bench) -> None:
    for turn in range(500, 505):
        prove(near, turn)
    near.now += 60
    assert sent(near, range(30)) == 7
    assert sent(near, range(500, 505)) == 3
    assert ask(near, 504).code == "budget_exhausted"


def test_a_success_gives_a_prefix_its_message_back(near: Bench) -> None:
    for turn in range(20):
        prove(near, turn)
    assert sent(near, range(100, 130)) == 7


def test_a_known_failure_gives_a_prefix_its_message_back(near: Bench) -> None:
    for turn in range(20):
        begun = ask(near, turn)
        assert isinstance(begun, Issued)
        near.settle(begun.job, "failed", f"w{turn}", "unreachable")
    assert sent(near, range(100, 130)) == 7


def test_the_prefixs_day_is_counted(near: Bench) -> None:
    served = 0
    for hour in range(5):
        served += sent(near, range(hour * 30, hour * 30 + 30))
        near.now += NEXT_HOUR
    assert served == 14


def test_a_rule_that_only_counts_never_refuses(near: Bench) -> None:
    near.configure(record_only=("prefix",))
    assert sent(near, range(30)) == 30
    near.configure(record_only=())
    assert ask(near, 99).code == "budget_exhausted"


def test_neighbours_asked_for_by_one_address_are_few(near: Bench) -> None:
    near.configure(neighbour_asks_per_hour=3, prefix_sends_per_hour=1000, prefix_sends_per_day=1000)
    asks = [near.ask(number(turn), f"w{turn}", address="office") for turn in range(5)]
    assert [told(one) for one in asks] == ["Issued"] * 3 + ["rate_limited"] * 2
    assert isinstance(near.ask(number(9), "w9", address="home"), Issued)


# --- countries --------------------------------------------------------------------------------


@pytest.fixture
def country(bench: Bench) -> Bench:
    """A country with a small floor, and prefixes without a bound."""
    bench.place = NEAR
    bench.configure(
        prefix_sends_per_hour=10_000,
        prefix_sends_per_day=10_000,
        country_sends_per_hour=10,
        country_sends_per_day=10_000,
        country_hour_share=50,
        known_share=50,
    )
    return bench


def test_a_country_is_served_up_to_its_floor(country: Bench) -> None:
    assert sent(country, range(12)) == 5
    assert_passes_exactly(country, ask(country, 99), "budget_exhausted", lambda: ask(country, 99))


def test_a_country_grows_with_what_is_proven_there(country: Bench) -> None:
    for turn in range(100, 132):
        prove(country, turn)
    assert sent(country, range(40)) == 8  # a quarter of 32
    country.place = FAR
    assert sent(country, range(50, 70)) == 5


def test_what_was_proven_long_ago_lets_nothing_grow(country: Bench) -> None:
    for turn in range(100, 132):
        prove(country, turn)
    country.now += NEXT_HOUR + 600
    assert sent(country, range(40)) == 5


def test_a_whole_budget_tells_its_level(country: Bench) -> None:
    levels = []
    for turn in range(5):
        begun = ask(country, turn)
        levels += [one for one in begun.totals if one.key == "country:GB:hour"]
    assert [(one.spent, one.limit, one.crossed) for one in levels] == [
        (1, 10, 0),
        (2, 10, 0),
        (3, 10, 0),
        (4, 10, 0),
        (5, 10, 50),
    ]
    assert {one.rule for one in levels} == {"country"}


# --- money ------------------------------------------------------------------------------------


def test_messages_are_paid_for_up_to_the_caps(bench: Bench) -> None:
    bench.place = Place("nearby", "GB", cost=100, provider="first")
    bench.configure(prices={"+": 100}, money_per_day=1, money_per_country_per_day=1)
    assert sent(bench, range(10)) == 7
    refused = ask(bench, 99)
    assert_passes_exactly(bench, refused, "budget_exhausted", lambda: ask(bench, 99))


def test_a_success_gives_no_money_back_and_a_failure_does(bench: Bench) -> None:
    bench.place = Place("nearby", "GB", cost=100, provider="first")
    bench.configure(prices={"+": 100}, money_per_provider_per_day=1)
    for turn in range(3):
        prove(bench, turn)
    begun = ask(bench, 50)
    bench.settle(begun.job, "failed", "w50", "unreachable")
    assert sent(bench, range(100, 120)) == 4


def test_money_counts_in_thousandths_and_a_dear_message_waits(bench: Bench) -> None:
    bench.configure(prices={"+": 1}, money_per_day=1, known_share=1)
    bench.place = Place("nearby", "GB", cost=600)
    assert isinstance(ask(bench, 1), Issued)
    assert ask(bench, 2).code == "budget_exhausted"
    bench.place = Place("nearby", "GB", cost=390)
    begun = ask(bench, 3)
    assert [(one.spent, one.limit) for one in begun.totals if one.rule == "money"] == [(990, 1000)]


# --- everything together ----------------------------------------------------------------------


def spray(levels: tuple[Level, ...]) -> tuple[int, int]:
    """The level of everything together."""
    (found,) = (level for level in levels if level.rule == "spray")
    return found.spent, found.limit


def test_messages_that_nobody_proves_are_counted_over_all_numbers(bench: Bench) -> None:
    bench.place = NEAR
    bench.configure(spray_budget=3)
    for turn in range(2):
        prove(bench, turn)
    counted = [spray(ask(bench, turn).totals) for turn in range(100, 105)]
    assert counted == [(1, 3), (2, 3), (3, 3), (4, 3), (5, 3)]  # it refuses nobody
    bench.now += 701
    assert spray(ask(bench, 200).totals) == (1, 3)


def test_wrong_codes_are_counted_over_all_numbers_against_the_right_ones(bench: Bench) -> None:
    bench.configure(spray_budget=2)
    levels = []
    for turn in range(3):
        begun = ask(bench, turn).challenge.id
        wrong = bench.enter(begun, bench.wrong(begun), f"w{turn}")
        assert isinstance(wrong, Wrong)
        levels.append(spray(wrong.totals))
    assert levels == [(1, 2), (2, 2), (3, 2)]
    for turn in range(10, 15):
        prove(bench, turn)
    begun = ask(bench, 20).challenge.id
    wrong = bench.enter(begun, bench.wrong(begun), "w20")
    assert isinstance(wrong, Wrong)
    assert spray(wrong.totals) == (4, 5)


# --- at once, and refused ---------------------------------------------------------------------


def test_fifty_neighbours_at_once_keep_the_prefixs_budget_exactly(near: Bench) -> None:
    answers = [told(one) for one in crowd(50, lambda turn: ask(near, turn))]
    # where the shared part is paid before the number judges, a race may only refuse too many
    assert 0 < answers.count("Issued") <= 7
    if "unavailable" not in answers:
        assert answers.count("Issued") == 7


def test_a_refused_ask_costs_no_shared_budget(near: Bench) -> None:
    near.begun(number(1), "w1", address="a1")
    for turn in range(20):
        assert near.ask(number(1), f"other-{turn}", address=f"b{turn}").code == "cooldown"
    assert sent(near, range(50, 80)) == 6


def test_a_forged_device_pays_as_a_stranger_does(near: Bench) -> None:
    near.configure(address_asks_per_hour=3)
    asks = [
        near.ask(number(turn), f"w{turn}", address="office", device=f"forged-{turn}")
        for turn in range(5)
    ]
    assert [told(one) for one in asks] == ["Issued"] * 3 + ["rate_limited"] * 2
    assert sent(near, range(50, 80)) == 4


def test_a_page_tells_a_known_number_its_own_wait_and_a_stranger_the_shared_one(
    near: Bench,
) -> None:
    unknown = ask(near, 0)
    prove(near, 500)
    sent(near, range(1, 30))
    known = ask(near, 500)
    assert near.peek(unknown.challenge.id, "w0").resend_in > HOUR - 600
    assert near.peek(known.challenge.id, "w500").resend_in == 30
    refused = near.resend(unknown.challenge.id, "w0", "a0")
    assert isinstance(refused, Refusal)
    assert refused.retry_after == near.peek(unknown.challenge.id, "w0").resend_in

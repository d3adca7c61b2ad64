"""Sliding windows and the cooldown as pure figures (RULES 19, 21, 25)."""

from __future__ import annotations

from dataclasses import replace

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_phoneauth import budgets
from flask_phoneauth.budgets import (
    BUCKETS,
    DAY,
    HOUR,
    Charge,
    Cooldown,
    CooldownState,
    ask_price,
    cool,
    cooldowns,
    cooling,
    failure_charges,
    give_back,
    spend,
    spent,
    tries_charge,
    uncool,
    wait,
)
from flask_phoneauth.settings import Settings

steady = hypothesis.settings(deadline=None, derandomize=True, database=None)
moments = st.floats(0, 2_000_000_000, allow_nan=False)
pauses = st.one_of(
    st.integers(0, 900), st.floats(0, 4000, allow_nan=False), st.sampled_from([0, 599, 600, 3600])
)
charges = st.builds(
    Charge, key=st.just("k"), limit=st.integers(1, 8), window=st.sampled_from([60, HOUR, DAY])
)


@steady
@given(charges, moments, st.lists(pauses, max_size=60))
def test_never_more_than_the_limit_in_any_stretch_of_the_window(
    charge: Charge, now: float, steps: list[float]
) -> None:
    counts: dict[int, int] = {}
    log: list[float] = []
    for step in steps:
        now += step * charge.window / HOUR
        if not wait(charge, counts, now):
            counts = spend(charge, counts, now)
            log.append(now)
    for moment in log:
        assert sum(moment - charge.window <= other <= moment for other in log) <= charge.limit


@steady
@given(charges, moments, st.lists(pauses, max_size=60))
def test_a_spend_is_forgotten_one_bucket_after_its_window_at_the_latest(
    charge: Charge, now: float, steps: list[float]
) -> None:
    """The price of buckets: it may refuse for a sixth of the window longer than a list would."""
    counts: dict[int, int] = {}
    log: list[float] = []
    longest = charge.window + charge.bucket_seconds
    for step in steps:
        now += step * charge.window / HOUR
        recent = sum(now - longest < moment for moment in log)
        if wait(charge, counts, now):
            assert recent >= charge.limit
        else:
            counts = spend(charge, counts, now)
            log.append(now)


@steady
@given(charges, moments, st.lists(pauses, min_size=1, max_size=60))
def test_the_wait_is_exact(charge: Charge, now: float, steps: list[float]) -> None:
    counts: dict[int, int] = {}
    for step in steps:
        now += step * charge.window / HOUR
        seconds = wait(charge, counts, now)
        if seconds:
            assert isinstance(seconds, int)
            assert 1 <= seconds <= charge.window + charge.bucket_seconds
            assert wait(charge, counts, now + seconds) == 0
            assert wait(charge, counts, now + seconds - 1) > 0
        else:
            counts = spend(charge, counts, now)


@steady
@given(charges, moments, st.lists(pauses, max_size=40))
def test_counts_hold_no_more_buckets_than_a_window_has(
    charge: Charge, now: float, steps: list[float]
) -> None:
    counts: dict[int, int] = {}
    for step in steps:
        now += step
        counts = spend(charge, counts, now)
        assert len(counts) <= BUCKETS + 1
        assert spent(charge, counts, now) == sum(counts.values())


def test_a_cost_of_nothing_looks_whether_one_more_would_fit() -> None:
    charge = Charge("k", limit=2, window=HOUR)
    look = replace(charge, cost=0)
    once = spend(charge, {}, 0)
    assert wait(look, once, 0) == 0
    assert wait(look, spend(charge, once, 0), 0) == HOUR + 600


def test_a_charge_that_only_records_never_refuses() -> None:
    charge = Charge("k", limit=1, window=HOUR, record_only=True)
    counts = spend(charge, spend(charge, {}, 0), 0)
    assert spent(charge, counts, 0) == 2
    assert wait(charge, counts, 0) == 0


def test_a_limit_lowered_below_what_is_spent_still_ends_its_wait() -> None:
    counts = spend(Charge("k", 9, HOUR, cost=9), {}, 0)
    assert wait(Charge("k", 2, HOUR), counts, 0) == HOUR + 600


def test_what_is_given_back_leaves_its_own_bucket_only() -> None:
    charge = Charge("k", limit=5, window=HOUR)
    counts = spend(charge, spend(charge, {}, 0), 700)
    assert give_back(counts, 0, 1) == {0: 0, 1: 1}
    assert give_back(counts, 99, 1) == counts
    assert give_back({0: 0}, 0, 1) == {0: 0}


# --- the cooldown -----------------------------------------------------------------------------

LADDER = Cooldown("k", (30, 60, 120, 240), 3600)


def test_the_ladder_climbs_and_stays_at_its_top() -> None:
    state, now, waits = CooldownState(), 1000.0, []
    for _ in range(6):
        state = cool(LADDER, state, now)
        waits.append(cooling(state, now))
        now = state.until
    assert waits == [30, 60, 120, 240, 240, 240]


@pytest.mark.parametrize(("idle", "rung"), [(3599.9, 60), (3600, 30), (9999, 30)])
def test_an_idle_hour_begins_the_ladder_anew(idle: float, rung: int) -> None:
    state = cool(LADDER, CooldownState(), 1000.0)
    assert cooling(cool(LADDER, state, 1000.0 + idle), 1000.0 + idle) == rung


def test_a_cooldown_is_told_in_whole_seconds_rounded_up() -> None:
    state = cool(LADDER, CooldownState(), 1000.0)
    assert [cooling(state, now) for now in (1000.1, 1029, 1029.1, 1030, 1031)] == [30, 1, 1, 0, 0]


@given(st.floats(0, 0.1), st.integers(0, 6))
@steady
def test_jitter_never_shortens_a_wait(jitter: float, step: int) -> None:
    held = cool(replace(LADDER, jitter=jitter), CooldownState(step, 0, 0), 100.0)
    plain = cool(LADDER, CooldownState(step, 0, 0), 100.0)
    assert plain.until <= held.until <= 100 + (plain.until - 100) * 1.1 + 1e-6


def test_a_message_that_never_left_is_taken_off_the_ladder() -> None:
    first = cool(LADDER, CooldownState(), 1000.0)
    second = cool(LADDER, first, 1030.0)
    back = uncool(second)
    assert cooling(back, 1030.0) == 0
    assert cooling(cool(LADDER, back, 1031.0), 1031.0) == 60
    assert uncool(CooldownState()).step == 0


# --- prices -----------------------------------------------------------------------------------

PRICE = {"phone_tag": "tag", "binding": "b", "address": "a", "jitter": 0.0}


def test_an_ask_looks_at_the_lock_first_and_at_failures() -> None:
    price = ask_price(Settings(), **PRICE)
    assert (price.charges[0].code, price.charges[0].cost) == ("locked", 0)
    looked = {charge.key for charge in price.charges if not charge.cost}
    failures = {c.key for c in failure_charges(Settings(), phone_tag="tag", binding="b")}
    assert looked == {tries_charge(Settings(), "tag").key} | failures


def test_every_figure_of_an_ask_is_a_setting() -> None:
    names = [
        "tries_per_hour",
        "failed_sends_per_hour",
        "binding_failed_sends_per_hour",
        "sends_per_hour",
        "sends_per_day",
        "total_sends_per_day",
        "address_asks_per_hour",
        "address_total_asks_per_hour",
    ]
    settings = Settings(**{name: 1000 + turn for turn, name in enumerate(names)})
    limits = [charge.limit for charge in ask_price(settings, **PRICE).charges]
    assert limits == [1000 + turn for turn in range(len(names))]


def test_the_budgets_are_those_of_the_rules() -> None:
    charges = ask_price(Settings(), **PRICE).charges
    figures = [(c.limit, c.window, c.code, c.refund_on) for c in charges]
    assert figures == [
        (15, HOUR, "locked", ""),
        (3, HOUR, "budget_exhausted", ""),
        (10, HOUR, "budget_exhausted", ""),
        (5, HOUR, "budget_exhausted", "success failure"),
        (10, DAY, "budget_exhausted", "success failure"),
        (30, DAY, "budget_exhausted", "failure"),
        (20, HOUR, "rate_limited", "success"),
        (120, HOUR, "rate_limited", ""),
    ]


def test_a_free_ask_looks_at_the_lock_alone() -> None:
    free = ask_price(Settings(), **PRICE).when_free()
    assert [charge.code for charge in free.charges] == ["locked"]
    assert free.cooldowns == ()


def test_the_keys_of_a_number_stand_under_its_tag_and_hold_no_digits() -> None:
    price = ask_price(Settings(), **PRICE)
    own = [c.key for c in (*price.charges, *price.cooldowns) if "tag" in c.key]
    assert own
    assert all(key.startswith("{tag}:") for key in own)
    assert budgets.number_key("tag", "tries") == "{tag}:tries"


def test_the_number_and_the_browser_cool_down() -> None:
    found = cooldowns(Settings(), phone_tag="tag", binding="b", jitter=0.05)
    assert [c.key for c in found] == ["{tag}:cooldown", "binding:b:cooldown"]
    assert {(c.ladder, c.idle, c.jitter) for c in found} == {((30, 60, 120, 240), 3600, 0.05)}

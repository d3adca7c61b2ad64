"""Sliding windows and the cooldown as pure figures (RULES 19, 21, 25)."""

from __future__ import annotations

from dataclasses import replace

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_phoneauth.budgets import (
    BUCKETS,
    DAY,
    DEVICE,
    HOUR,
    STRANGER,
    AskPrice,
    Charge,
    Cooldown,
    CooldownState,
    cool,
    cooling,
    give_back,
    grown,
    spend,
    spent,
    uncool,
    wait,
)

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


# --- shares -----------------------------------------------------------------------------------


def test_a_limit_grows_to_its_share_and_never_below_its_floor() -> None:
    charge = Charge("k", limit=10, window=HOUR, share=0.2, share_key="proven")
    assert grown(charge, {}, 0).limit == 10
    assert grown(charge, {0: 50}, 0).limit == 10
    assert grown(charge, {0: 60, -3: 44}, 0).limit == 20
    assert grown(charge, {-7: 1000}, 0).limit == 10


def test_unknown_numbers_get_less_of_the_share_as_well() -> None:
    charge = Charge("k", 70, HOUR, known_limit=100, share=0.2, share_key="proven")
    assert grown(charge.held_back(), {0: 1000}, 0).limit == 140
    assert grown(charge.whole(), {0: 1000}, 0).limit == 200
    assert grown(charge.whole(), {}, 0).limit == 100


def test_a_charge_without_a_reserve_is_the_same_for_all() -> None:
    charge = Charge("k", 70, HOUR)
    assert charge.whole() == charge.held_back() == charge


def test_a_lane_pays_its_own_charges_and_those_of_both() -> None:
    price = AskPrice(
        (Charge("s", 1, HOUR, lane=STRANGER), Charge("d", 1, HOUR, lane=DEVICE), Charge("b", 1, 1)),
        (Cooldown("s", (1,), 1, lane=STRANGER), Cooldown("b", (1,), 1)),
    )
    found = {lane: price.fitting(lane, known=False) for lane in (STRANGER, DEVICE)}
    assert [c.key for c in found[STRANGER].charges] == ["s", "b"]
    assert [c.key for c in found[DEVICE].charges] == ["d", "b"]
    assert [c.key for c in found[DEVICE].cooldowns] == ["b"]

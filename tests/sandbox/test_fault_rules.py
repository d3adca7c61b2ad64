"""Fault rules as pure decisions: which subjects fit, and when a rule strikes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_sandbox.errors import InvalidRequest
from sms_sandbox.faults import MAX_BUCKETS, Effect, Rule, Subject, Tally, is_live, look, struck

NOW = 1_800_000_000.0
BROKEN = Effect(type="error", status=500)


def rule(**changes: Any) -> Rule:
    return Rule(**({"id": "flt_1", "effect": BROKEN} | changes))


def subject(**changes: Any) -> Subject:
    values = {
        "provider": "twilio",
        "account": "AC1",
        "recipient": "+9901234567",
        "sender": "Notes",
        "body": "Your code is 482913",
    }
    return Subject(**(values | changes))


def hits(of: Rule, number: int, now: float = NOW) -> list[int]:
    """The places, from 1, of the fitting subjects that the rule strikes."""
    tally, found = Tally(), []
    for place in range(1, number + 1):
        if not is_live(of, tally, now):
            continue
        tally, strikes = look(of, tally, "AC1", now)
        if strikes:
            tally = struck(tally)
            found.append(place)
    return found


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({}, True),
        ({"to": "+9901234567"}, True),
        ({"to": "990 123 45 67"}, True),
        ({"to": "009901234567"}, True),
        ({"to": "+99012345*"}, True),
        ({"to": "+990 123*"}, True),
        ({"to": "*67"}, True),
        ({"to": "+990124*"}, False),
        ({"to": {"regex": r"^\+990\d+7$"}}, True),
        ({"to": {"regex": "8$"}}, False),
        ({"from": "notes"}, True),
        ({"from": "No*"}, True),
        ({"from": "Bank"}, False),
        ({"provider": "twilio"}, True),
        ({"provider": "t*"}, True),
        ({"provider": "plivo"}, False),
        ({"account": "AC*"}, True),
        ({"account": "MA*"}, False),
        ({"body": "*code*"}, True),
        ({"body": "code"}, False),
        ({"body": {"regex": "[0-9]{6}"}}, True),
        ({"to": "+990*", "body": "*nothing*"}, False),
    ],
)
def test_every_pattern_must_fit(match: dict[str, Any], fits: bool) -> None:
    assert rule(match=match).fits(subject()) is fits


def test_rule_of_an_account_leaves_the_others_alone() -> None:
    assert rule(account="AC1").fits(subject())
    assert not rule(account="AC1").fits(subject(account="AC2"))


def test_bad_pattern_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidRequest) as refused:
        rule(match={"to": {"regex": "("}})
    assert refused.value.pointer == "/match/to/regex"


def test_plain_rule_strikes_all_and_times_bounds_it() -> None:
    assert hits(rule(), 4) == [1, 2, 3, 4]
    assert hits(rule(times=3), 10) == [1, 2, 3]


def test_every_nth_is_struck() -> None:
    assert hits(rule(every=5), 16) == [5, 10, 15]
    assert hits(rule(every=5, times=2), 30) == [5, 10]


def test_chance_strikes_its_share_and_never_or_always_at_the_ends() -> None:
    assert hits(rule(chance=0.0, seed=1), 500) == []
    assert hits(rule(chance=1.0, seed=1), 5) == [1, 2, 3, 4, 5]
    assert 70 <= len(hits(rule(chance=0.1, seed=7), 1000)) <= 130


@given(seed=st.integers(0, 2**31 - 1), chance=st.floats(0, 1))
def test_same_seed_strikes_the_same_ones(seed: int, chance: float) -> None:
    one = hits(rule(id="a", chance=chance, seed=seed), 40)
    assert one == hits(rule(id="b", chance=chance, seed=seed), 40)
    rarer = hits(rule(chance=chance / 2, seed=seed), 40)
    assert set(rarer) <= set(one)


def test_other_seed_strikes_others() -> None:
    assert hits(rule(chance=0.5, seed=1), 60) != hits(rule(chance=0.5, seed=2), 60)


def test_rate_strikes_what_comes_above_it() -> None:
    assert hits(rule(above_per_second=10.0), 13) == [11, 12, 13]


def test_rate_is_refilled_by_time_and_kept_for_each_account() -> None:
    of, tally = rule(above_per_second=2.0), Tally()
    seen = []
    for account, at in [("a", 0.0)] * 3 + [("b", 0.0), ("a", 0.5), ("a", 0.5), ("a", 60.0)]:
        tally, strikes = look(of, tally, account, NOW + at)
        seen.append(strikes)
    assert seen == [False, False, True, False, False, True, False]


def test_slow_rate_lets_one_through() -> None:
    assert hits(rule(above_per_second=0.1), 3) == [2, 3]


def test_rates_of_a_bounded_number_of_accounts_are_watched() -> None:
    of, tally = rule(above_per_second=1.0), Tally()
    for number in range(MAX_BUCKETS + 5):
        tally, _ = look(of, tally, f"account {number}", NOW)
    assert len(tally.buckets) == MAX_BUCKETS
    assert "account 0" not in tally.buckets


def test_rule_rests_when_it_is_off_used_up_or_expired() -> None:
    assert is_live(rule(), Tally(), NOW)
    assert not is_live(rule(), Tally(enabled=False), NOW)
    assert not is_live(rule(times=2), Tally(hits=2), NOW)
    assert is_live(rule(expires_at=NOW + 1), Tally(), NOW)
    assert not is_live(rule(expires_at=NOW), Tally(), NOW)


@pytest.mark.parametrize(
    "shown",
    [
        {"type": "error", "status": 429, "code": 20429, "message": "Slow down", "retry_after": 2},
        {"type": "error", "status": 500},
        {"type": "delay", "seconds": 1.5},
        {"type": "disconnect"},
        {"type": "truncate"},
        {"type": "delivery", "status": "undelivered", "error_code": 30005, "after": 2},
        {"type": "delivery", "status": "delivered", "after": 30},
        {"type": "webhook", "mutation": "delay", "seconds": 5},
        {"type": "webhook", "mutation": "drop"},
    ],
)
def test_effect_is_shown_as_it_was_asked_for(shown: dict[str, Any]) -> None:
    assert Effect.of(shown).as_json() == shown


def test_repr_names_no_number_and_no_text() -> None:
    shown = repr(subject()) + repr(rule(match={"to": "+9901234567"}))
    assert "9901234567" not in shown
    assert "482913" not in shown

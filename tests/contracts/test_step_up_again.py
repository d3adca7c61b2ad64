"""A right code that is given again, on every store: it leads where it has led."""

from __future__ import annotations

from dataclasses import replace

import pytest
from contracts.step_up import (
    PAST_COOLDOWN,
    Door,
    Full,
    silently,
)
from phoneauth.house import ALICE

from flask_phoneauth.errors import (
    Busy,
    InvalidCode,
    TooManyTries,
    UnknownChallenge,
    Used,
)
from flask_phoneauth.flows.look_up_challenge import (
    UNDECIDED_FOR,
)
from flask_phoneauth.flows.submit_code import SignedIn
from flask_phoneauth.prices import number_price


def test_right_code_typed_twice_leads_to_the_one_step_that_is_open(door: Door) -> None:
    asked = door.house.ask()
    code = door.house.last_code()
    second = door.second(half=door.type(asked.challenge_id, code))
    with pytest.raises(InvalidCode):
        door.type(second, door.wrong())
    for _ in range(2):
        with pytest.raises(Used):
            door.type(asked.challenge_id, code)
        led = door.led_to(asked.challenge_id)
        assert led is not None
        assert (led.challenge_id, led.channel) == (second, "email")
    with pytest.raises(UnknownChallenge):
        door.led_to(asked.challenge_id, "eve")
    assert len(door.post.mails) == 1
    with pytest.raises(InvalidCode) as caught:
        door.type(second, door.wrong())
    assert caught.value.tries_left == 3
    assert isinstance(door.type(second, door.mailed()), SignedIn)
    assert door.led_to(asked.challenge_id) is None, "it is over: nothing begins again"


def test_step_that_is_over_is_not_led_to(door: Door) -> None:
    asked = door.house.ask()
    second = door.second(half=door.type(asked.challenge_id, door.house.last_code()))
    for _ in range(4):
        with pytest.raises(InvalidCode):
            door.type(second, door.wrong())
    with pytest.raises(TooManyTries):
        door.type(second, door.wrong())
    assert door.led_to(asked.challenge_id) is None


def test_right_code_that_stayed_good_leads_to_the_step_that_it_opened_at_last(door: Door) -> None:
    asked = door.house.ask()
    code, queue = door.house.last_code(), door.house.parts.dispatch
    door.house.parts = replace(door.house.parts, dispatch=Full())
    half = door.type(asked.challenge_id, code)
    with pytest.raises(Busy):
        door.second(half=half)
    assert door.house.status(asked.challenge_id).led_to == ""
    door.house.parts = replace(door.house.parts, dispatch=queue)
    second = door.second(half=door.type(asked.challenge_id, code))
    led = door.led_to(asked.challenge_id)
    assert led is not None
    assert led.challenge_id == second


def test_step_that_the_network_has_opened_is_led_to_from_a_code_too(door: Door) -> None:
    asked = door.house.ask()
    code = door.house.last_code()
    door.later(PAST_COOLDOWN)
    second = door.second(half=silently(door))
    assert door.second(half=door.type(asked.challenge_id, code)) == second
    led = door.led_to(asked.challenge_id)
    assert led is not None
    assert led.challenge_id == second


def test_right_code_may_yet_ask_for_another_one_for_a_short_while(door: Door) -> None:
    asked = door.house.ask()
    assert not door.house.status(asked.challenge_id).undecided
    half = door.type(asked.challenge_id, door.house.last_code())
    assert door.house.status(asked.challenge_id).undecided
    door.later(UNDECIDED_FOR)
    assert not door.house.status(asked.challenge_id).undecided
    door.second(half=half)
    assert not door.house.status(asked.challenge_id).undecided


def test_nothing_is_awaited_where_no_second_code_can_follow(door: Door) -> None:
    door.network.swapped.clear()
    by_email = door.house.ask(channel="email")
    assert isinstance(door.type(by_email.challenge_id, door.mailed()), SignedIn)
    assert not door.house.status(by_email.challenge_id).undecided
    door.house.configure(sim_swap="allow")
    asked = door.house.ask()
    assert isinstance(door.type(asked.challenge_id, door.house.last_code()), SignedIn)
    assert not door.house.status(asked.challenge_id).undecided


def test_what_is_typed_on_a_used_code_costs_nothing_and_tells_nothing(door: Door) -> None:
    asked = door.house.ask()
    code = door.house.last_code()
    second = door.second(half=door.type(asked.challenge_id, code))
    parts, now = door.house.parts, door.house.clock.now()
    tag = parts.keys.phone_tag(ALICE)
    price = number_price(parts.settings, tag)
    before = parts.challenges.look(tag, price, now=now)
    for turn in range(parts.settings.tries_per_hour + 1):
        with pytest.raises(Used):
            door.type(asked.challenge_id, str((int(code) + turn) % 10**6).zfill(6))
    assert parts.challenges.look(tag, price, now=now) == before
    led = door.led_to(asked.challenge_id)
    assert led is not None
    assert led.challenge_id == second

"""A number with a new SIM, on every store: two codes open its account, only together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from contracts.racing import crowd
from contracts.step_up import (
    ADDRESS,
    CROWD,
    HOUR,
    PAST_COOLDOWN,
    Door,
    Full,
    silently,
)
from phoneauth.house import ALICE, BOB, binding, code_in

from flask_phoneauth.errors import (
    BudgetExhausted,
    Busy,
    Cooldown,
    Expired,
    InvalidCode,
    InvalidRequest,
    PhoneAuthError,
    SimChanged,
    TooManyTries,
    UnknownChallenge,
    Used,
)
from flask_phoneauth.events import CodeAsked, CodeRefused
from flask_phoneauth.flows.change_phone import ask_to_change, change_phone
from flask_phoneauth.flows.request_code import Ask
from flask_phoneauth.flows.silent_login import (
    Known,
)
from flask_phoneauth.flows.step_up import PROOF_LIFE, Halfway
from flask_phoneauth.flows.submit_code import SignedIn
from flask_phoneauth.records import Client


def test_only_both_codes_together_open_the_account(door: Door) -> None:
    half = door.half(next="/notes", remember=True)
    assert door.post.mails == []
    second = door.second(half=half)
    (mail,) = door.post.mails
    assert mail.to == ADDRESS
    assert "SIM card was changed" in mail.body
    assert door.mailed() != door.house.last_code()
    done = door.type(second, door.mailed())
    assert isinstance(done, SignedIn)
    assert (done.user.get_id(), done.new_user) == (door.alice.get_id(), False)
    assert (done.payload["next"], done.payload["remember"]) == ("/notes", True)
    with pytest.raises(Used):
        door.type(second, door.mailed())


def test_account_without_an_address_is_refused_in_words_that_help(door: Door) -> None:
    door.users.create(BOB)
    door.later(1000 * HOUR)
    asked = door.house.ask(BOB)
    code = door.house.last_code()
    half = door.type(asked.challenge_id, code)
    assert isinstance(half, Halfway)
    with pytest.raises(SimChanged, match="240 hours"):
        door.second(half=half)
    assert door.house.told(CodeRefused)[-1].code == "sim_changed"
    with pytest.raises(Used):
        door.type(asked.challenge_id, code)


def test_number_without_an_account_signs_up_and_nobody_is_asked(door: Door) -> None:
    done = door.prove(BOB)
    assert isinstance(done, SignedIn)
    assert done.new_user
    assert door.network.asked == []


def test_sim_as_it_was_and_one_of_which_nobody_can_tell_need_no_second_code(door: Door) -> None:
    door.network.swapped.clear()
    assert isinstance(door.prove(), SignedIn)
    door.network.unsure = True
    assert isinstance(door.prove(), SignedIn)
    assert door.network.asked == [(ALICE, 240)] * 2


@pytest.mark.parametrize(("seconds", "hours"), [(60, 1), (2 * HOUR + 1, 3), (300 * HOUR, 240)])
def test_change_before_the_number_was_proven_is_nobodys_theft(
    door: Door, seconds: int, hours: int
) -> None:
    door.prove(BOB)
    door.later(seconds)
    door.prove(BOB)
    assert door.network.asked == [(BOB, hours)]


def test_nobody_is_asked_before_the_code_is_right(door: Door) -> None:
    asked = door.house.ask()
    wrong = str((int(door.house.last_code()[0]) + 1) % 10) + door.house.last_code()[1:]
    with pytest.raises(InvalidCode):
        door.type(asked.challenge_id, wrong)
    door.house.status(asked.challenge_id)
    assert door.network.asked == []


def test_code_of_one_is_no_code_of_the_other_and_tries_are_its_own(door: Door) -> None:
    second = door.second()
    first_code = door.house.last_code()
    for left in (4, 3, 2, 1):
        with pytest.raises(InvalidCode) as caught:
            door.type(second, first_code)
        assert caught.value.tries_left == left
    with pytest.raises(TooManyTries):
        door.type(second, first_code)
    with pytest.raises(TooManyTries):
        door.type(second, door.mailed())


def test_another_browser_has_no_use_for_it(door: Door) -> None:
    second = door.second()
    with pytest.raises(InvalidCode) as caught:
        door.type(second, door.mailed(), "eve")
    assert caught.value.tries_left is None
    with pytest.raises(UnknownChallenge):
        door.house.status(second, "eve")
    with pytest.raises(UnknownChallenge):
        door.resend(second, "eve")
    assert isinstance(door.type(second, door.mailed()), SignedIn)


@pytest.mark.parametrize("fate", ["deleted", "moved", "blocked", "address"])
def test_it_opens_no_account_but_the_one_that_it_was_sent_for(door: Door, fate: str) -> None:
    second = door.second()
    if fate == "blocked":
        door.users.set_blocked(door.alice.get_id(), True)
    elif fate == "address":
        door.users.addresses[door.alice.get_id()] = "eve@example.com"
    else:
        if fate == "deleted":
            door.users.delete(door.alice.get_id())
        else:
            door.users.set_phone(door.alice.get_id(), BOB)
        heir = door.users.create(ALICE)
        door.users.addresses[heir.get_id()] = ADDRESS
    with pytest.raises(InvalidCode):
        door.type(second, door.mailed())


def test_account_that_has_the_number_meanwhile_gets_no_code_of_the_former(door: Door) -> None:
    second = door.second()
    door.users.delete(door.alice.get_id())
    door.later(PAST_COOLDOWN)
    door.resend(second)
    assert len(door.post.mails) == 1, "the account is gone, and nobody else is mailed"
    heir = door.users.create(ALICE)
    door.users.addresses[heir.get_id()] = "heir@example.com"
    door.later(2 * PAST_COOLDOWN)
    door.resend(second)
    assert len(door.post.mails) == 1


def test_login_that_begins_anew_ends_what_was_half_proven(door: Door) -> None:
    second = door.second()
    code = door.mailed()
    door.later(PAST_COOLDOWN)
    door.house.ask(who="eve", address="203.0.113.9")
    door.later(2 * PAST_COOLDOWN)
    assert door.house.status(second).status == "pending", "another browser's start is its own"
    door.house.ask()
    with pytest.raises(Expired):
        door.type(second, code)
    assert door.house.status(second).status == "expired"


def test_email_once_more_has_the_same_code_and_comes_by_no_other_way(door: Door) -> None:
    second = door.second()
    code = door.mailed()
    with pytest.raises(Cooldown):
        door.resend(second)
    door.later(PAST_COOLDOWN)
    for channel in ("sms", "voice"):
        with pytest.raises(InvalidRequest):
            door.resend(second, channel=channel)
    assert door.resend(second).challenge_id == second
    assert (len(door.post.mails), door.mailed()) == (2, code)
    assert len(door.house.provider.sent) == 1
    assert isinstance(door.type(second, code), SignedIn)


def test_half_a_proof_is_not_kept_alive_by_asking_again(door: Door) -> None:
    door.house.configure(cooldown=(1,))
    second = door.second()
    began = door.house.clock.now()
    for _ in range(2):  # at 280 and at 560 seconds: a new code each time
        door.later(280)
        door.resend(second)
    door.later(PROOF_LIFE - door.house.parts.settings.code_ttl - 559)
    with pytest.raises(Expired):
        door.resend(second)
    assert len({*door.post.mails}) == 3
    door.later(began + PROOF_LIFE - 1 - door.house.clock.now())
    assert door.house.status(second).status == "expired"
    with pytest.raises(Expired):
        door.type(second, door.mailed())


def test_mailbox_is_not_flooded_by_asking_again_or_proving_again(door: Door) -> None:
    spent = False
    for _ in range(30):
        try:
            second = door.second()
            door.later(130)
            door.resend(second)
        except (BudgetExhausted, Cooldown) as refused:
            spent |= isinstance(refused, BudgetExhausted)
        except Expired:
            pass
        door.later(10)
    assert spent
    assert len(door.post.mails) <= 10


def test_refused_email_leaves_the_right_code_good(door: Door) -> None:
    door.house.configure(sends_per_hour=1)
    asked = door.house.ask()
    code = door.house.last_code()
    half = door.type(asked.challenge_id, code)
    door.house.ask(who="eve", address="203.0.113.9")  # spends what the success gave back
    with pytest.raises((BudgetExhausted, Cooldown)):
        door.second(half=half)
    assert door.post.mails == []
    door.house.configure(sends_per_hour=5)
    door.later(PAST_COOLDOWN)
    again = door.type(asked.challenge_id, code)
    assert isinstance(again, Halfway)
    door.second(half=again)
    assert len(door.post.mails) == 1


def test_full_queue_leaves_the_right_code_good(door: Door) -> None:
    asked = door.house.ask()
    code, queue = door.house.last_code(), door.house.parts.dispatch
    half = door.type(asked.challenge_id, code)
    door.house.parts = replace(door.house.parts, dispatch=Full())
    with pytest.raises(Busy):
        door.second(half=half)
    door.house.parts = replace(door.house.parts, dispatch=queue)
    again = door.type(asked.challenge_id, code)
    assert isinstance(again, Halfway)
    assert isinstance(door.type(door.second(half=again), door.mailed()), SignedIn)


def test_mail_server_that_is_away_is_told_of(door: Door) -> None:
    door.post.away = True
    second = door.second()
    assert door.house.status(second).delivery == "failed"
    door.post.away = False
    door.later(PAST_COOLDOWN)
    door.resend(second)
    assert door.house.status(second).delivery == "sent"
    assert isinstance(door.type(second, door.mailed()), SignedIn)


def test_many_at_once_make_one_email_and_one_session(door: Door) -> None:
    asked = door.house.ask()
    code = door.house.last_code()

    def first(_: int) -> str:
        try:
            half = door.type(asked.challenge_id, code)
            assert isinstance(half, Halfway)
            return door.second(half=half)
        except PhoneAuthError as error:
            return error.code

    answers = crowd(CROWD, first)
    (second,) = {one for one in answers if "." in one}
    told = Counter(answers)
    assert told["used"] + told["store_unavailable"] + told["unavailable"] == CROWD - 1
    assert len(door.post.mails) == 1

    def then(_: int) -> str:
        try:
            return type(door.type(second, door.mailed())).__name__
        except PhoneAuthError as error:
            return error.code

    assert Counter(crowd(CROWD, then))["SignedIn"] == 1


def test_switched_off_meanwhile_it_opens_nothing(door: Door) -> None:
    second = door.second()
    door.house.configure(sim_swap="allow")
    with pytest.raises(InvalidCode):
        door.type(second, door.mailed())


def test_login_without_a_code_takes_the_second_one_too(door: Door) -> None:
    half = silently(door)
    assert isinstance(half, Halfway)
    second = door.second(half=half)
    assert [(told.purpose, told.channel) for told in door.house.told(CodeAsked)] == [
        ("step_up", "email")
    ]
    done = door.type(second, door.mailed())
    assert isinstance(done, SignedIn)
    assert done.payload["next"] == "/notes"
    door.network.swapped.clear()
    assert isinstance(silently(door), Known)


def test_login_without_a_code_makes_an_account_on_a_new_sim(door: Door) -> None:
    known = silently(door, BOB)
    assert isinstance(known, Known)
    assert known.admitted.new_user


def test_proven_twice_in_the_cooldown_there_is_one_email(door: Door) -> None:
    first = door.second(half=silently(door))
    assert door.second(half=silently(door)) == first
    assert len(door.post.mails) == 1


@pytest.mark.parametrize("phone", [ALICE, BOB])
def test_network_signs_no_new_sim_in_where_that_is_refused(door: Door, phone: str) -> None:
    door.house.configure(sim_swap="refuse")
    with pytest.raises(SimChanged, match="240 hours"):
        silently(door, phone)
    assert door.users.by_phone(BOB) is None
    told = door.house.told(CodeRefused)[-1]
    assert (told.purpose, told.code) == ("silent", "sim_changed")


def test_account_moves_to_a_number_with_a_new_sim_and_is_opened_by_it(door: Door) -> None:
    parts = door.house.parts
    door.network.swapped = {BOB}
    alice: Any = door.alice
    ask = Ask(BOB, binding("ann"), Client("198.51.100.7"), host="example.com")
    asked = ask_to_change(parts, alice, ask)
    change_phone(parts, alice, asked.challenge_id, door.house.last_code(), binding("ann"))
    assert door.network.asked == []
    door.network.swapped.clear()  # the change is older than the account's proof of the number
    assert isinstance(door.prove(BOB), SignedIn)
    assert door.network.asked == [(BOB, 1)]


def test_code_of_the_first_message_is_not_in_the_email(door: Door) -> None:
    door.second()
    assert code_in(door.house.provider.sent[-1]) not in door.post.mails[-1].body

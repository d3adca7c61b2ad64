"""Who is sent what, and what others can tell from it (RULES 11, 26-28, 32; INTERFACE 3)."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest
from phoneauth.house import ALICE, BOB, House, RecordingProvider, another, code_in

from flask_phoneauth.delivery.failover import Delivery
from flask_phoneauth.dispatch.inline import InlineDispatch
from flask_phoneauth.errors import (
    AccountRefused,
    BudgetExhausted,
    InvalidCode,
    NumberNotVerified,
    NumberRefused,
    PhoneAuthError,
    ProviderDown,
    ProviderUnavailable,
    SendFailed,
    SendUncertain,
    TooManyTries,
    Used,
)
from flask_phoneauth.events import CodeFailed, CodeSent, DeliveryUpdated
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.prices import number_price
from flask_phoneauth.records import Job

TEST_NUMBER = "+447400999000"
FOREVER = {TEST_NUMBER: ("112233", "2030-01-31")}


# --- providers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "failure",
    [ProviderDown("unreachable"), AccountRefused("no_balance"), NumberRefused("landline")],
)
def test_a_known_failure_is_told_and_spends_no_cooldown(house: House, failure: SendFailed) -> None:
    house.provider.failure = failure
    asked = house.ask()
    status = house.status(asked.challenge_id)
    assert (status.status, status.delivery, status.asked.resend_in) == ("pending", "failed", 0)
    failed = house.told(CodeFailed)
    assert [event.reason for event in failed] == [failure.reason]
    assert [event.delivery for event in house.told(DeliveryUpdated)] == ["failed"]
    house.provider.failure = None
    again = house.ask()
    assert again.challenge_id == asked.challenge_id
    assert house.status(asked.challenge_id).delivery == "sent"
    assert house.submit(asked.challenge_id, house.last_code()).new_user


def test_failures_have_a_budget_of_their_own(house: House) -> None:
    house.provider.failure = ProviderDown("unreachable")
    for _ in range(3):
        house.ask()
    with pytest.raises(BudgetExhausted):
        house.ask()
    assert len(house.provider.sent) == 3


def test_the_older_code_stays_good_when_a_new_one_cannot_be_sent(house: House) -> None:
    asked = house.ask()
    older = house.last_code()
    house.clock.advance(200)
    house.provider.failure = ProviderDown("unreachable")
    house.resend(asked.challenge_id)
    newer = house.last_code()
    assert newer != older
    assert house.status(asked.challenge_id).delivery == "failed"
    with pytest.raises(InvalidCode) as caught:
        house.submit(asked.challenge_id, newer)
    assert caught.value.tries_left == 4
    assert house.submit(asked.challenge_id, older).new_user


@pytest.mark.parametrize("wait", [0, 200])
def test_the_code_of_an_uncertain_message_is_good(house: House, wait: int) -> None:
    asked = house.ask()
    house.provider.failure = SendUncertain("read_timeout")
    house.clock.advance(40 + wait)
    house.resend(asked.challenge_id)
    assert house.status(asked.challenge_id).delivery == "sent"
    assert house.status(asked.challenge_id).asked.resend_in > 0  # it is paid
    assert house.submit(asked.challenge_id, house.last_code()).new_user


def test_an_uncertain_message_goes_once_more_with_the_same_code(house: House) -> None:
    second = RecordingProvider()
    second.name = "second"
    house.provider.failure = SendUncertain("read_timeout")
    house.parts = replace(house.parts, delivery=Delivery([house.provider, second]))
    asked = house.ask()
    assert code_in(second.sent[0]) == house.last_code()
    assert house.submit(asked.challenge_id, house.last_code()).new_user


# --- who gets nothing -------------------------------------------------------------------------


PERSONAL = {"challenge_id": "", "reference": "", "masked_phone": ""}


def story(house: House, phone: str, who: str) -> list[Any]:
    """All that somebody can see who types a number and does not get the code."""
    seen: list[Any] = []

    def look(name: str, act: Any) -> None:
        try:
            answer = act()
        except PhoneAuthError as error:
            seen.append((name, error.code, error.tries_left, error.detail))
            return
        asked = getattr(answer, "asked", answer)
        shown = replace(asked, **PERSONAL, resend_in=bool(asked.resend_in))  # but for jitter
        rest = None if asked is answer else (answer.status, answer.delivery, answer.tries_left)
        seen.append((name, shown, rest))

    asked = house.ask(phone, who)
    look("status", lambda: house.status(asked.challenge_id, who))
    wrong = [f"{n:06d}" for n in range(3)]
    for pause in (0, 20, 15):
        house.clock.advance(pause)
        look("status", lambda: house.status(asked.challenge_id, who))
    look("ask", lambda: house.ask(phone, who))
    look("wrong", lambda: house.submit(asked.challenge_id, wrong[0], who))
    for pause in (165, 50, 60, 150, 80, 700):  # a resend with a new code, the old one's end ...
        house.clock.advance(pause)
        look("resend", lambda: house.resend(asked.challenge_id, who))
        look("status", lambda: house.status(asked.challenge_id, who))
        look("wrong", lambda: house.submit(asked.challenge_id, wrong[1], who))
        house.clock.advance(31)
        look("status", lambda: house.status(asked.challenge_id, who))
    look("other", lambda: house.ask(phone, who + "'s friend"))
    return seen


def test_with_sign_up_off_a_known_and_an_unknown_number_look_the_same(house: House) -> None:
    house.users.create(ALICE)
    house.configure(signup=False)
    began = house.clock.now()
    known = story(house, ALICE, "ann")
    messages = len(house.provider.sent)
    house.clock.advance(86400 * 2 - (house.clock.now() - began))
    unknown = story(house, BOB, "bea")
    assert messages >= 3
    assert len(house.provider.sent) == messages  # nothing for the unknown one
    assert known == unknown


def test_with_sign_up_off_a_failing_provider_tells_nobody_apart(house: House) -> None:
    house.users.create(ALICE)
    house.configure(signup=False)
    house.provider.failure = ProviderDown("unreachable")
    began = house.clock.now()
    known = story(house, ALICE, "ann")
    house.clock.advance(86400 * 2 - (house.clock.now() - began))
    assert known == story(house, BOB, "bea")


def test_with_sign_up_off_even_the_right_code_makes_no_user(house: House) -> None:
    asked = house.ask()
    house.configure(signup=False)
    with pytest.raises(InvalidCode):
        house.submit(asked.challenge_id, house.last_code())
    assert house.users.by_phone(ALICE) is None
    with pytest.raises(Used):
        house.submit(asked.challenge_id, house.last_code())


def test_a_blocked_user_is_sent_nothing_and_reads_like_a_lost_message(house: House) -> None:
    user = house.log_in().user
    house.users.set_blocked(user.get_id(), True)
    house.clock.advance(60)
    sent = len(house.provider.sent)
    asked = house.ask()
    assert len(house.provider.sent) == sent
    assert len(house.told(CodeSent)) == sent
    assert house.status(asked.challenge_id).delivery == "sent"
    house.clock.advance(30)
    assert house.status(asked.challenge_id).delivery == "failed"


def test_a_user_blocked_after_the_message_is_answered_like_a_wrong_code(house: House) -> None:
    user = house.log_in().user
    house.clock.advance(60)
    asked = house.ask()
    house.users.set_blocked(user.get_id(), True)
    with pytest.raises(InvalidCode):
        house.submit(asked.challenge_id, house.last_code())


# --- virtual and test numbers -----------------------------------------------------------------


def test_an_even_virtual_number_is_verified_by_its_own_digits(house: House) -> None:
    house.configure(virtual_numbers=True)
    asked = house.ask("+990 1234")
    assert house.last_code() == "901234"
    assert house.submit(asked.challenge_id, "901234").new_user


def test_the_code_of_a_virtual_number_is_padded_to_the_length(house: House) -> None:
    house.configure(virtual_numbers=True, code_length=10)
    asked = house.ask("+9901234")
    assert house.submit(asked.challenge_id, "0009901234").new_user


def test_an_odd_virtual_number_is_not_verified_and_ends(house: House) -> None:
    house.configure(virtual_numbers=True)
    asked = house.ask("+9901235")
    with pytest.raises(NumberNotVerified):
        house.submit(asked.challenge_id, "901235")
    with pytest.raises(Used):
        house.submit(asked.challenge_id, "901235")
    assert house.users.by_phone("+9901235") is None


def test_a_virtual_number_that_ends_in_99_errs_and_leaves_nothing(house: House) -> None:
    house.configure(virtual_numbers=True)
    with pytest.raises(ProviderUnavailable):
        house.ask("+9901299")
    assert not house.store._challenges
    assert not house.provider.sent


def test_virtual_numbers_skip_messages_and_the_cooldown_but_not_tries(house: House) -> None:
    house.configure(virtual_numbers=True)
    for _ in range(40):
        asked = house.ask("+9901234")
        assert asked.resend_in == 0
    for _ in range(4):
        with pytest.raises(InvalidCode):
            house.submit(asked.challenge_id, "000000")
    with pytest.raises(TooManyTries):
        house.submit(asked.challenge_id, "000000")


def test_a_test_number_is_never_sent_to_and_has_its_own_code(house: House) -> None:
    house.configure(test_numbers=FOREVER)
    for _ in range(12):
        asked = house.ask(TEST_NUMBER)
    assert not house.provider.sent
    assert house.status(asked.challenge_id).delivery == "sent"
    with pytest.raises(InvalidCode):
        house.submit(asked.challenge_id, "112234")
    assert house.submit(asked.challenge_id, "112233").new_user


def test_a_test_number_is_an_ordinary_one_after_its_day(house: House) -> None:
    house.configure(test_numbers={TEST_NUMBER: ("112233", "2023-11-13")})
    asked = house.ask(TEST_NUMBER)
    assert [message.to for message in house.provider.sent] == [TEST_NUMBER]
    code = house.last_code()
    if code != "112233":  # one in a million
        with pytest.raises(InvalidCode):
            house.submit(asked.challenge_id, "112233")
    assert house.submit(asked.challenge_id, code).new_user


# --- nothing leaks ----------------------------------------------------------------------------


def test_numbers_and_codes_are_in_no_repr_log_or_event(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asked = house.ask()
    shown = [repr(asked), repr(house.status(asked.challenge_id))]
    challenge = next(iter(house.store._challenges.values()))
    shown += [repr(challenge), repr(house.provider.sent[0])]
    code = house.last_code()
    for wrong in (another(code), "no code"):
        with pytest.raises(PhoneAuthError) as caught:
            house.submit(asked.challenge_id, wrong)
        shown += [repr(caught.value), str(caught.value), str(caught.value.places)]
    with pytest.raises(PhoneAuthError) as caught:
        house.ask(who="bea")
    shown += [repr(caught.value), str(caught.value), str(caught.value.places)]
    signed_in = house.submit(asked.challenge_id, code)
    house.provider.failure = ProviderDown("unreachable")
    house.ask(BOB, "cat")
    shown += [repr(signed_in), repr(house.events), caplog.text]
    seed = challenge.seed
    assert seed is not None
    for text in shown:
        for secret in ("7400123", code, another(code), repr(seed)[2:-1], seed.hex()):
            assert secret not in text


def test_the_parts_of_a_house_show_no_secret(house: House) -> None:
    house.configure(secret="hidden-word", test_numbers=FOREVER)
    assert isinstance(house.parts, Parts)
    assert "hidden-word" not in repr(house.parts)
    assert "112233" not in repr(house.parts)


def test_a_message_that_waited_too_long_is_not_sent_and_costs_nothing(house: House) -> None:
    late: list[Job] = []
    house.parts = replace(house.parts, dispatch=InlineDispatch(late.append))
    asked = house.ask()
    house.clock.advance(30.5)
    house.deliver(late.pop())
    assert house.provider.sent == []
    assert [event.reason for event in house.told(CodeFailed)] == ["late"]
    status = house.status(asked.challenge_id)
    assert (status.delivery, status.asked.resend_in) == ("failed", 0)
    house.ask()
    house.clock.advance(29.5)
    house.deliver(late.pop())
    assert len(house.provider.sent) == 1


def brought(house: House, times: int) -> Job:
    """The newest job as a broker hands it out for that time."""
    (challenge,) = house.store._challenges.values()
    return Job(challenge.id, challenge.newest.number, challenge.asked_at, delivered=times)


def queued(house: House) -> list[Job]:
    """From here on jobs wait; they are in the list."""
    waiting: list[Job] = []
    house.parts = replace(house.parts, dispatch=InlineDispatch(waiting.append))
    return waiting


def test_a_job_that_a_broker_brings_twice_sends_one_message(house: House) -> None:
    queued(house)
    asked = house.ask()
    for times in (1, 1, 2, 2):
        house.deliver(brought(house, times))
    assert len(house.provider.sent) == 1
    assert house.status(asked.challenge_id).delivery == "sent"


def test_a_run_after_a_lost_worker_sends_the_same_code_again(house: House) -> None:
    queued(house)
    asked = house.ask()
    assert house.store.load(brought(house, 1), now=house.clock.now()) is not None  # and it dies
    house.deliver(brought(house, 1))
    assert house.provider.sent == []
    house.deliver(brought(house, 2))
    assert len(house.provider.sent) == 1
    house.submit(asked.challenge_id, house.last_code())


def test_a_run_that_is_too_late_after_a_lost_one_takes_the_message_for_sent(house: House) -> None:
    queued(house)
    asked = house.ask()
    assert house.store.load(brought(house, 1), now=house.clock.now()) is not None  # and it dies
    house.clock.advance(31)
    house.deliver(brought(house, 2))
    assert house.provider.sent == []
    assert house.status(asked.challenge_id).delivery == "sent"
    (told,) = house.told(CodeSent)
    assert told.provider == "uncertain"


def test_a_job_that_was_never_begun_and_is_too_late_fails_and_costs_nothing(house: House) -> None:
    queued(house)
    asked = house.ask()
    house.clock.advance(31)
    house.deliver(brought(house, 2))
    status = house.status(asked.challenge_id)
    assert (status.delivery, house.provider.sent) == ("failed", [])
    tag = phone_tag_of(asked.challenge_id)
    look = house.store.look(tag, number_price(house.parts.settings, tag), now=house.clock.now())
    assert set(look.spent) == {0}

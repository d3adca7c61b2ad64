"""Calls through the flows: what they say, what they cost, what pressing a key proves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from phoneauth.desk import Caller, Desk
from phoneauth.house import ALICE, BOB, RecordingProvider, binding

from flask_phoneauth.delivery.calling import Calls
from flask_phoneauth.errors import (
    AccountRefused,
    BadSignature,
    BudgetExhausted,
    Cooldown,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.events import CodeAsked, CodeFailed, CodeSent, DeliveryUpdated
from flask_phoneauth.flows.record_receipt import record_receipt
from flask_phoneauth.flows.resend_code import resend_code
from flask_phoneauth.flows.speak_code import speak_code
from flask_phoneauth.flows.watch_providers import watch_providers
from flask_phoneauth.otp.keys import Keyring
from flask_phoneauth.records import Client, Job, Outbound, RawRequest


def test_the_job_carries_no_code_and_the_call_reads_it_after_the_key(desk: Desk) -> None:
    asked = desk.ask_by("voice")
    assert (asked.channel, desk.house.provider.sent, desk.vendor.sent) == ("voice", [], [])
    (call,) = desk.vendor.voice.calls
    assert (call.to, call.body) == (ALICE, "")
    prompt = desk.question()
    assert prompt.startswith("asks|Hello, this is Notes, with your code to sign in.|")
    assert not any(letter.isdecimal() for letter in prompt.replace("press 1", ""))
    code = desk.heard()
    assert desk.question("1").count(" ".join(code)) == 2
    assert desk.house.submit(asked.challenge_id, code).new_user


def test_no_key_and_other_keys_hear_the_question_again(desk: Desk) -> None:
    desk.ask_by("voice")
    assert {desk.question(keys)[:4] for keys in ("", "2", "*", "#")} == {"asks"}


def test_a_call_repeats_the_code_of_the_message(desk: Desk) -> None:
    asked = desk.ask_by("sms")
    again = desk.again_by("voice", asked.challenge_id)
    assert (again.challenge_id, again.channel) == (asked.challenge_id, "voice")
    assert desk.heard() == desk.house.last_code()


def test_a_late_call_reads_the_new_code(desk: Desk) -> None:
    asked = desk.ask_by("sms")
    first = desk.house.last_code()
    desk.house.clock.advance(200)
    desk.again_by("voice", asked.challenge_id)
    code = desk.heard()
    assert code != first
    assert desk.house.submit(asked.challenge_id, code).new_user


def test_it_is_paid_as_a_message(desk: Desk) -> None:
    desk.house.configure(sends_per_hour=2, cooldown=(1,))
    asked = desk.ask_by("voice")
    desk.again_by("sms", asked.challenge_id)
    with pytest.raises(Exception, match="Too many codes were asked for"):
        desk.again_by("voice", asked.challenge_id)


def test_in_the_cooldown_it_is_refused(desk: Desk) -> None:
    asked = desk.ask_by("sms")
    with pytest.raises(Cooldown):
        resend_code(
            desk.house.parts,
            asked.challenge_id,
            binding("ann"),
            Client("198.51.100.7"),
            channel="voice",
        )
    assert desk.vendor.voice.calls == []


def test_pressing_the_key_is_what_delivered_means(desk: Desk) -> None:
    asked = desk.ask_by("voice")
    desk.question()
    assert desk.house.status(asked.challenge_id).delivery == "sent"
    desk.question("1")
    assert desk.house.status(asked.challenge_id).delivery == "delivered"
    told = [(event.delivery, event.provider) for event in desk.house.told(DeliveryUpdated)]
    assert told == [("sent", ""), ("delivered", "vendor")]
    desk.question("1")  # a repeated question changes nothing
    assert len(desk.house.told(DeliveryUpdated)) == 2
    report(desk, "completed")
    assert desk.house.status(asked.challenge_id).delivery == "delivered"


def report(desk: Desk, status: str) -> None:
    token = desk.vendor.voice.calls[-1].delivery
    told = RawRequest("POST", "", {}, status.encode())
    record_receipt(desk.house.parts, "vendor", token, told)


def test_a_call_that_nobody_takes_is_told_and_not_repeated(desk: Desk) -> None:
    asked = desk.ask_by("voice")
    report(desk, "no_answer")
    assert desk.house.status(asked.challenge_id).delivery == "failed"
    assert (len(desk.vendor.voice.calls), desk.house.provider.sent) == (1, [])


@pytest.mark.parametrize("end", ["used", "expired", "too_many_tries", "foreign", "gone"])
def test_a_code_that_is_over_is_not_read(desk: Desk, end: str) -> None:
    asked = desk.ask_by("voice")
    code = desk.heard()
    token = desk.vendor.voice.calls[0].delivery
    if end == "used":
        desk.house.submit(asked.challenge_id, code)
    elif end == "expired":
        desk.house.clock.advance(301)
    elif end == "gone":
        desk.house.clock.advance(1000)
    elif end == "too_many_tries":
        for _ in range(5):
            with pytest.raises(Exception, match=r"."):
                desk.house.submit(asked.challenge_id, str(999999 - int(code)).zfill(6))
    else:
        token = token[:-1] + ("A" if token[-1] != "A" else "B")
    raw = RawRequest("POST", "", {}, b"1")
    said = speak_code(desk.house.parts, "vendor", token, raw).text
    assert said == "says|This code no longer works. Please ask for a new one."


class Waiting:
    """A queue whose jobs nobody does yet."""

    def submit(self, job: Job) -> None:
        """Keep it waiting."""

    def drain(self, seconds: float) -> bool:
        """Nothing is done."""
        return False

    def close(self) -> None:
        """Nothing is held."""


def asked_anew(desk: Desk) -> tuple[str, str]:
    """A challenge whose call was placed and whose new code, at 200 seconds, still waits."""
    asked = desk.ask_by("voice")
    first = desk.heard()
    desk.house.parts = replace(desk.house.parts, dispatch=Waiting())
    desk.house.clock.advance(160)
    desk.again_by("voice", asked.challenge_id)  # 40 seconds later
    return asked.challenge_id, first


def test_a_code_that_no_vendor_has_taken_yet_is_not_read(desk: Desk) -> None:
    challenge_id, first = asked_anew(desk)
    assert desk.heard() == first
    assert desk.house.submit(challenge_id, first).new_user


def test_between_two_codes_a_call_asks_for_no_key_and_reads_nothing(desk: Desk) -> None:
    asked_anew(desk)
    desk.house.clock.advance(101)  # the former one is over, the next one waits
    for keys in ("", "1"):
        assert desk.question(keys).startswith("says|This code no longer works.")


def test_a_code_whose_secret_was_taken_out_is_not_read(desk: Desk) -> None:
    desk.house.parts = replace(desk.house.parts, keys=Keyring(b"second", (b"house",)))
    desk.ask_by("voice")
    assert len(desk.heard()) == 6
    desk.house.parts = replace(desk.house.parts, keys=Keyring(b"third", (b"house",)))
    assert desk.question("1").startswith("says|This code no longer works.")


def test_only_the_vendor_is_answered(desk: Desk) -> None:
    desk.ask_by("voice")
    with pytest.raises(BadSignature):
        desk.question("forged")
    token = desk.vendor.voice.calls[0].delivery
    for name in ("recording", "nobody"):
        with pytest.raises(BadSignature):
            speak_code(desk.house.parts, name, token, RawRequest("POST", "", {}, b"1"))


@pytest.mark.parametrize(
    "failure",
    [NumberRefused("number_refused"), AccountRefused("x"), ProviderDown("y")],
)
def test_a_call_that_cannot_be_placed_is_told_and_gives_its_price_back(
    desk: Desk, failure: SendFailed
) -> None:
    desk.vendor.voice.failure = failure
    asked = desk.ask_by("voice")
    assert desk.house.status(asked.challenge_id).delivery == "failed"
    (failed,) = desk.house.told(CodeFailed)
    assert (failed.channel, failed.reason) == ("voice", failure.reason)
    desk.vendor.voice.failure = None
    desk.ask_by("voice")  # no wait: nothing has rung
    assert len(desk.vendor.voice.calls) == 2


def test_a_call_that_may_ring_keeps_its_code_good(desk: Desk) -> None:
    desk.vendor.voice.failure = SendUncertain("read_timeout")
    asked = desk.ask_by("voice")
    assert desk.house.status(asked.challenge_id).delivery == "sent"
    assert desk.house.submit(asked.challenge_id, desk.heard()).new_user


def test_the_next_caller_is_asked_where_nothing_has_rung() -> None:
    first, second, third = Caller("first"), Caller("second"), Caller("third")
    calls = Calls([first, RecordingProvider(), second, third])
    assert calls.names == ("first", "second", "third")
    first.voice.failure = ProviderDown("down")
    passage = calls.carry(Outbound(ALICE, "", "r", "t"), calls.names)
    assert passage.accepted is not None
    assert passage.accepted.provider == "vendor"
    assert passage.taken == ("second",)
    assert [len(one.voice.calls) for one in (first, second, third)] == [1, 1, 0]
    second.voice.failure = SendUncertain("read_timeout")
    passage = calls.carry(Outbound(ALICE, "", "r", "t"), calls.names)
    assert isinstance(passage.failure, SendUncertain)
    assert third.voice.calls == []  # a phone must not ring twice


def failing_calls(desk: Desk, count: int) -> None:
    """So many calls, to other numbers each, that the vendor does not place."""
    desk.vendor.voice.failure = ProviderDown("server_error")
    for number in range(count):
        desk.ask_by("voice", f"+44740012{number:04}", f"w{number}")
    desk.vendor.voice.failure = None


ROUTES = pytest.mark.parametrize(
    "routes",
    [{}, {"GB": ("recording",)}, {"*": ("recording",)}],
    ids=["every-region", "route-without-callers", "no-route-with-callers"],
)


@ROUTES
def test_a_vendor_that_places_no_calls_is_left_alone_for_a_while(
    desk: Desk, routes: dict[str, tuple[str, ...]]
) -> None:
    desk.house.configure(routes=routes)
    failing_calls(desk, 5)
    asked = desk.ask_by("voice")
    assert len(desk.vendor.voice.calls) == 5
    assert desk.house.status(asked.challenge_id).delivery == "failed"
    assert desk.house.told(CodeFailed)[-1].reason == "paused"
    (_, vendor) = watch_providers(desk.house.parts)
    assert (vendor.provider, vendor.state, vendor.error) == ("vendor", "open", "server_error")
    desk.house.clock.advance(16)
    asked = desk.ask_by("voice", who="bea")
    assert desk.house.status(asked.challenge_id, "bea").delivery == "sent"
    assert watch_providers(desk.house.parts)[1].state == "closed"
    desk.ask_by("voice", BOB)
    assert len(desk.vendor.voice.calls) == 7


def test_calls_and_messages_share_the_breaker_of_their_vendor(desk: Desk) -> None:
    failing_calls(desk, 5)
    desk.house.provider.failure = ProviderDown("down")
    desk.ask_by("sms")
    assert desk.vendor.sent == [], "its messages wait as well"
    desk.house.clock.advance(600)
    desk.vendor.failure = ProviderDown("down")
    for number in range(5):
        desk.ask_by("sms", f"+44740013{number:04}", f"m{number}")
    calls = len(desk.vendor.voice.calls)
    desk.ask_by("voice", BOB, "bob")
    assert len(desk.vendor.voice.calls) == calls


def test_a_call_that_nobody_was_asked_for_is_no_failure_of_the_number(desk: Desk) -> None:
    desk.house.configure(failed_sends_per_hour=1)
    failing_calls(desk, 5)
    for who in ("ann", "bea", "cleo"):
        desk.ask_by("voice", who=who)
    desk.house.clock.advance(16)
    desk.ask_by("voice", who="dora")
    assert len(desk.vendor.voice.calls) == 6


def test_a_number_that_takes_no_calls_is_not_the_vendors_fault(desk: Desk) -> None:
    desk.vendor.voice.failure = NumberRefused("number_refused")
    for number in range(6):
        desk.ask_by("voice", f"+44740012{number:04}", f"w{number}")
    assert watch_providers(desk.house.parts)[1].state == "closed"


@pytest.mark.parametrize("reason", ["sender_refused", "not_allowed"])
def test_a_vendor_that_may_not_call_is_still_asked_to_send(desk: Desk, reason: str) -> None:
    desk.vendor.voice.failure = AccountRefused(reason)
    for number in range(6):
        desk.ask_by("voice", f"+44740012{number:04}", f"w{number}")
    assert len(desk.vendor.voice.calls) == 6
    assert watch_providers(desk.house.parts)[1].state == "closed"
    desk.house.provider.failure = ProviderDown("down")
    desk.ask_by("sms")
    assert len(desk.vendor.sent) == 1


@pytest.mark.parametrize(
    ("prices", "served"), [({"+": 500}, 2), ({"+49": 500}, 10), ({"+44": 100, "+447": 1000}, 1)]
)
def test_a_call_costs_what_calls_cost_else_what_a_message_does(
    desk: Desk, prices: dict[str, int], served: int
) -> None:
    desk.house.configure(
        prices={"+": 100},
        call_prices=prices,
        money_per_day=1,
        money_per_provider_per_day=1,
        known_share=1,
    )
    for number in range(served - 1):
        desk.ask_by("voice", f"+44740012{number:04}", f"w{number}")
    with pytest.raises(BudgetExhausted):  # 1 % is kept for known numbers
        desk.ask_by("voice")
    assert len(desk.vendor.voice.calls) == served - 1


def test_a_call_in_place_of_a_message_costs_what_calls_cost(desk: Desk) -> None:
    desk.house.configure(prices={"+": 100}, call_prices={"+": 800}, money_per_day=1, known_share=1)
    asked = desk.ask_by("sms")
    desk.house.clock.advance(60)
    desk.again_by("voice", asked.challenge_id)
    with pytest.raises(BudgetExhausted):
        desk.ask_by("sms", BOB, "bob")


def test_calls_end_with_what_their_own_vendor_may_cost(desk: Desk) -> None:
    desk.house.configure(prices={"+": 500}, money_per_provider_per_day=1, known_share=1)
    desk.ask_by("voice")
    with pytest.raises(BudgetExhausted):
        desk.ask_by("voice", BOB, "bob")
    desk.ask_by("sms", BOB, "bob")
    assert (len(desk.vendor.voice.calls), len(desk.house.provider.sent)) == (1, 1)


def test_listeners_hear_the_channel(desk: Desk) -> None:
    desk.ask_by("voice")
    (asked,), (sent,) = desk.house.told(CodeAsked), desk.house.told(CodeSent)
    assert (asked.channel, sent.channel, sent.provider) == ("voice", "voice", "vendor")

"""Calls through the flows: what they say, what they cost, what pressing a key proves."""

from __future__ import annotations

import pytest
from phoneauth.desk import Caller, Desk
from phoneauth.house import ALICE, RecordingProvider, binding

from flask_phoneauth.delivery.calling import Calls
from flask_phoneauth.errors import (
    AccountRefused,
    BadSignature,
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
from flask_phoneauth.records import Client, Outbound, RawRequest


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
    first.voice.failure = ProviderDown("down")
    assert calls.call(Outbound(ALICE, "", "r", "t")).provider == "vendor"
    assert [len(one.voice.calls) for one in (first, second, third)] == [1, 1, 0]
    second.voice.failure = SendUncertain("read_timeout")
    with pytest.raises(SendUncertain):
        calls.call(Outbound(ALICE, "", "r", "t"))
    assert third.voice.calls == []  # a phone must not ring twice


def test_listeners_hear_the_channel(desk: Desk) -> None:
    desk.ask_by("voice")
    (asked,), (sent,) = desk.house.told(CodeAsked), desk.house.told(CodeSent)
    assert (asked.channel, sent.channel, sent.provider) == ("voice", "voice", "vendor")

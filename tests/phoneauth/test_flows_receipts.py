"""A lost message through the providers of a house: who sends it anew, and whether (RULES 29)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from phoneauth.house import ALICE, House, Vendor, code_in

from flask_phoneauth.dispatch.inline import InlineDispatch
from flask_phoneauth.errors import NumberRefused, ProviderDown, SendUncertain
from flask_phoneauth.events import CodeFailed, CodeSent, DeliveryUpdated
from flask_phoneauth.flows.record_receipt import record_receipt
from flask_phoneauth.records import Job, RawRequest


def report(house: House, vendor: Vendor, status: str, turn: int = -1) -> None:
    """That vendor's word on one of its messages."""
    told = RawRequest("POST", "", {}, status.encode())
    record_receipt(house.parts, vendor.name, vendor.sent[turn].delivery, told)


def test_the_next_provider_sends_a_lost_message_anew_with_the_same_code(
    house: House, vendors: tuple[Vendor, Vendor]
) -> None:
    first, second = vendors
    asked = house.ask()
    house.clock.advance(3)
    report(house, first, "failed")
    assert [len(vendor.sent) for vendor in vendors] == [1, 1]
    assert code_in(second.sent[0]) == code_in(first.sent[0])
    assert [event.provider for event in house.told(CodeSent)] == ["first", "second"]
    told = [event.delivery for event in house.told(DeliveryUpdated)]
    assert told == ["sent", "failed", "sent"]
    report(house, second, "delivered")
    assert house.status(asked.challenge_id).delivery == "delivered"
    assert house.submit(asked.challenge_id, code_in(first.sent[0])).new_user


def test_the_first_provider_sends_what_the_second_lost(
    house: House, vendors: tuple[Vendor, Vendor]
) -> None:
    first, second = vendors
    first.failure = ProviderDown("unreachable")
    house.ask()
    first.failure = None
    report(house, second, "failed")
    assert [len(vendor.sent) for vendor in vendors] == [2, 1]


def test_a_later_resend_avoids_who_lost_one_too(
    house: House, vendors: tuple[Vendor, Vendor]
) -> None:
    first, second = vendors
    asked = house.ask()
    report(house, first, "failed")
    house.clock.advance(61)
    house.resend(asked.challenge_id)
    assert [len(vendor.sent) for vendor in vendors] == [1, 2]
    report(house, second, "failed")  # once a challenge
    assert [len(vendor.sent) for vendor in vendors] == [1, 2]
    assert house.status(asked.challenge_id).delivery == "failed"


@pytest.mark.parametrize(
    "failure", [ProviderDown("unreachable"), NumberRefused("landline"), SendUncertain("timeout")]
)
def test_what_becomes_of_it_is_told_like_any_message(
    house: House,
    vendors: tuple[Vendor, Vendor],
    failure: ProviderDown | NumberRefused | SendUncertain,
) -> None:
    first, second = vendors
    asked = house.ask()
    first.failure = second.failure = failure
    report(house, first, "failed")
    known = not isinstance(failure, SendUncertain)
    assert house.status(asked.challenge_id).delivery == ("failed" if known else "sent")
    assert [event.reason for event in house.told(CodeFailed)] == [failure.reason] * known
    assert house.submit(asked.challenge_id, code_in(first.sent[0])).new_user


def test_a_blocked_user_is_sent_nothing_anew(house: House, vendors: tuple[Vendor, Vendor]) -> None:
    user = house.users.create(ALICE)
    house.ask()
    house.users.set_blocked(user.get_id(), True)
    report(house, vendors[0], "failed")
    assert [len(vendor.sent) for vendor in vendors] == [1, 0]


def test_one_that_waited_too_long_is_dropped(house: House, vendors: tuple[Vendor, Vendor]) -> None:
    waiting: list[Job] = []
    asked = house.ask()
    house.parts = replace(house.parts, dispatch=InlineDispatch(waiting.append))
    report(house, vendors[0], "failed")
    house.clock.advance(30.5)
    house.deliver(waiting.pop())
    assert [len(vendor.sent) for vendor in vendors] == [1, 0]
    assert house.status(asked.challenge_id).delivery == "failed"
    assert [event.reason for event in house.told(CodeFailed)] == ["late"]

"""Whom messages ask when providers fail, heal and lose them: by breakers, routes and receipts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from phoneauth.house import House, Vendor, code_in

from flask_phoneauth.dispatch.inline import InlineDispatch
from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.events import CodeFailed, CodeSent
from flask_phoneauth.flows.record_receipt import record_receipt
from flask_phoneauth.health import CLOSED, OPEN
from flask_phoneauth.records import Job, RawRequest

DOWN = ProviderDown("server_error")


@pytest.fixture
def vendors(house: House, vendors: tuple[Vendor, Vendor]) -> tuple[Vendor, Vendor]:
    """The same, and budgets that are in nobody's way."""
    house.configure(
        failed_sends_per_hour=100,
        binding_failed_sends_per_hour=100,
        address_asks_per_hour=1000,
        address_total_asks_per_hour=1000,
        neighbour_asks_per_hour=1000,
        prefix_sends_per_hour=1000,
        country_sends_per_hour=1000,
    )
    return vendors


def british(turn: int) -> str:
    """One of many numbers of Great Britain."""
    return f"+44740012{turn:04d}"


def ask(house: House, turns: range) -> None:
    """So many people ask, each with a number and a browser of their own."""
    for turn in turns:
        house.ask(british(turn), f"w{turn}")


def counts(*vendors: Vendor) -> list[int]:
    """How many messages each was given."""
    return [len(vendor.sent) for vendor in vendors]


def state(house: House, name: str) -> str:
    """How that provider's breaker stands."""
    now = house.clock.now()
    health = house.store.health(house.parts.routes, ["GB"], now=now)["GB"]
    return health.breakers[name].state(now)


@pytest.mark.parametrize("failure", [DOWN, AccountRefused("no_credit"), SendUncertain("timeout")])
def test_a_provider_that_fails_is_left_alone_until_one_message_finds_it_well(
    house: House, vendors: tuple[Vendor, Vendor], failure: SendFailed
) -> None:
    first, second = vendors
    first.failure = failure
    ask(house, range(8))
    assert counts(first, second) == [5, 8]
    house.clock.advance(16)
    ask(house, range(10, 13))
    assert counts(first, second) == [6, 11]  # one probe, in vain
    first.failure = None
    house.clock.advance(16)
    ask(house, range(20, 23))
    assert counts(first, second) == [6, 14]  # the second pause is longer
    house.clock.advance(15)
    ask(house, range(30, 33))
    assert counts(first, second) == [9, 14]
    assert state(house, "first") == CLOSED


def test_a_probe_goes_out_once_though_many_jobs_are_under_way(
    house: House, vendors: tuple[Vendor, Vendor]
) -> None:
    first, second = vendors
    first.failure = DOWN
    ask(house, range(5))
    house.clock.advance(31)
    deliver = house.deliver

    def crowd(job: Job) -> None:
        """While the first job probes, another one comes by."""
        house.parts = replace(house.parts, dispatch=InlineDispatch(deliver))
        if first.failure is DOWN and len(first.sent) == 5:
            inner = house.parts.challenges.load(
                job, routes=house.parts.routes, now=house.clock.now()
            )
            assert inner is not None
            assert inner.health.probes
            house.ask(british(50), "w50")
            assert counts(first, second) == [5, 6]
        deliver(job)

    house.parts = replace(house.parts, dispatch=InlineDispatch(crowd))
    house.ask(british(40), "w40")
    assert counts(first, second) == [5, 7]


def test_with_all_providers_down_nothing_is_spent_and_later_it_goes_on(
    house: House, vendors: tuple[Vendor, Vendor]
) -> None:
    first, second = vendors
    first.failure = second.failure = DOWN
    ask(house, range(5))
    assert [state(house, vendor.name) for vendor in vendors] == [OPEN, OPEN]
    house.configure(failed_sends_per_hour=1, sends_per_hour=1)
    for _ in range(4):
        asked = house.ask(british(99), "late")
        status = house.status(asked.challenge_id, "late")
        assert (status.delivery, status.asked.resend_in) == ("failed", 0)
    assert counts(first, second) == [5, 5]
    assert house.told(CodeFailed)[-1].reason == "paused"
    first.failure = None
    house.clock.advance(31)
    asked = house.ask(british(99), "late")
    assert house.status(asked.challenge_id, "late").delivery == "sent"
    assert house.submit(asked.challenge_id, code_in(first.sent[-1]), "late").new_user


@pytest.mark.parametrize(
    "failure",
    [
        NumberRefused("landline"),
        AccountRefused("region_not_enabled"),
        AccountRefused("request_refused"),
    ],
)
def test_what_is_the_numbers_matter_opens_no_breaker(
    house: House, vendors: tuple[Vendor, Vendor], failure: SendFailed
) -> None:
    vendors[0].failure = failure
    ask(house, range(8))
    assert counts(vendors[0]) == [8]
    assert state(house, "first") == CLOSED


def test_each_region_asks_the_providers_of_its_route(
    house: House, vendors: tuple[Vendor, Vendor]
) -> None:
    first, second = vendors
    house.configure(routes={"GB": ("second", "first"), "FR": ("second",)})
    ask(house, range(2))
    house.ask("+33612345678", "fr")
    house.ask("+4915123456789", "de")
    assert counts(first, second) == [1, 3]
    second.failure = DOWN
    house.ask("+33612345679", "fr2")
    assert counts(first, second) == [1, 4]
    assert house.told(CodeFailed)[-1].reason == "server_error"


def report(house: House, vendor: Vendor, delivery: str) -> None:
    """That vendor's word on its newest message."""
    told = RawRequest("POST", "", {}, delivery.encode())
    record_receipt(house.parts, vendor.name, vendor.sent[-1].delivery, told)


def test_a_provider_whose_messages_get_lost_in_a_region_comes_last_there(
    house: House, vendors: tuple[Vendor, Vendor]
) -> None:
    first, second = vendors
    for turn in range(20):
        house.ask(british(turn), f"w{turn}")
        report(house, first, "delivered" if turn < 9 else "failed")
    before = counts(first, second)
    ask(house, range(50, 53))
    assert counts(first, second) == [before[0], before[1] + 3]
    house.ask("+33612345678", "fr")
    assert counts(first) == [before[0] + 1]
    second.failure = DOWN
    ask(house, range(60, 61))
    assert counts(first) == [before[0] + 2]  # last, not never
    second.failure = None
    house.clock.advance(3600 + 601)
    ask(house, range(70, 71))
    assert counts(first) == [before[0] + 3]


def test_a_message_that_is_asked_for_again_comes_by_the_next_provider(
    house: House, vendors: tuple[Vendor, Vendor]
) -> None:
    first, second = vendors
    house.ask(british(1), "w1")
    for wanted in ([1, 1], [2, 1]):
        house.clock.advance(70)
        house.ask(british(1), "w1")
        assert counts(first, second) == wanted
    first.failure = second.failure = DOWN
    house.clock.advance(140)
    house.ask(british(1), "w1")
    assert counts(first, second) == [3, 2]
    first.failure = second.failure = None
    house.ask(british(1), "w1")  # what failed is no turn
    assert counts(first, second) == [3, 3]


def test_money_goes_to_whoever_took_the_message(
    house: House, vendors: tuple[Vendor, Vendor]
) -> None:
    house.configure(prices={"+": 100}, money_per_provider_per_day=1, known_share=1)
    vendors[0].failure = DOWN
    ask(house, range(9))
    vendors[0].failure = None
    spent = {
        key: sum((state.counts or {}).values())
        for key, state in house.store._states.items()
        if key.startswith("money:provider")
    }
    assert spent == {"money:provider:first": 0, "money:provider:second": 900}


def test_what_was_sent_twice_is_paid_twice(house: House, vendors: tuple[Vendor, Vendor]) -> None:
    house.configure(prices={"+": 100}, money_per_day=10, money_per_provider_per_day=10)
    vendors[0].failure = SendUncertain("read_timeout")
    ask(house, range(1))
    spent: dict[str, Any] = {
        key: sum((state.counts or {}).values())
        for key, state in house.store._states.items()
        if key.startswith("money:") or key.endswith(":total")
    }
    tag = house.parts.keys.phone_tag(british(0))
    assert spent == {
        "money:all": 200,
        "money:provider:first": 100,
        "money:provider:second": 100,
        f"{{{tag}}}:total": 2,
    }


def test_a_code_that_went_out_twice_is_one_code(
    house: House, vendors: tuple[Vendor, Vendor]
) -> None:
    first, second = vendors
    first.failure = SendUncertain("read_timeout")
    asked = house.ask(british(1), "w1")
    assert code_in(first.sent[0]) == code_in(second.sent[0])
    assert [event.provider for event in house.told(CodeSent)] == ["second"]
    assert house.submit(asked.challenge_id, code_in(first.sent[0]), "w1").new_user


def test_a_reviewers_number_gives_an_unused_probe_back(
    house: House, vendors: tuple[Vendor, Vendor]
) -> None:
    vendors[0].failure = DOWN
    ask(house, range(5))
    house.clock.advance(31)
    house.configure(test_numbers={"+447400999000": ("112233", "2030-01-31")})
    house.ask("+447400999000", "reviewer")
    vendors[0].failure = None
    ask(house, range(20, 21))
    assert counts(vendors[0]) == [6]

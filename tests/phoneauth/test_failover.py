from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from flask_phoneauth.delivery.failover import TIME_BUDGET, Delivery
from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.records import Accepted, Outbound
from flask_phoneauth.settings import Settings

MESSAGE = Outbound(to="+447911123456", body="Your code: 481920", reference="AB")


class Scripted:
    """A provider that accepts, or fails as told; `takes` is seconds on the test's clock."""

    receipts: None = None

    def __init__(self, name: str, failure: SendFailed | None = None, *, takes: float = 0.0) -> None:
        self.name = name
        self.failure = failure
        self.takes = takes
        self.clock: Clock | None = None
        self.sent: list[Outbound] = []
        self.closed = False
        self.told: Callable[[str], None] = lambda name: None

    @classmethod
    def from_settings(cls, settings: Settings) -> Scripted:
        return cls("scripted")

    def send(self, outbound: Outbound) -> Accepted:
        self.sent.append(outbound)
        self.told(self.name)
        if self.clock is not None:
            self.clock.now += self.takes
        if self.failure is not None:
            raise self.failure
        return Accepted(self.name, f"{self.name}-1")

    def close(self) -> None:
        self.closed = True


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def tried(*providers: Scripted) -> list[int]:
    return [len(provider.sent) for provider in providers]


def test_the_first_provider_that_accepts_is_the_only_one_asked() -> None:
    first, second = Scripted("first"), Scripted("second")
    assert Delivery([first, second]).send(MESSAGE) == Accepted("first", "first-1")
    assert tried(first, second) == [1, 0]


@pytest.mark.parametrize("failure", [ProviderDown("unreachable"), AccountRefused("no_credit")])
def test_a_known_failure_goes_to_the_next_provider(failure: SendFailed) -> None:
    first, second = Scripted("first", failure), Scripted("second")
    assert Delivery([first, second]).send(MESSAGE).provider == "second"


def test_a_refused_number_stops() -> None:
    first, second = Scripted("first", NumberRefused("landline")), Scripted("second")
    with pytest.raises(NumberRefused, match="landline"):
        Delivery([first, second]).send(MESSAGE)
    assert tried(first, second) == [1, 0]


def test_an_uncertain_send_goes_out_once_more_with_the_same_text() -> None:
    first, second = Scripted("first", SendUncertain("read_timeout")), Scripted("second")
    assert Delivery([first, second]).send(MESSAGE).provider == "second"
    assert first.sent == second.sent == [MESSAGE]


def test_at_most_two_messages_leave() -> None:
    providers = [Scripted(str(n), SendUncertain("read_timeout")) for n in range(4)]
    with pytest.raises(SendUncertain):
        Delivery(providers).send(MESSAGE)
    assert tried(*providers) == [1, 1, 0, 0]


def test_a_provider_that_sent_nothing_does_not_use_the_second_message_up() -> None:
    first = Scripted("first", SendUncertain("read_timeout"))
    second, third = Scripted("second", ProviderDown("unreachable")), Scripted("third")
    assert Delivery([first, second, third]).send(MESSAGE).provider == "third"


@pytest.mark.parametrize(
    "later",
    [None, ProviderDown("unreachable"), AccountRefused("no_credit"), NumberRefused("landline")],
)
def test_what_may_have_been_sent_stays_uncertain_whatever_follows(
    later: SendFailed | None,
) -> None:
    providers = [Scripted("first", SendUncertain("read_timeout"))]
    if later is not None:
        providers.append(Scripted("second", later))
    with pytest.raises(SendUncertain, match="read_timeout"):
        Delivery(providers).send(MESSAGE)


def test_when_all_failed_the_last_failure_is_raised() -> None:
    providers = [
        Scripted("first", ProviderDown("unreachable")),
        Scripted("second", AccountRefused("no_credit")),
    ]
    with pytest.raises(AccountRefused, match="no_credit"):
        Delivery(providers).send(MESSAGE)


def test_without_a_provider_nothing_was_sent() -> None:
    with pytest.raises(ProviderDown, match="no_provider"):
        Delivery([]).send(MESSAGE)


def timed(clock: Clock, *providers: Scripted) -> Delivery:
    for provider in providers:
        provider.clock = clock
    return Delivery(providers, clock=clock)


def test_no_provider_is_begun_after_the_time_budget() -> None:
    slow = Scripted("slow", ProviderDown("throttled"), takes=TIME_BUDGET)
    spare = Scripted("spare")
    with pytest.raises(ProviderDown, match="throttled"):
        timed(Clock(), slow, spare).send(MESSAGE)
    assert tried(slow, spare) == [1, 0]


def test_an_uncertain_send_without_time_left_stays_uncertain() -> None:
    slow = Scripted("slow", SendUncertain("read_timeout"), takes=TIME_BUDGET + 1)
    with pytest.raises(SendUncertain):
        timed(Clock(), slow, Scripted("spare")).send(MESSAGE)


def test_each_message_has_its_own_time_budget() -> None:
    clock = Clock()
    slow = Scripted("slow", ProviderDown("throttled"), takes=TIME_BUDGET - 1)
    delivery = timed(clock, slow, Scripted("spare"))
    assert [delivery.send(MESSAGE).provider for _ in range(3)] == ["spare"] * 3


def test_each_failed_step_is_logged_without_number_or_code(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="flask_phoneauth")
    providers = [
        Scripted("first", ProviderDown("unreachable")),
        Scripted("second", AccountRefused("credentials_refused", "status 401, error code 20003")),
        Scripted("third", NumberRefused("landline")),
    ]
    with pytest.raises(NumberRefused):
        Delivery(providers).send(MESSAGE)
    assert [record.getMessage() for record in caplog.records] == [
        "provider first: ProviderDown (unreachable)",
        "provider second: AccountRefused (credentials_refused, status 401, error code 20003)",
        "provider third: NumberRefused (landline)",
    ]


def test_close_closes_every_provider() -> None:
    providers = [Scripted("first"), Scripted("second")]
    Delivery(providers).close()
    assert all(provider.closed for provider in providers)


@pytest.mark.parametrize(
    ("lost_by", "order"), [("a", "bca"), ("b", "cab"), ("c", "abc"), ("gone", "abc"), ("", "abc")]
)
def test_whoever_lost_a_message_is_asked_last(lost_by: str, order: str) -> None:
    asked: list[str] = []
    providers = [Scripted(name, ProviderDown("unreachable")) for name in "abc"]
    for provider in providers:
        provider.told = asked.append
    with pytest.raises(ProviderDown):
        Delivery(providers).send(MESSAGE, lost_by=lost_by)
    assert "".join(asked) == order


def test_an_uncertain_message_in_place_of_a_lost_one_is_the_last() -> None:
    first, second = Scripted("first"), Scripted("second", SendUncertain("read_timeout"))
    with pytest.raises(SendUncertain):
        Delivery([first, second]).send(MESSAGE, lost_by="first")
    assert tried(first, second) == [0, 1]


def test_only_those_of_the_order_are_asked_and_in_it() -> None:
    asked: list[str] = []
    providers = [Scripted(name, ProviderDown("unreachable")) for name in "abc"]
    for provider in providers:
        provider.told = asked.append
    passage = Delivery(providers).carry(MESSAGE, ("c", "a"))
    assert asked == ["c", "a"]
    assert [(one.provider, one.error) for one in passage.tried] == [
        ("c", "unreachable"),
        ("a", "unreachable"),
    ]
    assert passage.taken == ()


def test_where_every_provider_is_left_alone_nobody_is_asked() -> None:
    passage = Delivery([Scripted("first")]).carry(MESSAGE, ())
    assert passage.nobody_asked
    assert str(passage.failure) == "paused"
    nowhere = Delivery([]).carry(MESSAGE, ())
    assert str(nowhere.failure) == "no_provider"


@pytest.mark.parametrize(
    ("failures", "taken"),
    [
        ([None], ["p0"]),
        ([ProviderDown("x"), None], ["p1"]),
        ([SendUncertain("x"), None], ["p0", "p1"]),
        ([SendUncertain("x"), ProviderDown("x"), SendUncertain("x")], ["p0", "p2"]),
        ([NumberRefused("x")], []),
    ],
)
def test_whoever_has_a_message_or_may_have_it_took_it(
    failures: list[SendFailed | None], taken: list[str]
) -> None:
    providers = [Scripted(f"p{turn}", failure) for turn, failure in enumerate(failures)]
    delivery = Delivery(providers)
    assert delivery.names == tuple(provider.name for provider in providers)
    assert list(delivery.carry(MESSAGE, delivery.names).taken) == taken


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (ProviderDown("throttled"), "throttled"),
        (SendUncertain("read_timeout"), "read_timeout"),
        (AccountRefused("credentials_refused"), "credentials_refused"),
        (AccountRefused("credentials_refused", "status 401"), "credentials_refused, status 401"),
        (AccountRefused("region_not_enabled"), None),
        (AccountRefused("request_refused"), None),
        (NumberRefused("landline"), None),
    ],
)
def test_a_provider_is_blamed_for_what_is_its_own(failure: SendFailed, error: str | None) -> None:
    (tried,) = Delivery([Scripted("first", failure)]).carry(MESSAGE, ("first",)).tried
    assert tried.error == error

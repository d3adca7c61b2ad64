"""The login without a code where the operator says yes to everything: what is ours to refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from phoneauth.house import ALICE, House

from flask_phoneauth.errors import (
    CountryBlocked,
    NumberNotVerified,
    RateLimited,
    RiskChallenge,
    RiskRefused,
)
from flask_phoneauth.flows.parts import Hooks
from flask_phoneauth.flows.prove import NO_DEVICE
from flask_phoneauth.flows.silent_login import (
    Known,
    Return,
    SetOut,
    SilentAsk,
    come_back,
    set_out,
)
from flask_phoneauth.records import Client
from flask_phoneauth.risk.base import CHALLENGE, REFUSE, RiskRequest

HERE = "https://example.com/auth/silent/callback"
PROOF = "p" * 43
EVEN, ODD, ERRS = "+99012345678", "+99012345677", "+99011111199"


class Agreeable:
    """An operator that vouches for whoever comes."""

    def __init__(self) -> None:
        self.begun: list[str] = []

    def begin(self, phone: str, state: str, redirect_uri: str, *, proof: str = "") -> str:
        """The address is the state itself."""
        self.begun.append(phone)
        return state

    def verify(self, phone: str, code: str, redirect_uri: str, *, verifier: str = "") -> bool:
        """Always."""
        return True

    def sim_changed(self, phone: str, hours: int) -> bool:
        """Never."""
        return False

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def operator(house: House) -> Agreeable:
    """The operator of the house."""
    one = Agreeable()
    house.parts = replace(house.parts, operator=one)
    return one


def out(house: House, phone: str = ALICE) -> str:
    """The state with which a device sets out."""
    found = set_out(house.parts, SilentAsk(phone, PROOF, Client("198.51.100.7"), HERE))
    assert isinstance(found, SetOut)
    return found.url


def back(house: House, state: str) -> object:
    """The device that set out comes back."""
    return come_back(house.parts, Return(state, "a code", PROOF, HERE), lambda _: NO_DEVICE)


@pytest.mark.parametrize("number", [ODD, ERRS])
def test_virtual_number_is_not_verified_though_the_operator_vouches_for_it(
    house: House, operator: Agreeable, number: str
) -> None:
    house.configure(virtual_numbers=True)
    with pytest.raises(NumberNotVerified):
        back(house, out(house, number))
    assert house.users.by_phone(number) is None
    assert isinstance(back(house, out(house, EVEN)), Known)


@pytest.mark.parametrize(
    ("word", "refusal"), [(REFUSE, RiskRefused), (CHALLENGE, RiskChallenge), ("", RiskRefused)]
)
def test_whom_the_risk_hook_refuses_the_operator_is_not_asked_about(
    house: House, operator: Agreeable, word: str, refusal: type[Exception]
) -> None:
    heard: list[RiskRequest] = []

    def hook(request: RiskRequest) -> str:
        heard.append(request)
        return word

    house.parts = replace(house.parts, hooks=Hooks(risk=hook))
    with pytest.raises(refusal):
        out(house)
    assert operator.begun == []
    assert [request.purpose for request in heard] == ["silent"]


def test_number_of_a_country_that_is_not_served_is_no_matter_for_the_operator(
    house: House, operator: Agreeable
) -> None:
    house.configure(allowed_regions=("FR",))
    with pytest.raises(CountryBlocked):
        out(house)
    assert operator.begun == []


def test_an_address_sets_out_no_more_often_than_it_may_ask_in_all(
    house: House, operator: Agreeable
) -> None:
    house.configure(address_total_asks_per_hour=3)
    for end in range(3):
        out(house, f"+44740012345{end}")
    with pytest.raises(RateLimited):
        out(house, "+447400123458")
    assert len(operator.begun) == 3

"""The way to the mobile operator and back, on every store: a state is good once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from contracts.racing import crowd
from contracts.stores import Bench
from phoneauth.house import ALICE, HandClock, House

from flask_phoneauth.database import migrate
from flask_phoneauth.database.engine import Database
from flask_phoneauth.errors import (
    BudgetExhausted,
    Expired,
    NumberNotVerified,
    PhoneAuthError,
    UnboundCallback,
    Used,
)
from flask_phoneauth.events import CodeRefused
from flask_phoneauth.flows.prove import NO_DEVICE, Device
from flask_phoneauth.flows.silent_login import (
    LIFE,
    Known,
    Return,
    SetOut,
    SilentAsk,
    Undecided,
    come_back,
    set_out,
)
from flask_phoneauth.operators.base import Unsure
from flask_phoneauth.prices import number_price
from flask_phoneauth.records import Client

CROWD = 20
HERE = "https://example.com/auth/silent/callback"
PROOF, OTHER_PROOF = "p" * 43, "o" * 43


class KnownOperator:
    """Verifies whoever brings the code `right`."""

    def __init__(self) -> None:
        self.states: list[str] = []
        self.asked = 0

    def begin(self, phone: str, state: str, redirect_uri: str, *, proof: str = "") -> str:
        """The address is the state itself."""
        self.states.append(state)
        return state

    def verify(self, phone: str, code: str, redirect_uri: str, *, verifier: str = "") -> bool:
        """By the code alone."""
        self.asked += 1
        if code == "nobody knows":
            raise Unsure("no_answer")
        return code == "right"

    def sim_changed(self, phone: str, hours: int) -> bool:
        """Never."""
        return False

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def operator() -> KnownOperator:
    return KnownOperator()


@pytest.fixture
def home(bench: Bench, tmp_path: Path, operator: KnownOperator) -> Iterator[House]:
    """Flows over the store of the bench."""
    database = Database(f"sqlite:///{tmp_path}/accounts.db")
    migrate.upgrade(database)
    house = House(database, HandClock())
    house.parts = replace(house.parts, challenges=bench.store, operator=operator)
    yield house
    database.close()


def out(
    home: House,
    proof: str = PROOF,
    phone: str = ALICE,
    *,
    token: bytes = b"",
    address: str = "198.51.100.7",
) -> str:
    """The state that a device sets out with, perhaps with the token of a trusted browser."""
    devices = {home.parts.keys.phone_tag(phone): token} if token else {}
    client = Client(address, devices=devices)
    ask = SilentAsk(phone, proof, client, HERE, payload={"next": "/notes"})
    found = set_out(home.parts, ask)
    assert isinstance(found, SetOut)
    return found.url


def back(
    home: House, state: str, code: str = "right", proof: str = PROOF, device: Device = NO_DEVICE
) -> Known | Undecided:
    return come_back(home.parts, Return(state, code, proof, HERE), lambda _: device)


def test_device_that_has_the_number_lets_its_user_in_once(home: House) -> None:
    state = out(home)
    known = back(home, state)
    assert isinstance(known, Known)
    assert (known.admitted.user.phone, known.admitted.new_user) == (ALICE, True)
    assert known.payload["next"] == "/notes"
    with pytest.raises(Used):
        back(home, state)
    again = back(home, out(home))
    assert isinstance(again, Known)
    assert again.admitted.new_user is False


def test_one_of_many_at_once_comes_back(home: House, operator: KnownOperator) -> None:
    state = out(home)

    def told(_: int) -> str:
        try:
            return type(back(home, state)).__name__
        except PhoneAuthError as error:
            return error.code

    answers = Counter(crowd(CROWD, told))
    assert answers["Known"] == 1
    assert answers["used"] + answers["store_unavailable"] == CROWD - 1
    assert operator.asked == 1


@pytest.mark.parametrize("proof", [OTHER_PROOF, ""])
def test_whoever_shows_the_wrong_proof_spends_the_state(
    home: House, operator: KnownOperator, proof: str
) -> None:
    state = out(home)
    with pytest.raises(UnboundCallback):
        back(home, state, proof=proof)
    with pytest.raises(Used):
        back(home, state)
    assert operator.asked == 0
    assert [told.code for told in home.told(CodeRefused)] == ["unbound_callback"]


def test_state_with_another_secret_spends_nothing(home: House) -> None:
    state = out(home)
    forged = state[:-43] + "x" * 43
    with pytest.raises(UnboundCallback):
        back(home, forged)
    assert isinstance(back(home, state), Known)


def test_way_takes_five_minutes_at_most(home: House) -> None:
    state = out(home)
    home.clock.advance(LIFE + 1)
    with pytest.raises(Expired):
        back(home, state)


def test_number_that_the_device_has_not_lets_nobody_in(home: House) -> None:
    with pytest.raises(NumberNotVerified):
        back(home, out(home), code="wrong")
    assert home.users.by_phone(ALICE) is None
    (told,) = home.told(CodeRefused)
    assert (told.purpose, told.code) == ("silent", "number_not_verified")
    assert told.phone_tag == home.parts.keys.phone_tag(ALICE)


@pytest.mark.parametrize("code", ["nobody knows", ""])
def test_network_that_can_not_tell_decides_nothing(home: House, code: str) -> None:
    state = out(home)
    assert isinstance(back(home, state, code=code), Undecided)
    with pytest.raises(Used):
        back(home, state)
    assert home.users.by_phone(ALICE) is None


def test_number_has_so_many_ways_an_hour(home: House) -> None:
    limit = home.parts.settings.sends_per_hour
    for _ in range(limit):
        back(home, out(home), code="nobody knows")
    with pytest.raises(BudgetExhausted) as caught:
        out(home)
    assert caught.value.retry_after is not None
    home.clock.advance(caught.value.retry_after)
    out(home)


def spent_by_strangers(home: House, count: int) -> None:
    """So many ways that nobody comes back from."""
    for turn in range(count):
        out(home, address=f"203.0.113.{turn}")


def test_strangers_spend_nothing_of_what_a_trusted_browser_has(home: House) -> None:
    home.configure(address_total_asks_per_hour=4)
    token = hashlib.sha256(b"token").digest()
    assert isinstance(back(home, out(home), device=Device(b"", token)), Known)
    spent_by_strangers(home, 4)
    for claimed in (b"", hashlib.sha256(b"another").digest()):
        with pytest.raises(BudgetExhausted):
            out(home, token=claimed, address="192.0.2.1")
    for _ in range(home.parts.settings.device_sends_per_hour):
        assert isinstance(back(home, out(home, token=token), device=Device(token)), Known)
    with pytest.raises(BudgetExhausted) as caught:
        out(home, token=token)
    assert caught.value.retry_after is not None
    home.clock.advance(caught.value.retry_after)
    out(home, token=token)


def test_day_of_strangers_leaves_a_trusted_browser_its_hours(home: House) -> None:
    home.configure(sends_per_hour=100, sends_per_day=10, max_live_challenges=100)
    token = hashlib.sha256(b"token").digest()
    back(home, out(home), device=Device(b"", token))
    spent_by_strangers(home, 9)
    with pytest.raises(BudgetExhausted):
        out(home)
    assert isinstance(back(home, out(home, token=token), device=Device(token)), Known)


def test_all_ways_of_a_number_together_have_a_bound(home: House) -> None:
    home.configure(total_sends_per_day=7)
    token = hashlib.sha256(b"token").digest()
    back(home, out(home), device=Device(b"", token))
    spent_by_strangers(home, 2)
    for _ in range(4):
        out(home, token=token)
    with pytest.raises(BudgetExhausted):
        out(home, token=token)


def test_strangers_keep_no_place_from_a_trusted_browser(home: House) -> None:
    home.configure(max_live_challenges=2)
    token = hashlib.sha256(b"token").digest()
    back(home, out(home), device=Device(b"", token))
    spent_by_strangers(home, 2)
    with pytest.raises(BudgetExhausted):
        out(home)
    assert isinstance(back(home, out(home, token=token), device=Device(token)), Known)


def test_browser_that_is_trusted_no_more_is_a_stranger(home: House) -> None:
    token = hashlib.sha256(b"token").digest()
    back(home, out(home), device=Device(b"", token))
    spent_by_strangers(home, 4)
    tag = home.parts.keys.phone_tag(ALICE)
    home.parts.challenges.forget_devices(tag, now=home.clock.now())
    with pytest.raises(BudgetExhausted):
        out(home, token=token)


def test_proof_is_as_good_as_a_typed_code(home: House) -> None:
    token = hashlib.sha256(b"token").digest()
    known = back(home, out(home), device=Device(b"", token))
    assert isinstance(known, Known)
    assert known.enrolled
    tag = home.parts.keys.phone_tag(ALICE)
    price = number_price(home.parts.settings, tag)
    look = home.parts.challenges.look(tag, price, device=token, now=home.clock.now())
    assert (look.known, look.devices, look.trusted) == (True, 1, True)


def test_state_that_is_spent_gives_no_number_its_tries_back(home: House) -> None:
    asked = home.ask()
    code = home.last_code()
    for turn in range(3):
        with pytest.raises(PhoneAuthError):
            home.submit(asked.challenge_id, str((int(code) + 1 + turn) % 10**6).zfill(6))
    tag = home.parts.keys.phone_tag(ALICE)
    price = number_price(home.parts.settings, tag)
    now = home.clock.now()
    before = home.parts.challenges.look(tag, price, now=now)
    with pytest.raises(NumberNotVerified):
        back(home, out(home), code="wrong")
    back(home, out(home), code="nobody knows")
    assert home.parts.challenges.look(tag, price, now=now) == before

"""What a vendor is asked, and when: before a vendor that keeps what it is asked."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Self

import pytest
from phoneauth.desk import ADDRESS, desk_of
from phoneauth.house import ALICE, BOB, House

from flask_phoneauth.errors import (
    InvalidCode,
    PhoneAuthError,
    ProviderDown,
    ProviderUnavailable,
    SendFailed,
    SendUncertain,
    TooManyTries,
)
from flask_phoneauth.events import CodeFailed, CodeSent, CodeWrong
from flask_phoneauth.prices import number_price
from flask_phoneauth.settings import Settings
from flask_phoneauth.stores.base import Look
from flask_phoneauth.verifiers.base import Verdict, Wish

CODE = "481920"


class RecordingVerifier:
    """Its code is always the same; with `failures` it raises these first."""

    name = "recording"
    max_tries = 5

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.wishes: list[Wish] = []
        self.failures: list[SendFailed] = []
        self.verdict: Verdict = "wrong"

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """It needs no settings."""
        return cls()

    def start(self, wish: Wish) -> str:
        """Take it."""
        self.wishes.append(wish)
        self._said("start")
        return f"id{len(self.wishes)}"

    def judge(self, vendor_id: str, code: str) -> Verdict:
        """Right is its own code alone."""
        self._said("judge", vendor_id)
        return "right" if code == CODE and vendor_id.startswith("id") else self.verdict

    def nobodys(self) -> str:
        """An id that is nobody's."""
        return "nobody"

    def cancel(self, vendor_id: str) -> None:
        """Take it."""
        self._said("cancel", vendor_id)

    def close(self) -> None:
        """Nothing is held."""

    def _said(self, *words: str) -> None:
        self.asked.append(words)
        if self.failures:
            raise self.failures.pop(0)


@pytest.fixture
def vendor(house: House) -> RecordingVerifier:
    one = RecordingVerifier()
    house.parts = replace(house.parts, verifier=one)
    house.configure(verifier="recording")
    return one


def refusal(house: House, challenge_id: str, code: str, **more: Any) -> type[PhoneAuthError]:
    with pytest.raises(PhoneAuthError) as refused:
        house.submit(challenge_id, code, **more)
    return type(refused.value)


def look(house: House, phone: str) -> Look:
    tag = house.parts.keys.phone_tag(phone)
    price = number_price(house.parts.settings, tag)
    return house.store.look(tag, price, now=house.clock.now())


def test_the_vendor_sends_and_our_provider_does_not(
    house: House, vendor: RecordingVerifier
) -> None:
    asked = house.ask()
    assert house.provider.sent == []
    (wish,) = vendor.wishes
    assert (wish.number, wish.channel, wish.code_length, wish.seconds) == (ALICE, "sms", 6, 300)
    assert (wish.brand, wish.locale, wish.former) == ("Notes", "en", "")
    assert house.told(CodeSent)[0].provider == "recording"
    assert house.submit(asked.challenge_id, CODE).new_user
    assert vendor.asked == [("start",), ("judge", "id1")]


def test_the_apps_hash_goes_to_the_vendor_where_a_program_asks(
    house: House, vendor: RecordingVerifier
) -> None:
    house.configure(app_hash="FA+9qCX9VSu")
    house.ask(ALICE, by_app=True)
    house.ask(BOB, "bob")
    assert [wish.app_hash for wish in vendor.wishes] == ["FA+9qCX9VSu", ""]


def test_only_a_counted_try_is_brought_before_the_vendor(
    house: House, vendor: RecordingVerifier
) -> None:
    asked = house.ask()
    for text in ("12", "", "a code"):
        with pytest.raises(PhoneAuthError):
            house.submit(asked.challenge_id, text)
    assert refusal(house, asked.challenge_id, CODE, who="eve") is InvalidCode
    assert vendor.asked == [("start",)]


def test_no_more_than_our_tries_reach_the_vendor_even_while_it_is_away(
    house: House, vendor: RecordingVerifier
) -> None:
    house.configure(max_tries=3)
    asked = house.ask()
    vendor.failures = [ProviderDown("unreachable"), SendUncertain("read_timeout")]
    for _ in range(2):
        assert refusal(house, asked.challenge_id, CODE) is ProviderUnavailable
    vendor.failures = [ProviderDown("unreachable")]
    assert refusal(house, asked.challenge_id, "000000") is ProviderUnavailable
    before = len(vendor.asked)
    for _ in range(3):
        assert refusal(house, asked.challenge_id, CODE) is TooManyTries
    assert len(vendor.asked) == before
    with pytest.raises(TooManyTries):
        house.resend(asked.challenge_id)


def test_a_try_that_nobody_judged_comes_back_with_the_right_code(
    house: House, vendor: RecordingVerifier
) -> None:
    asked = house.ask()
    vendor.failures = [ProviderDown("unreachable")]
    assert refusal(house, asked.challenge_id, CODE) is ProviderUnavailable
    house.submit(asked.challenge_id, CODE)
    assert max(look(house, ALICE).waits) == 0


def test_a_challenge_has_no_more_tries_than_the_vendor(
    house: House, vendor: RecordingVerifier
) -> None:
    vendor.max_tries = 2
    asked = house.ask()
    assert refusal(house, asked.challenge_id, "000000") is InvalidCode
    assert refusal(house, asked.challenge_id, "000000") is TooManyTries
    assert house.status(asked.challenge_id).status == "dead"
    assert [told.tries_left for told in house.told(CodeWrong)] == [1, 0]


@pytest.mark.parametrize("verdict", ["over", "unknown"])
def test_what_else_the_vendor_says_is_a_wrong_code(
    house: House, vendor: RecordingVerifier, verdict: Verdict
) -> None:
    asked = house.ask()
    vendor.verdict = verdict
    assert refusal(house, asked.challenge_id, "000000") is InvalidCode
    assert house.submit(asked.challenge_id, CODE)


def test_spent_tries_are_told_to_the_vendor(house: House, vendor: RecordingVerifier) -> None:
    house.configure(max_tries=2)
    asked = house.ask()
    refusal(house, asked.challenge_id, "000000")
    vendor.failures = []
    assert refusal(house, asked.challenge_id, "000000") is TooManyTries
    assert vendor.asked[-1] == ("cancel", "id1")


def test_a_start_of_which_nothing_is_known_is_asked_for_once_more(
    house: House, vendor: RecordingVerifier
) -> None:
    vendor.failures = [SendUncertain("read_timeout")]
    asked = house.ask()
    assert vendor.asked == [("start",), ("start",)]
    assert house.submit(asked.challenge_id, CODE)
    vendor.failures = [SendUncertain("read_timeout")] * 2
    house.ask(BOB)
    assert house.told(CodeFailed)[0].reason == "read_timeout"


def test_a_code_by_email_is_our_own_though_the_vendor_has_sent_the_first(
    house: House, vendor: RecordingVerifier
) -> None:
    desk = desk_of(house)
    desk.addresses[ALICE] = ADDRESS
    assert house.submit(house.ask().challenge_id, CODE).new_user
    asked = desk.ask_by("sms", who="bea")
    before = list(vendor.asked)
    mailed = desk.again_by("email", asked.challenge_id, who="bea")
    (mail,) = desk.post.mails
    (code,) = re.findall(r"\b[0-9]{6}\b", mail.body)
    assert refusal(house, mailed.challenge_id, CODE, who="bea") is InvalidCode
    assert not house.submit(mailed.challenge_id, code, who="bea").new_user
    assert vendor.asked == before


def test_a_resend_names_the_verification_before(house: House, vendor: RecordingVerifier) -> None:
    asked = house.ask()
    house.clock.advance(asked.resend_in)
    house.resend(asked.challenge_id)
    assert [wish.former for wish in vendor.wishes] == ["", "id1"]
    house.submit(asked.challenge_id, CODE)
    assert vendor.asked[-1] == ("judge", "id2")


@pytest.mark.parametrize("signup", [True, False])
def test_blocked_and_unknown_numbers_ask_the_vendor_as_known_ones_do(
    house: House, vendor: RecordingVerifier, signup: bool
) -> None:
    house.users.create(ALICE)
    blocked = house.users.create(BOB)
    house.users.set_blocked(blocked.get_id(), blocked=True)
    house.configure(signup=signup, max_tries=4)
    others = [BOB] if signup else [BOB, "+447400123458"]
    seen: dict[str, list[object]] = {}
    for phone in (ALICE, *others):
        asked = house.ask(phone, phone)
        vendor.asked.clear()
        answers: list[object] = []
        for verdict in ("wrong", "unknown", "over", "wrong"):
            vendor.verdict = verdict  # type: ignore[assignment]
            answers.append(refusal(house, asked.challenge_id, "000000", who=phone))
        seen[phone] = [*answers, *(words[0] for words in vendor.asked)]
    assert all(seen[phone] == seen[ALICE] for phone in others)
    assert seen[ALICE][:4] == [InvalidCode, InvalidCode, InvalidCode, TooManyTries]
    assert seen[ALICE][4:] == ["judge"] * 4 + ["cancel"]

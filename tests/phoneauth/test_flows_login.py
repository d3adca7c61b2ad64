"""The flows without an application: ask, deliver, submit, admit, look up (RULES 1-9)."""

from __future__ import annotations

import threading
from dataclasses import fields, replace
from pathlib import Path

import pytest
from phoneauth.house import ALICE, BOB, House, another

from flask_phoneauth.errors import (
    Busy,
    Cooldown,
    CountryBlocked,
    Expired,
    InvalidCode,
    InvalidPhone,
    InvalidRequest,
    Locked,
    StoreUnavailable,
    TooManyTries,
    UnknownChallenge,
    Used,
)
from flask_phoneauth.events import CodeRefused, CodeSent, UserSignedUp
from flask_phoneauth.flows.request_code import Asked
from flask_phoneauth.otp.keys import Keyring
from flask_phoneauth.phone.number import mask
from flask_phoneauth.records import Job


def test_a_number_is_signed_up_and_signed_in_again_as_the_same_user(house: House) -> None:
    first = house.log_in()
    house.clock.advance(60)
    second = house.log_in()
    assert (first.new_user, second.new_user) == (True, False)
    assert first.user.get_id() == second.user.get_id()
    assert [message.to for message in house.provider.sent] == [ALICE, ALICE]
    assert [event.user for event in house.told(UserSignedUp)] == [first.user]


def test_any_spelling_of_a_number_is_the_same_user(house: House) -> None:
    first = house.log_in("+44 7400 123456")
    house.configure(default_region="GB")
    second = house.log_in("07400 123-456")
    assert first.user.get_id() == second.user.get_id()


def test_an_ask_tells_the_page_what_it_needs_and_never_the_number(house: House) -> None:
    asked = house.ask()
    assert asked == Asked(
        challenge_id=asked.challenge_id,
        masked_phone=mask(ALICE),
        reference=asked.reference,
        channel="sms",
        code_length=6,
        expires_in=300,
        resend_in=asked.resend_in,
    )
    assert 30 <= asked.resend_in <= 33
    assert len(asked.reference) == 2
    assert asked.challenge_id.startswith(house.parts.keys.phone_tag(ALICE) + ".")


def test_the_page_and_the_message_show_the_same_reference(house: House) -> None:
    asked = house.ask()
    assert asked.reference in house.provider.sent[-1].body.split("\n")[0]


def test_two_asks_have_nothing_in_common_but_the_numbers_tag(house: House) -> None:
    one = house.ask()
    house.clock.advance(60)
    two = house.ask(who="bea")
    tags, randoms = zip(*(a.challenge_id.split(".") for a in (one, two)), strict=True)
    assert len(set(tags)) == 1
    assert len(set(randoms)) == 2
    assert min(len(random) for random in randoms) == 22  # 128 bits


def test_no_user_is_made_before_the_number_is_proven(house: House) -> None:
    asked = house.ask(payload={"name": "Ann"})
    with pytest.raises(InvalidCode):
        house.submit(asked.challenge_id, another(house.last_code()))
    assert house.users.by_phone(ALICE) is None
    signed_in = house.submit(asked.challenge_id, house.last_code())
    assert signed_in.payload["name"] == "Ann"
    assert house.users.by_phone(ALICE) == signed_in.user


def test_the_code_may_be_typed_in_any_script(house: House) -> None:
    asked = house.ask()
    typed = " ".join(chr(0x660 + int(digit)) for digit in house.last_code())
    assert house.submit(asked.challenge_id, typed).new_user


@pytest.mark.parametrize("code", ["", None, 0, True, [], {}, " ", "٣", "12345", "12345a", 123456])
def test_what_is_no_code_is_refused_and_not_counted(house: House, code: object) -> None:
    asked = house.ask()
    for _ in range(20):
        with pytest.raises(InvalidRequest, match="A code has 6 digits") as caught:
            house.submit(asked.challenge_id, code)
        assert caught.value.pointer == "/code"
    assert house.status(asked.challenge_id).tries_left == 5


def test_what_is_no_code_is_refused_before_any_challenge_exists(house: House) -> None:
    with pytest.raises(InvalidRequest):
        house.submit("unknown", True)


def test_wrong_codes_count_down_and_end_the_challenge(house: House) -> None:
    asked = house.ask()
    code = house.last_code()
    for left in (4, 3, 2, 1):
        with pytest.raises(InvalidCode) as caught:
            house.submit(asked.challenge_id, another(code))
        assert caught.value.tries_left == left
    with pytest.raises(TooManyTries):
        house.submit(asked.challenge_id, another(code))
    with pytest.raises(TooManyTries):
        house.submit(asked.challenge_id, code)
    with pytest.raises(TooManyTries):
        house.resend(asked.challenge_id)
    assert house.users.by_phone(ALICE) is None


def test_a_code_is_good_once(house: House) -> None:
    asked = house.ask()
    house.submit(asked.challenge_id, house.last_code())
    for code in (house.last_code(), another(house.last_code())):
        with pytest.raises(Used):
            house.submit(asked.challenge_id, code)


def test_a_code_ends_with_its_life(house: House) -> None:
    asked = house.ask()
    house.clock.advance(300)
    with pytest.raises(Expired):
        house.submit(asked.challenge_id, house.last_code())
    with pytest.raises(Expired):
        house.resend(asked.challenge_id)


def test_another_binding_is_told_nothing_and_costs_nothing(house: House) -> None:
    asked = house.ask()
    for _ in range(20):
        with pytest.raises(InvalidCode) as caught:
            house.submit(asked.challenge_id, house.last_code(), who="eve")
        assert caught.value.tries_left is None
    with pytest.raises(UnknownChallenge):
        house.resend(asked.challenge_id, who="eve")
    with pytest.raises(UnknownChallenge):
        house.status(asked.challenge_id, who="eve")
    assert house.submit(asked.challenge_id, house.last_code()).new_user


@pytest.mark.parametrize("challenge_id", ["", "x", "a.b", "a" * 5000, "\0.\0", "%s", "٣.٣"])
def test_an_unknown_challenge_is_told(house: House, challenge_id: str) -> None:
    with pytest.raises(UnknownChallenge):
        house.submit(challenge_id, "123456")
    with pytest.raises(UnknownChallenge):
        house.resend(challenge_id)
    with pytest.raises(UnknownChallenge):
        house.status(challenge_id)


def test_the_code_of_one_login_does_not_open_another(house: House) -> None:
    house.ask(ALICE, "ann")
    code = house.last_code()
    other = house.ask(BOB, "bea")
    with pytest.raises(InvalidCode):
        house.submit(other.challenge_id, code, "bea")


def test_a_locked_number_refuses_codes_and_asks_alike(house: House) -> None:
    house.configure(tries_per_hour=2)
    asked = house.ask()
    for _ in range(2):
        with pytest.raises(InvalidCode):
            house.submit(asked.challenge_id, another(house.last_code()))
    with pytest.raises(Locked) as caught:
        house.submit(asked.challenge_id, house.last_code())
    assert (caught.value.retry_after or 0) > 3000
    house.clock.advance(60)
    with pytest.raises(Locked):
        house.ask(who="bea")
    assert {event.code for event in house.told(CodeRefused)} == {"locked"}


# --- asks -------------------------------------------------------------------------------------


def test_a_second_ask_while_it_cools_down_sends_nothing(house: House) -> None:
    first = house.ask()
    second = house.ask()
    assert second.challenge_id == first.challenge_id
    assert len(house.provider.sent) == 1
    with pytest.raises(Cooldown) as caught:
        house.ask(who="bea")
    assert caught.value.retry_after == second.resend_in
    assert [event.code for event in house.told(CodeRefused)] == ["cooldown"]


def test_a_resend_repeats_the_code_and_a_late_one_makes_another(house: House) -> None:
    asked = house.ask()
    first = house.last_code()
    house.clock.advance(40)
    again = house.resend(asked.challenge_id)
    assert again.challenge_id == asked.challenge_id
    assert house.last_code() == first
    house.clock.advance(160)
    house.resend(asked.challenge_id)
    assert house.last_code() != first
    assert len(house.provider.sent) == 3
    assert house.submit(asked.challenge_id, first).new_user  # the older one is still good


def test_a_message_names_the_minutes_that_are_left_rounded_down(house: House) -> None:
    asked = house.ask()
    assert "5 minutes" in house.provider.sent[-1].body
    house.clock.advance(100)
    house.resend(asked.challenge_id)
    assert "3 minutes" in house.provider.sent[-1].body


@pytest.mark.parametrize(
    "phone", ["", "x", "112", "1" * 10_000, "\0", "+44 7400 12345a", "+9901234"]
)
def test_what_is_no_number_leaves_nothing_behind(house: House, phone: str) -> None:
    with pytest.raises(InvalidPhone) as caught:
        house.ask(phone)
    assert caught.value.pointer == "/phone"
    assert not house.store._challenges
    assert not house.store._states
    assert not house.provider.sent


def test_a_number_of_another_region_leaves_nothing_behind(house: House) -> None:
    house.configure(allowed_regions=("US",))
    with pytest.raises(CountryBlocked):
        house.ask()
    assert not house.store._challenges
    assert not house.store._states


def test_a_full_queue_is_told_and_costs_nothing(house: House) -> None:
    class Full:
        """A queue without room."""

        @classmethod
        def from_settings(cls, settings: object, handle: object) -> Full:
            return cls()

        def submit(self, job: Job) -> None:
            raise Busy

        def close(self) -> None:
            """Nothing waits."""

    working = house.parts
    house.configure(sends_per_hour=1, failed_sends_per_hour=1)
    small = house.parts
    house.parts = replace(small, dispatch=Full())
    for _ in range(3):
        with pytest.raises(Busy):
            house.ask()
    house.parts = replace(small, dispatch=working.dispatch)
    asked = house.ask()
    assert house.submit(asked.challenge_id, house.last_code()).new_user


def test_a_job_holds_neither_number_nor_code(house: House) -> None:
    carried = {"challenge_id", "generation", "asked_at"}
    assert {entry.name for entry in fields(Job)} == carried | {"delivered"}  # a broker's own count


def test_a_job_of_a_challenge_that_is_over_sends_nothing(house: House) -> None:
    asked = house.ask()
    house.submit(asked.challenge_id, house.last_code())
    house.deliver(Job(asked.challenge_id, 0, house.clock.now()))
    house.deliver(Job("unknown.id", 0, house.clock.now()))
    house.deliver(Job(asked.challenge_id, 7, house.clock.now()))
    assert len(house.provider.sent) == 1


# --- status -----------------------------------------------------------------------------------


def test_the_status_follows_the_challenge(house: House) -> None:
    asked = house.ask()
    status = house.status(asked.challenge_id)
    assert (status.status, status.delivery, status.tries_left) == ("pending", "sent", 5)
    assert status.asked == asked
    house.clock.advance(30)
    assert house.status(asked.challenge_id).asked.expires_in == 270
    house.submit(asked.challenge_id, house.last_code())
    assert house.status(asked.challenge_id).status == "verified"
    house.clock.advance(600)
    with pytest.raises(UnknownChallenge):
        house.status(asked.challenge_id)


def test_a_challenge_reads_expired_and_dead(house: House) -> None:
    late = house.ask(ALICE, "ann")
    tired = house.ask(BOB, "bea")
    for _ in range(5):
        with pytest.raises((InvalidCode, TooManyTries)):
            house.submit(tired.challenge_id, another(house.last_code()), "bea")
    assert house.status(tired.challenge_id, "bea").status == "dead"
    house.clock.advance(300)
    status = house.status(late.challenge_id)
    assert (status.status, status.asked.expires_in) == ("expired", 0)


# --- users ------------------------------------------------------------------------------------


def test_two_first_logins_at_once_make_one_user(house: House) -> None:
    house.configure(cooldown=(1,))
    asks = []
    for who in ("ann", "bea"):
        asks.append((house.ask(ALICE, who).challenge_id, house.last_code(), who))
        house.clock.advance(2)
    gate, results = threading.Barrier(2), []

    def enter(challenge_id: str, code: str, who: str) -> None:
        gate.wait()
        results.append(house.submit(challenge_id, code, who))

    threads = [threading.Thread(target=enter, args=ask) for ask in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({result.user.get_id() for result in results}) == 1
    assert sorted(result.new_user for result in results) == [False, True]
    assert len(house.told(UserSignedUp)) == 1


def test_a_login_that_loses_the_race_for_the_number_gets_the_winners_user(house: House) -> None:
    class Late(type(house.users)):  # type: ignore[misc]
        """Another first login is quicker, between the look and the making."""

        def by_phone(self, e164: str) -> object:
            found = super().by_phone(e164)
            if found is None:
                super().create(e164)
            return found

    asked = house.ask()
    house.parts = replace(house.parts, users=Late(house.database, house.clock))
    signed_in = house.submit(asked.challenge_id, house.last_code())
    assert signed_in.new_user is False
    assert signed_in.user == house.users.by_phone(ALICE)
    assert not house.told(UserSignedUp)


def test_a_right_code_stays_good_while_the_users_cannot_be_reached(house: House) -> None:
    asked = house.ask()
    path = Path(str(house.database.url.database))
    away = path.with_suffix(".away")
    path.rename(away)
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            house.submit(asked.challenge_id, house.last_code())
    away.rename(path)
    assert house.submit(asked.challenge_id, house.last_code()).new_user
    with pytest.raises(Used):
        house.submit(asked.challenge_id, house.last_code())


def test_a_code_of_a_former_secret_is_good_while_the_secret_is_listed(house: House) -> None:
    asked = house.ask()
    house.parts = replace(house.parts, keys=Keyring(b"a new secret", [b"house"]))
    assert house.submit(asked.challenge_id, house.last_code()).new_user
    house.clock.advance(60)
    second = house.ask()
    house.parts = replace(house.parts, keys=Keyring(b"a third secret"))
    with pytest.raises(InvalidCode):
        house.submit(second.challenge_id, house.last_code())


def test_a_sent_code_is_announced_with_the_masked_number(house: House) -> None:
    asked = house.ask()
    assert house.told(CodeSent) == [CodeSent(asked.challenge_id, "login", mask(ALICE), "recording")]

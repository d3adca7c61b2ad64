"""A user changes the number: whose code opens what, who is told, and who wins."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import Any

import pytest
from phoneauth.house import ALICE, BOB, House, another, binding, code_in

from flask_phoneauth.errors import (
    Busy,
    InvalidCode,
    InvalidRequest,
    Locked,
    NotSignedIn,
    NumberNotVerified,
    NumberTaken,
    ProviderDown,
    StoreUnavailable,
    UnknownChallenge,
    Used,
)
from flask_phoneauth.events import CodeRefused, CodeSent, PhoneChanged
from flask_phoneauth.flows.change_phone import Changed, ask_to_change, change_phone
from flask_phoneauth.flows.request_code import Ask, Asked
from flask_phoneauth.prices import notice_price
from flask_phoneauth.records import Client, Job

CAROL = "+447400123458"
NOTICE = "Your Notes account now has another phone number. If this was not you, tell us now."


def ask_for(house: House, user: Any, phone: str, who: str = "ann", locale: str = "en") -> Asked:
    client = Client("198.51.100.7", locale=locale)
    ask = Ask(phone, binding(who), client, host="example.com", payload={"next": "/mine"})
    return ask_to_change(house.parts, user, ask)


def change(house: House, user: Any, asked: Asked, code: str, who: str = "ann") -> Changed:
    return change_phone(house.parts, user, asked.challenge_id, code, binding(who))


def user_of(house: House, phone: str, who: str = "ann") -> Any:
    return house.log_in(phone, who).user


def number_of(house: House, user: Any) -> str | None:
    found = house.users.get(user.get_id())
    assert found is not None
    return found.phone


def test_the_code_goes_to_the_new_number_and_says_what_it_is_for(house: House) -> None:
    user = user_of(house, ALICE)
    ask_for(house, user, "+44 (0)7400 123 457")
    assert house.provider.sent[-1].to == BOB
    assert "code to change your number" in house.provider.sent[-1].body
    assert house.told(CodeSent)[-1].purpose == "change_phone"


def test_nothing_is_changed_before_the_proof(house: House) -> None:
    user = user_of(house, ALICE)
    asked = ask_for(house, user, BOB)
    with pytest.raises(InvalidCode):
        change(house, user, asked, another(house.last_code()))
    assert number_of(house, user) == ALICE
    assert house.users.by_phone(BOB) is None
    assert house.told(PhoneChanged) == []


def test_the_proof_gives_the_number_and_leaves_the_former_one_free(house: House) -> None:
    user = user_of(house, ALICE)
    house.clock.advance(60)
    asked = ask_for(house, user, BOB)
    changed = change(house, user, asked, house.last_code())
    assert (changed.phone, changed.user.phone, changed.payload["next"]) == (BOB, BOB, "/mine")
    assert changed.user.phone_verified_at == house.clock.now()
    assert house.users.by_phone(ALICE) is None
    (told,) = house.told(PhoneChanged)
    assert told.user.get_id() == user.get_id()
    assert told.masked_phone.endswith("3457")
    assert told.former_masked_phone.endswith("3456")
    assert BOB not in repr(changed) + str(told.masked_phone)
    assert user_of(house, BOB, "bea").get_id() == user.get_id()


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", NOTICE),
        (
            "de",
            "Ihr Konto bei Notes hat jetzt eine andere Nummer. Waren Sie das nicht? Bitte melden!",
        ),
        ("es", "Tu cuenta de Notes tiene ahora otro teléfono. Si no fue cosa tuya, contacta ya."),
    ],
)
def test_the_former_number_is_told_without_either_number_and_without_a_code(
    house: House, locale: str, text: str
) -> None:
    user = user_of(house, ALICE)
    asked = ask_for(house, user, BOB, locale=locale)
    change(house, user, asked, house.last_code())
    notice = house.provider.sent[-1]
    assert (notice.to, notice.body) == (ALICE, text)
    assert len(house.provider.sent) == 3


def test_nobody_is_told_where_there_was_no_number_or_none_that_can_be_texted(house: House) -> None:
    for number in (None, "", "112", "unknown"):
        user = user_of(house, ALICE, "ann")
        asked = ask_for(house, user, BOB)
        code = house.last_code()
        sent = len(house.provider.sent)
        change(house, replace(user, phone=number), asked, code)
        assert len(house.provider.sent) == sent
        assert house.told(PhoneChanged)[-1].former_masked_phone == "" or number
        house.users.delete(user.get_id())
        house.clock.advance(7200)


def test_a_country_that_is_not_served_any_more_gets_no_notice(house: House) -> None:
    user = user_of(house, ALICE)
    house.configure(allowed_regions=("US",))
    asked = ask_for(house, user, "+12015550123")
    change(house, user, asked, house.last_code())
    assert [message.to for message in house.provider.sent] == [ALICE, "+12015550123"]


def test_strangers_who_lock_the_former_number_do_not_keep_the_notice_away(house: House) -> None:
    user = user_of(house, ALICE)
    house.configure(cooldown=(1,), tries_per_hour=2)
    for turn in range(5):
        house.clock.advance(2)
        last = house.ask(ALICE, f"stranger {turn}", address=f"203.0.113.{turn}")
    wrong = another(house.last_code())
    for _ in range(2):
        with pytest.raises(InvalidCode):
            house.submit(last.challenge_id, wrong, "stranger 4")
    with pytest.raises(Locked):
        house.ask(ALICE, "one more", address="203.0.113.9")
    asked = ask_for(house, user, BOB)
    change(house, user, asked, house.last_code())
    assert (house.provider.sent[-1].to, house.provider.sent[-1].body) == (ALICE, NOTICE)


def test_a_notice_counts_among_the_messages_of_the_day(house: House) -> None:
    user = user_of(house, ALICE)
    asked = ask_for(house, user, BOB)
    change(house, user, asked, house.last_code())
    price = notice_price(house.parts.settings, house.parts.keys.phone_tag(ALICE))
    now = house.clock.now()
    assert house.store.look(house.parts.keys.phone_tag(ALICE), price, now=now).spent == (2,)


def test_a_notice_that_no_provider_takes_is_logged_and_the_change_stands(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    user = user_of(house, ALICE)
    asked = ask_for(house, user, BOB)
    code = house.last_code()
    house.provider.failure = ProviderDown("refused")
    with caplog.at_level(logging.WARNING):
        change(house, user, asked, code)
    assert number_of(house, user) == BOB
    (record,) = [one for one in caplog.records if "notice" in one.message]
    assert "refused" in record.message
    assert ALICE not in record.message


def test_a_full_queue_does_not_undo_the_change(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    class Full:
        def submit(self, job: Job) -> None:
            raise Busy

        def close(self) -> None:
            """Nothing is held."""

    user = user_of(house, ALICE)
    asked = ask_for(house, user, BOB)
    code = house.last_code()
    house.parts = replace(house.parts, dispatch=Full())  # type: ignore[arg-type]
    assert change(house, user, asked, code).phone == BOB
    assert "the queue is full" in caplog.text


def test_no_code_opens_the_notice(house: House) -> None:
    user = user_of(house, ALICE)
    jobs: list[Job] = []

    class Keeping:
        def submit(self, job: Job) -> None:
            jobs.append(job)

        def close(self) -> None:
            """Nothing is held."""

    asked = ask_for(house, user, BOB)
    code = house.last_code()
    house.parts = replace(house.parts, dispatch=Keeping())  # type: ignore[arg-type]
    change(house, user, asked, code)
    (job,) = jobs
    assert ALICE not in repr(job)
    for guess in (code, "000000"):
        with pytest.raises(InvalidCode):
            house.submit(job.challenge_id, guess)
        with pytest.raises(InvalidCode):
            change_phone(house.parts, user, job.challenge_id, guess, binding("ann"))
    with pytest.raises(UnknownChallenge):
        house.status(job.challenge_id)


def test_the_number_that_the_user_has_is_refused_in_any_spelling(house: House) -> None:
    user = user_of(house, ALICE)
    for spelling in (ALICE, "+44 (0)7400 123-456", "0044 7400 123456"):
        with pytest.raises(InvalidRequest, match="your number already") as caught:
            ask_for(house, user, spelling)
        assert caught.value.pointer == "/phone"
    assert len(house.provider.sent) == 1


def test_a_login_code_changes_no_number_and_a_change_code_signs_nobody_in(house: House) -> None:
    user = user_of(house, ALICE)
    login = house.ask(BOB)
    login_code = house.last_code()
    with pytest.raises(InvalidCode):
        change(house, user, login, login_code)
    house.clock.advance(61)
    asked = ask_for(house, user, CAROL)
    with pytest.raises(InvalidCode):
        house.submit(asked.challenge_id, house.last_code())
    assert number_of(house, user) == ALICE
    assert house.users.by_phone(CAROL) is None
    assert change(house, user, asked, house.last_code()).phone == CAROL
    assert house.submit(login.challenge_id, login_code).new_user


def test_a_code_is_its_users_and_its_challenges_alone(house: House) -> None:
    ann, ben = user_of(house, ALICE, "ann"), user_of(house, BOB, "ben")
    anns = ask_for(house, ann, CAROL, "ann")
    anns_code = house.last_code()
    # the same browser, now with another user, for the same number
    house.clock.advance(61)
    bens = ask_for(house, ben, CAROL, "ann")
    bens_code = house.last_code()
    assert bens.challenge_id != anns.challenge_id
    assert bens_code != anns_code
    for user, asked, code in (
        (ben, anns, anns_code),
        (ben, bens, anns_code),
        (ann, bens, bens_code),
    ):
        with pytest.raises(InvalidCode):
            change(house, user, asked, code)
    with pytest.raises(InvalidCode):
        change(house, ann, anns, anns_code, who="ben")
    assert (number_of(house, ann), number_of(house, ben)) == (ALICE, BOB)
    assert change(house, ben, bens, bens_code).phone == CAROL


def test_a_number_of_another_account_is_told_only_after_its_proof(house: House) -> None:
    ann, _ben = user_of(house, ALICE, "ann"), user_of(house, BOB, "ben")
    free, taken = ask_for(house, ann, CAROL, "one"), ask_for(house, ann, BOB, "two")
    code = house.last_code()
    alike = {"challenge_id": "", "masked_phone": "", "reference": "", "resend_in": 0}
    assert replace(free, **alike) == replace(taken, **alike)
    seen = [house.status(free.challenge_id, "one"), house.status(taken.challenge_id, "two")]
    assert seen[0].delivery == seen[1].delivery == "sent"
    with pytest.raises(InvalidCode):
        change(house, ann, taken, another(code), "two")
    with pytest.raises(NumberTaken):
        change(house, ann, taken, code, "two")
    with pytest.raises(Used):
        change(house, ann, taken, code, "two")
    assert number_of(house, ann) == ALICE
    assert house.told(PhoneChanged) == []
    assert house.provider.sent[-1].to == BOB


def test_a_blocked_users_number_gets_no_code_and_reads_as_sent(house: House) -> None:
    ann, ben = user_of(house, ALICE, "ann"), user_of(house, BOB, "ben")
    house.users.set_blocked(ben.get_id(), True)
    sent = len(house.provider.sent)
    asked = ask_for(house, ann, BOB)
    assert len(house.provider.sent) == sent
    assert house.status(asked.challenge_id).delivery == "sent"


def test_with_sign_up_off_an_unknown_number_can_still_be_linked(house: House) -> None:
    user = user_of(house, ALICE)
    house.configure(signup=False)
    asked = ask_for(house, user, BOB)
    assert change(house, user, asked, house.last_code()).phone == BOB
    house.provider.failure = ProviderDown("refused")
    failed = ask_for(house, user, CAROL)
    assert house.status(failed.challenge_id).delivery == "failed"


def test_a_virtual_number_that_is_not_verified_is_not_given(house: House) -> None:
    house.configure(virtual_numbers=True)
    user = user_of(house, ALICE)
    asked = ask_for(house, user, "+9901235")
    with pytest.raises(NumberNotVerified):
        change(house, user, asked, "901235")
    asked = ask_for(house, user, "+9901234")
    assert change(house, user, asked, "901234").phone == "+9901234"


def test_a_user_who_is_deleted_meanwhile_is_not_signed_in(house: House) -> None:
    user = user_of(house, ALICE)
    asked = ask_for(house, user, BOB)
    house.users.delete(user.get_id())
    with pytest.raises(NotSignedIn):
        change(house, user, asked, house.last_code())
    assert house.users.by_phone(BOB) is None


def test_a_right_code_stays_good_while_the_users_cannot_be_reached(house: House) -> None:
    class Away(type(house.users)):  # type: ignore[misc]
        def set_phone(self, user_id: str, e164: str) -> None:
            raise StoreUnavailable

    user = user_of(house, ALICE)
    asked = ask_for(house, user, BOB)
    code = house.last_code()
    parts = house.parts
    house.parts = replace(parts, users=Away(house.database, house.clock))
    with pytest.raises(StoreUnavailable):
        change(house, user, asked, code)
    assert house.provider.sent[-1].to == BOB
    house.parts = parts
    assert change(house, user, asked, code).phone == BOB


def test_a_refused_ask_names_the_purpose_alone(house: House) -> None:
    user = user_of(house, ALICE)
    ask_for(house, user, BOB, "ann")
    with pytest.raises(Exception, match="A code was sent a moment ago"):
        ask_for(house, user, BOB, "another browser")
    assert house.told(CodeRefused)[-1].purpose == "change_phone"


def test_two_users_who_prove_one_number_at_once_make_one_owner(house: House) -> None:
    users = {"ann": user_of(house, ALICE, "ann"), "ben": user_of(house, BOB, "ben")}
    asked, codes = {}, {}
    for who, user in users.items():
        asked[who] = ask_for(house, user, CAROL, who)
        codes[who] = code_in(house.provider.sent[-1])
        house.clock.advance(61)
    gate, ends = threading.Barrier(2), dict[str, str]()

    def prove(who: str) -> None:
        gate.wait(30)
        try:
            change(house, users[who], asked[who], codes[who], who)
            ends[who] = "changed"
        except NumberTaken:
            ends[who] = "taken"

    threads = [threading.Thread(target=prove, args=(who,)) for who in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(ends.values()) == ["changed", "taken"]
    winner = next(who for who, end in ends.items() if end == "changed")
    owner = house.users.by_phone(CAROL)
    assert owner is not None
    assert owner.get_id() == users[winner].get_id()
    assert len(house.told(PhoneChanged)) == 1

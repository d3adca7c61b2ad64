"""E-mails through the flows: whom they reach, and what their codes prove."""

from __future__ import annotations

from dataclasses import replace

import pytest
from phoneauth.desk import ADDRESS, PAST_COOLDOWN, Desk
from phoneauth.house import ALICE, BOB

from flask_phoneauth.errors import InvalidCode, InvalidRequest, ProviderDown, Used
from flask_phoneauth.events import CodeFailed, CodeSent
from flask_phoneauth.flows.deliver_code import deliver_code
from flask_phoneauth.records import CHANGE_PHONE, Job


@pytest.fixture
def known(desk: Desk) -> Desk:
    """Alice has signed in before and has verified an address."""
    desk.house.log_in()
    desk.house.clock.advance(PAST_COOLDOWN)
    desk.addresses[ALICE] = ADDRESS
    return desk


def test_a_known_user_is_let_in_by_the_code_in_the_mailbox(known: Desk) -> None:
    asked = known.ask_by("email")
    (mail,) = known.post.mails
    assert (mail.to, mail.sender_name) == (ADDRESS, "Notes")
    assert mail.subject == "Your Notes code to sign in"
    code = mail.body[:6]
    assert code in mail.body
    assert asked.reference in mail.body
    assert "@example.com #" not in mail.body
    assert ADDRESS not in repr(mail)
    signed_in = known.house.submit(asked.challenge_id, code)
    assert (signed_in.user.phone, signed_in.new_user) == (ALICE, False)
    (sent,) = known.house.told(CodeSent)[1:]
    assert (sent.channel, sent.provider) == ("email", "email")


def test_moving_to_email_opens_another_challenge_and_the_first_stays_good(known: Desk) -> None:
    asked = known.ask_by("sms")
    moved = known.again_by("email", asked.challenge_id)
    assert (moved.channel, moved.challenge_id != asked.challenge_id) == ("email", True)
    code = known.post.mails[-1].body[:6]
    assert code != known.house.last_code()
    with pytest.raises(InvalidCode):
        known.house.submit(asked.challenge_id, code)
    back = known.again_by("sms", moved.challenge_id)
    assert back.challenge_id == asked.challenge_id
    assert known.house.submit(asked.challenge_id, known.house.last_code())
    with pytest.raises(Used):
        known.again_by("email", asked.challenge_id)


def test_nothing_goes_to_who_has_no_verified_address(known: Desk) -> None:
    known.addresses.clear()
    asked = known.ask_by("email")
    stranger = known.ask_by("email", BOB, "bob")
    assert known.post.mails == []
    shown = {known.house.status(asked.challenge_id).delivery}
    shown.add(known.house.status(stranger.challenge_id, "bob").delivery)
    assert shown == {"sent"}


def test_every_number_reads_alike_whatever_happened(known: Desk) -> None:
    mailed = known.ask_by("email")
    stranger = known.ask_by("email", BOB, "bob")
    known.post.failure = ProviderDown("unreachable")
    known.house.clock.advance(PAST_COOLDOWN)
    failing = known.ask_by("email", who="eve")
    for seconds, delivery in ((0, "sent"), (31, "failed")):
        known.house.clock.advance(seconds)
        seen = {
            known.house.status(asked.challenge_id, who).delivery
            for asked, who in ((stranger, "bob"), (failing, "eve"))
        }
        seen.add(known.house.status(mailed.challenge_id).delivery)
        if seconds:
            assert seen == {delivery}
    (failed,) = known.house.told(CodeFailed)
    assert (failed.channel, failed.reason) == ("email", "unreachable")


def test_a_blocked_user_gets_no_mail_and_no_way_in(known: Desk) -> None:
    asked = known.ask_by("email")
    code = known.post.mails[-1].body[:6]
    user = known.house.users.by_phone(ALICE)
    assert user is not None
    known.house.users.set_blocked(user.get_id(), True)
    with pytest.raises(InvalidCode):
        known.house.submit(asked.challenge_id, code)
    known.house.clock.advance(PAST_COOLDOWN)
    known.ask_by("email", who="eve")
    assert len(known.post.mails) == 1


def test_a_code_is_good_for_the_address_that_it_went_to_and_goes_to_no_other(known: Desk) -> None:
    asked = known.ask_by("email")
    code = known.post.mails[-1].body[:6]
    known.addresses[ALICE] = "new@example.com"
    known.again_by("email", asked.challenge_id)
    assert [mail.to for mail in known.post.mails] == [ADDRESS]
    with pytest.raises(InvalidCode):
        known.house.submit(asked.challenge_id, code)
    known.house.clock.advance(PAST_COOLDOWN * 2)
    again = known.ask_by("email")
    assert known.post.mails[-1].to == "new@example.com"
    assert known.house.submit(again.challenge_id, known.post.mails[-1].body[:6])


@pytest.mark.parametrize("change", ["address", "account"])
def test_an_address_or_account_that_is_gone_meanwhile_lets_nobody_in(
    known: Desk, change: str
) -> None:
    asked = known.ask_by("email")
    code = known.post.mails[-1].body[:6]
    if change == "address":
        known.addresses.clear()
    else:
        user = known.house.users.by_phone(ALICE)
        assert user is not None
        known.house.users.delete(user.get_id())
    with pytest.raises(InvalidCode):
        known.house.submit(asked.challenge_id, code)
    assert change == "address" or known.house.users.by_phone(ALICE) is None


def test_it_proves_no_number(known: Desk) -> None:
    user = known.house.users.by_phone(ALICE)
    with pytest.raises(InvalidRequest):
        known.house.ask(BOB, channel="email", purpose=f"{CHANGE_PHONE}:{user}")
    tag = known.house.parts.keys.phone_tag(BOB)
    assert not known.house.store._by_tag.get(tag)


def test_a_brand_of_many_lines_stays_in_its_place(known: Desk) -> None:
    evil = "Notes\r\nBcc: eve@example.com\n\n<script>\u202e"
    known.house.parts = replace(known.house.parts, brand=evil)
    known.ask_by("email")
    (mail,) = known.post.mails
    assert "\n" not in mail.subject + mail.sender_name
    assert "\r" not in mail.subject + mail.sender_name
    assert "\u202e" not in mail.subject + mail.sender_name + mail.body


def test_money_and_countries_are_no_matter_of_a_mail(known: Desk) -> None:
    known.house.configure(
        prices={"+": 1000}, money_per_day=1, country_sends_per_hour=1, known_share=1
    )
    for who in ("ann", "bea"):
        known.ask_by("email", who=who)
        known.house.clock.advance(100)
    assert len(known.post.mails) == 2


def test_no_message_goes_out_in_place_of_a_mail(known: Desk) -> None:
    asked = known.ask_by("email")
    sent = len(known.house.provider.sent)
    known.house.parts = replace(known.house.parts, mailer=None)
    known.house.clock.advance(PAST_COOLDOWN)
    job = Job(asked.challenge_id, 0, known.house.store._challenges[asked.challenge_id].asked_at)
    deliver_code(known.house.parts, job)
    assert (len(known.post.mails), len(known.house.provider.sent)) == (1, sent)


def test_a_test_number_is_sent_nothing(known: Desk) -> None:
    known.house.configure(test_numbers={ALICE: ("424242", "2099-01-01")})
    asked = known.ask_by("email")
    assert known.post.mails == []
    assert known.house.submit(asked.challenge_id, "424242").user.phone == ALICE

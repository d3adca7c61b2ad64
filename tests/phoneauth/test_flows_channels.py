"""Which channels are offered, and that a message is one of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from phoneauth.desk import CHANNELS, Desk
from phoneauth.house import code_in

from flask_phoneauth.delivery.calling import Calls
from flask_phoneauth.errors import InvalidRequest
from flask_phoneauth.flows.channels import not_offered, offered
from flask_phoneauth.records import CHANGE_PHONE, LOGIN


def test_each_channel_is_offered_where_it_is_wanted_and_can_be(desk: Desk) -> None:
    parts = desk.house.parts
    assert offered(parts, LOGIN) == CHANNELS
    assert offered(parts, f"{CHANGE_PHONE}:abc") == ("sms", "voice")
    assert offered(replace(parts, calls=Calls([desk.house.provider])), LOGIN) == ("sms", "email")
    assert offered(replace(parts, mailer=None), LOGIN) == ("sms", "voice")
    assert offered(replace(parts, users=desk.house.users), LOGIN) == ("sms", "voice")
    desk.house.configure(channels=("sms",))
    assert offered(desk.house.parts, LOGIN) == ("sms",)


def test_what_is_wanted_and_cannot_be_is_told_with_its_cure(desk: Desk) -> None:
    assert not_offered(desk.house.parts) == ()
    bare = replace(desk.house.parts, calls=Calls(), users=desk.house.users)
    calls, mails = not_offered(bare)
    assert "PHONEAUTH_TWILIO_FROM" in calls
    assert "email_of(user)" in mails


@pytest.mark.parametrize("channel", ["fax", "SMS", "voice ", "email"])
def test_a_channel_that_is_not_offered_is_refused_with_those_that_are(
    desk: Desk, channel: str
) -> None:
    desk.house.configure(channels=("sms", "voice"))
    with pytest.raises(InvalidRequest, match=r"Choose one of: sms, voice\.") as caught:
        desk.ask_by(channel)
    assert caught.value.pointer == "/channel"
    asked = desk.ask_by("sms")
    with pytest.raises(InvalidRequest, match="sms, voice"):
        desk.again_by(channel, asked.challenge_id)


def test_a_message_is_a_message_as_ever(desk: Desk) -> None:
    asked = desk.ask_by("sms")
    assert code_in(desk.house.provider.sent[-1]) == desk.house.last_code()
    assert desk.house.submit(asked.challenge_id, desk.house.last_code()).new_user

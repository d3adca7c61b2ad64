"""Calls and e-mails through the flows: what is offered, what is sent, what it proves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from phoneauth.house import ALICE, BOB, House, RecordingProvider, code_in

from flask_phoneauth.delivery.calling import Calls
from flask_phoneauth.errors import (
    AccountRefused,
    BadSignature,
    Cooldown,
    InvalidCode,
    InvalidRequest,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
    Used,
)
from flask_phoneauth.events import CodeAsked, CodeFailed, CodeSent, DeliveryUpdated
from flask_phoneauth.flows.channels import not_offered, offered
from flask_phoneauth.flows.deliver_code import deliver_code
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.flows.record_receipt import record_receipt
from flask_phoneauth.flows.resend_code import resend_code
from flask_phoneauth.flows.speak_code import speak_code
from flask_phoneauth.records import (
    CHANGE_PHONE,
    LOGIN,
    Accepted,
    Client,
    Job,
    Mail,
    Outbound,
    RawRequest,
    Receipt,
    Script,
)

CHANNELS = ("sms", "voice", "email")
PAST_COOLDOWN = 40
ADDRESS = "ann@example.com"


class Line:
    """A telephone line whose questions are the pressed keys themselves."""

    media_type = "text/plain"

    def __init__(self) -> None:
        self.calls: list[Outbound] = []
        self.failure: SendFailed | None = None

    def call(self, outbound: Outbound) -> Accepted:
        """Ring."""
        self.calls.append(outbound)
        if self.failure is not None:
            raise self.failure
        return Accepted("vendor", str(len(self.calls)))

    def read(self, request: RawRequest) -> str:
        """Whoever says so is the vendor, but for one."""
        if request.body == b"forged":
            raise BadSignature
        return request.body.decode()

    def write(self, script: Script) -> str:
        """Whether it asks, then every line."""
        return "|".join(("asks" if script.asks else "says", *script.lines))


class Words:
    """A vendor whose receipt is the status of a call."""

    def read(self, request: RawRequest) -> Receipt:
        """Every callback is believed."""
        return Receipt("call", "failed", request.body.decode(), channel="voice")


class Caller(RecordingProvider):
    """A provider that calls too."""

    receipts = Words()  # type: ignore[assignment]

    def __init__(self, name: str = "vendor") -> None:
        super().__init__()
        self.name, self.voice = name, Line()


@dataclass
class Post:
    """Keeps every e-mail; with a `failure` it keeps it and raises that."""

    mails: list[Mail] = field(default_factory=list)
    failure: SendFailed | None = None

    def send(self, mail: Mail) -> Accepted:
        """Take it."""
        self.mails.append(mail)
        if self.failure is not None:
            raise self.failure
        return Accepted("email", str(len(self.mails)))

    def check(self) -> None:
        """It is there."""


class Addressed:
    """The house's users, some of whom have verified an address."""

    def __init__(self, users: Any, addresses: dict[str, str]) -> None:
        self._users, self.addresses = users, addresses

    def __getattr__(self, name: str) -> Any:
        return getattr(self._users, name)

    def email_of(self, user: Any) -> str | None:
        """By the number."""
        return self.addresses.get(user.phone)


@dataclass
class Desk:
    """A house with every channel, and what left it."""

    house: House
    vendor: Caller
    post: Post
    addresses: dict[str, str]

    def ask_by(self, channel: str, phone: str = ALICE, who: str = "ann") -> Any:
        """Type a number and choose a channel."""
        return self.house.ask(phone, who, channel=channel)

    def again_by(self, channel: str, challenge_id: str, who: str = "ann") -> Any:
        """Ask for it by another channel, once that is allowed."""
        self.house.clock.advance(PAST_COOLDOWN)
        client = Client("198.51.100.7")
        held = house_binding(who)
        return resend_code(self.house.parts, challenge_id, held, client, channel=channel)

    def question(self, keys: str = "", call: int = -1) -> str:
        """What a call says after these keys."""
        token = self.vendor.voice.calls[call].delivery
        raw = RawRequest("POST", "", {}, keys.encode())
        return speak_code(self.house.parts, "vendor", token, raw).text

    def heard(self, call: int = -1) -> str:
        """The code that a call reads after the key."""
        said = self.question("1", call).split("|")
        return said[1].removeprefix("Your code is: ").removesuffix(".").replace(" ", "")


def house_binding(who: str) -> bytes:
    """The binding of that browser."""
    from phoneauth.house import binding

    return binding(who)


@pytest.fixture
def desk(house: House) -> Desk:
    vendor, post, addresses = Caller(), Post(), {}
    parts: Parts = replace(
        house.parts,
        calls=Calls([house.provider, vendor]),
        mailer=post,
        users=Addressed(house.users, addresses),
    )
    from flask_phoneauth.delivery.failover import Delivery

    house.parts = replace(parts, delivery=Delivery([house.provider, vendor]))
    house.configure(channels=CHANNELS)
    return Desk(house, vendor, post, addresses)


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


class TestCalls:
    def test_the_job_carries_no_code_and_the_call_reads_it_after_the_key(self, desk: Desk) -> None:
        asked = desk.ask_by("voice")
        assert (asked.channel, desk.house.provider.sent, desk.vendor.sent) == ("voice", [], [])
        (call,) = desk.vendor.voice.calls
        assert (call.to, call.body) == (ALICE, "")
        prompt = desk.question()
        assert prompt.startswith("asks|Hello, this is Notes, with your code to sign in.|")
        assert not any(letter.isdecimal() for letter in prompt.replace("press 1", ""))
        code = desk.heard()
        assert desk.question("1").count(" ".join(code)) == 2
        assert desk.house.submit(asked.challenge_id, code).new_user

    def test_no_key_and_other_keys_hear_the_question_again(self, desk: Desk) -> None:
        desk.ask_by("voice")
        assert {desk.question(keys)[:4] for keys in ("", "2", "*", "#")} == {"asks"}

    def test_a_call_repeats_the_code_of_the_message(self, desk: Desk) -> None:
        asked = desk.ask_by("sms")
        again = desk.again_by("voice", asked.challenge_id)
        assert (again.challenge_id, again.channel) == (asked.challenge_id, "voice")
        assert desk.heard() == desk.house.last_code()

    def test_a_late_call_reads_the_new_code(self, desk: Desk) -> None:
        asked = desk.ask_by("sms")
        first = desk.house.last_code()
        desk.house.clock.advance(200)
        desk.again_by("voice", asked.challenge_id)
        code = desk.heard()
        assert code != first
        assert desk.house.submit(asked.challenge_id, code).new_user

    def test_it_is_paid_as_a_message(self, desk: Desk) -> None:
        desk.house.configure(sends_per_hour=2, cooldown=(1,))
        asked = desk.ask_by("voice")
        desk.again_by("sms", asked.challenge_id)
        with pytest.raises(Exception, match="Too many codes were asked for"):
            desk.again_by("voice", asked.challenge_id)

    def test_in_the_cooldown_it_is_refused(self, desk: Desk) -> None:
        asked = desk.ask_by("sms")
        with pytest.raises(Cooldown):
            resend_code(
                desk.house.parts,
                asked.challenge_id,
                house_binding("ann"),
                Client("198.51.100.7"),
                channel="voice",
            )
        assert desk.vendor.voice.calls == []

    def test_pressing_the_key_is_what_delivered_means(self, desk: Desk) -> None:
        asked = desk.ask_by("voice")
        desk.question()
        assert desk.house.status(asked.challenge_id).delivery == "sent"
        desk.question("1")
        assert desk.house.status(asked.challenge_id).delivery == "delivered"
        told = [(event.delivery, event.provider) for event in desk.house.told(DeliveryUpdated)]
        assert told == [("sent", ""), ("delivered", "vendor")]
        desk.question("1")  # a repeated question changes nothing
        assert len(desk.house.told(DeliveryUpdated)) == 2
        self.report(desk, "completed")
        assert desk.house.status(asked.challenge_id).delivery == "delivered"

    @staticmethod
    def report(desk: Desk, status: str) -> None:
        token = desk.vendor.voice.calls[-1].delivery
        told = RawRequest("POST", "", {}, status.encode())
        record_receipt(desk.house.parts, "vendor", token, told)

    def test_a_call_that_nobody_takes_is_told_and_not_repeated(self, desk: Desk) -> None:
        asked = desk.ask_by("voice")
        self.report(desk, "no_answer")
        assert desk.house.status(asked.challenge_id).delivery == "failed"
        assert (len(desk.vendor.voice.calls), desk.house.provider.sent) == (1, [])

    @pytest.mark.parametrize("end", ["used", "expired", "too_many_tries", "foreign", "gone"])
    def test_a_code_that_is_over_is_not_read(self, desk: Desk, end: str) -> None:
        asked = desk.ask_by("voice")
        code = desk.heard()
        token = desk.vendor.voice.calls[0].delivery
        if end == "used":
            desk.house.submit(asked.challenge_id, code)
        elif end == "expired":
            desk.house.clock.advance(301)
        elif end == "gone":
            desk.house.clock.advance(1000)
        elif end == "too_many_tries":
            for _ in range(5):
                with pytest.raises(Exception, match=r"."):
                    desk.house.submit(asked.challenge_id, str(999999 - int(code)).zfill(6))
        else:
            token = token[:-1] + ("A" if token[-1] != "A" else "B")
        raw = RawRequest("POST", "", {}, b"1")
        said = speak_code(desk.house.parts, "vendor", token, raw).text
        assert said == "says|This code no longer works. Please ask for a new one."

    def test_only_the_vendor_is_answered(self, desk: Desk) -> None:
        desk.ask_by("voice")
        with pytest.raises(BadSignature):
            desk.question("forged")
        token = desk.vendor.voice.calls[0].delivery
        for name in ("recording", "nobody"):
            with pytest.raises(BadSignature):
                speak_code(desk.house.parts, name, token, RawRequest("POST", "", {}, b"1"))

    @pytest.mark.parametrize(
        "failure",
        [NumberRefused("number_refused"), AccountRefused("x"), ProviderDown("y")],
    )
    def test_a_call_that_cannot_be_placed_is_told_and_gives_its_price_back(
        self, desk: Desk, failure: SendFailed
    ) -> None:
        desk.vendor.voice.failure = failure
        asked = desk.ask_by("voice")
        assert desk.house.status(asked.challenge_id).delivery == "failed"
        (failed,) = desk.house.told(CodeFailed)
        assert (failed.channel, failed.reason) == ("voice", failure.reason)
        desk.vendor.voice.failure = None
        desk.ask_by("voice")  # no wait: nothing has rung
        assert len(desk.vendor.voice.calls) == 2

    def test_a_call_that_may_ring_keeps_its_code_good(self, desk: Desk) -> None:
        desk.vendor.voice.failure = SendUncertain("read_timeout")
        asked = desk.ask_by("voice")
        assert desk.house.status(asked.challenge_id).delivery == "sent"
        assert desk.house.submit(asked.challenge_id, desk.heard()).new_user

    def test_the_next_caller_is_asked_where_nothing_has_rung(self) -> None:
        first, second, third = Caller("first"), Caller("second"), Caller("third")
        calls = Calls([first, RecordingProvider(), second, third])
        first.voice.failure = ProviderDown("down")
        assert calls.call(Outbound(ALICE, "", "r", "t")).provider == "vendor"
        assert [len(one.voice.calls) for one in (first, second, third)] == [1, 1, 0]
        second.voice.failure = SendUncertain("read_timeout")
        with pytest.raises(SendUncertain):
            calls.call(Outbound(ALICE, "", "r", "t"))
        assert third.voice.calls == []  # a phone must not ring twice

    def test_listeners_hear_the_channel(self, desk: Desk) -> None:
        desk.ask_by("voice")
        (asked,), (sent,) = desk.house.told(CodeAsked), desk.house.told(CodeSent)
        assert (asked.channel, sent.channel, sent.provider) == ("voice", "voice", "vendor")


class TestEmail:
    @pytest.fixture
    def known(self, desk: Desk) -> Desk:
        """Alice has signed in before and has verified an address."""
        desk.house.log_in()
        desk.house.clock.advance(PAST_COOLDOWN)
        desk.addresses[ALICE] = ADDRESS
        return desk

    def test_a_known_user_is_let_in_by_the_code_in_the_mailbox(self, known: Desk) -> None:
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

    def test_moving_to_email_opens_another_challenge_and_the_first_stays_good(
        self, known: Desk
    ) -> None:
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

    def test_nothing_goes_to_who_has_no_verified_address(self, known: Desk) -> None:
        known.addresses.clear()
        asked = known.ask_by("email")
        stranger = known.ask_by("email", BOB, "bob")
        assert known.post.mails == []
        shown = {known.house.status(asked.challenge_id).delivery}
        shown.add(known.house.status(stranger.challenge_id, "bob").delivery)
        assert shown == {"sent"}

    def test_every_number_reads_alike_whatever_happened(self, known: Desk) -> None:
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

    def test_a_blocked_user_gets_no_mail_and_no_way_in(self, known: Desk) -> None:
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

    def test_a_code_is_good_for_the_address_that_it_went_to_and_goes_to_no_other(
        self, known: Desk
    ) -> None:
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
        self, known: Desk, change: str
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

    def test_it_proves_no_number(self, known: Desk) -> None:
        user = known.house.users.by_phone(ALICE)
        with pytest.raises(InvalidRequest):
            known.house.ask(BOB, channel="email", purpose=f"{CHANGE_PHONE}:{user}")
        tag = known.house.parts.keys.phone_tag(BOB)
        assert not known.house.store._by_tag.get(tag)

    def test_a_brand_of_many_lines_stays_in_its_place(self, known: Desk) -> None:
        evil = "Notes\r\nBcc: eve@example.com\n\n<script>\u202e"
        known.house.parts = replace(known.house.parts, brand=evil)
        known.ask_by("email")
        (mail,) = known.post.mails
        assert "\n" not in mail.subject + mail.sender_name
        assert "\r" not in mail.subject + mail.sender_name
        assert "\u202e" not in mail.subject + mail.sender_name + mail.body

    def test_money_and_countries_are_no_matter_of_a_mail(self, known: Desk) -> None:
        known.house.configure(
            prices={"+": 1000}, money_per_day=1, country_sends_per_hour=1, known_share=1
        )
        for who in ("ann", "bea"):
            known.ask_by("email", who=who)
            known.house.clock.advance(100)
        assert len(known.post.mails) == 2

    def test_no_message_goes_out_in_place_of_a_mail(self, known: Desk) -> None:
        asked = known.ask_by("email")
        sent = len(known.house.provider.sent)
        known.house.parts = replace(known.house.parts, mailer=None)
        known.house.clock.advance(PAST_COOLDOWN)
        job = Job(asked.challenge_id, 0, known.house.store._challenges[asked.challenge_id].asked_at)
        deliver_code(known.house.parts, job)
        assert (len(known.post.mails), len(known.house.provider.sent)) == (1, sent)

    def test_a_test_number_is_sent_nothing(self, known: Desk) -> None:
        known.house.configure(test_numbers={ALICE: ("424242", "2099-01-01")})
        asked = known.ask_by("email")
        assert known.post.mails == []
        assert known.house.submit(asked.challenge_id, "424242").user.phone == ALICE


def test_a_message_is_a_message_as_ever(desk: Desk) -> None:
    asked = desk.ask_by("sms")
    assert code_in(desk.house.provider.sent[-1]) == desk.house.last_code()
    assert desk.house.submit(asked.challenge_id, desk.house.last_code()).new_user

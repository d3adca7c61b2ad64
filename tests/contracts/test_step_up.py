"""A number with a new SIM, on every store: two codes open its account, only together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from contracts.racing import crowd
from contracts.stores import Bench
from phoneauth.house import ALICE, BOB, HandClock, House, binding, code_in

from flask_phoneauth.database import migrate
from flask_phoneauth.database.engine import Database
from flask_phoneauth.errors import (
    BudgetExhausted,
    Busy,
    Cooldown,
    Expired,
    InvalidCode,
    InvalidRequest,
    PhoneAuthError,
    ProviderDown,
    SimChanged,
    TooManyTries,
    UnknownChallenge,
    Used,
)
from flask_phoneauth.events import CodeAsked, CodeRefused
from flask_phoneauth.flows.change_phone import ask_to_change, change_phone
from flask_phoneauth.flows.look_up_challenge import (
    UNDECIDED_FOR,
    look_up_challenge,
    second_of,
)
from flask_phoneauth.flows.prove import NO_DEVICE, Device
from flask_phoneauth.flows.request_code import Ask, Asked
from flask_phoneauth.flows.resend_code import resend_code
from flask_phoneauth.flows.silent_login import (
    Known,
    Return,
    SetOut,
    SilentAsk,
    come_back,
    set_out,
)
from flask_phoneauth.flows.step_up import PROOF_LIFE, Halfway, ask_second
from flask_phoneauth.flows.submit_code import SignedIn, submit_code
from flask_phoneauth.operators.base import Unsure
from flask_phoneauth.prices import number_price
from flask_phoneauth.records import Accepted, Client, Job, Mail
from flask_phoneauth.users.accounts import Accounts

HOUR = 3600
PAST_COOLDOWN = 40
CROWD = 12
ADDRESS = "ann@example.com"
HERE = "https://example.com/auth/silent/callback"
PROOF = "p" * 43


@dataclass
class Network:
    """Knows whose SIM was changed; asked about others it says no, or that it can not tell."""

    swapped: set[str] = field(default_factory=set)
    asked: list[tuple[str, int]] = field(default_factory=list)
    unsure: bool = False

    def begin(self, phone: str, state: str, redirect_uri: str, *, proof: str = "") -> str:
        """The address is the state itself."""
        return state

    def verify(self, phone: str, code: str, redirect_uri: str, *, verifier: str = "") -> bool:
        """Every device has the number."""
        return True

    def sim_changed(self, phone: str, hours: int) -> bool:
        """By the list."""
        self.asked.append((phone, hours))
        if self.unsure:
            raise Unsure("no_answer")
        return phone in self.swapped

    def close(self) -> None:
        """Nothing is held."""


@dataclass
class Post:
    """Keeps every e-mail, and can be away."""

    mails: list[Mail] = field(default_factory=list)
    away: bool = False

    def send(self, mail: Mail) -> Accepted:
        """Take it."""
        if self.away:
            raise ProviderDown("unreachable")
        self.mails.append(mail)
        return Accepted("email", str(len(self.mails)))

    def check(self) -> None:
        """It is there."""


class Addressed(Accounts):
    """Accounts of which some have a verified address."""

    def __init__(self, database: Database, clock: HandClock) -> None:
        super().__init__(database, clock)
        self.addresses: dict[str, str] = {}

    def email_of(self, user: Any) -> str | None:
        """By the user's id."""
        return self.addresses.get(user.get_id())


class Door:
    """A house that asks for a second code; Alice has an account with an address, Bob has none."""

    def __init__(self, bench: Bench, database: Database) -> None:
        self.house = House(
            database, HandClock(), sim_swap="step_up", channels=("sms", "email"), operator="camara"
        )
        self.network, self.post = Network({ALICE, BOB}), Post()
        self.users = Addressed(database, self.house.clock)
        self.house.parts = replace(
            self.house.parts,
            challenges=bench.store,
            operator=self.network,
            mailer=self.post,
            users=self.users,
        )
        self.alice = self.users.create(ALICE)
        self.users.addresses[self.alice.get_id()] = ADDRESS
        self.later(1000 * HOUR)

    def later(self, seconds: float) -> None:
        """Time goes by."""
        self.house.clock.advance(seconds)

    def prove(self, phone: str = ALICE, who: str = "ann", **wishes: Any) -> SignedIn | Halfway:
        """Ask for a code and type it."""
        asked = self.house.ask(phone, who, payload=wishes)
        return self.type(asked.challenge_id, self.house.last_code(), who)

    def type(self, challenge_id: str, code: str, who: str = "ann") -> SignedIn | Halfway:
        """Type a code."""
        return submit_code(self.house.parts, challenge_id, code, binding(who))

    def half(self, phone: str = ALICE, who: str = "ann", **wishes: Any) -> Halfway:
        """Ask and type; nobody is in yet."""
        outcome = self.prove(phone, who, **wishes)
        assert isinstance(outcome, Halfway)
        return outcome

    def second(self, who: str = "ann", half: SignedIn | Halfway | None = None) -> str:
        """The id of the second challenge, whose code is in the newest e-mail."""
        found = half or self.half(who=who)
        assert isinstance(found, Halfway)
        client = Client("198.51.100.7")
        return ask_second(self.house.parts, found, binding(who), client).challenge_id

    def mailed(self) -> str:
        """The code in the newest e-mail."""
        return next(word for word in self.post.mails[-1].body.split() if word.isdigit())

    def wrong(self) -> str:
        """Another one."""
        return str((int(self.mailed()[0]) + 1) % 10) + self.mailed()[1:]

    def led_to(self, challenge_id: str, who: str = "ann") -> Asked | None:
        """The open step to which a used code has led."""
        parts, client = self.house.parts, Client("198.51.100.7")
        first = look_up_challenge(parts, challenge_id, binding(who), client)
        return second_of(parts, first, binding(who), client)

    def resend(self, challenge_id: str, who: str = "ann", channel: str = "") -> Any:
        """Ask for the e-mail once more."""
        client = Client("198.51.100.7")
        return resend_code(self.house.parts, challenge_id, binding(who), client, channel=channel)


@pytest.fixture
def door(bench: Bench, tmp_path: Path) -> Iterator[Door]:
    """Flows over the store of the bench."""
    database = Database(f"sqlite:///{tmp_path}/accounts.db")
    migrate.upgrade(database)
    yield Door(bench, database)
    database.close()


def test_only_both_codes_together_open_the_account(door: Door) -> None:
    half = door.half(next="/notes", remember=True)
    assert door.post.mails == []
    second = door.second(half=half)
    (mail,) = door.post.mails
    assert mail.to == ADDRESS
    assert "SIM card was changed" in mail.body
    assert door.mailed() != door.house.last_code()
    done = door.type(second, door.mailed())
    assert isinstance(done, SignedIn)
    assert (done.user.get_id(), done.new_user) == (door.alice.get_id(), False)
    assert (done.payload["next"], done.payload["remember"]) == ("/notes", True)
    with pytest.raises(Used):
        door.type(second, door.mailed())


def test_account_without_an_address_is_refused_in_words_that_help(door: Door) -> None:
    door.users.create(BOB)
    door.later(1000 * HOUR)
    asked = door.house.ask(BOB)
    code = door.house.last_code()
    half = door.type(asked.challenge_id, code)
    assert isinstance(half, Halfway)
    with pytest.raises(SimChanged, match="240 hours"):
        door.second(half=half)
    assert door.house.told(CodeRefused)[-1].code == "sim_changed"
    with pytest.raises(Used):
        door.type(asked.challenge_id, code)


def test_number_without_an_account_signs_up_and_nobody_is_asked(door: Door) -> None:
    done = door.prove(BOB)
    assert isinstance(done, SignedIn)
    assert done.new_user
    assert door.network.asked == []


def test_sim_as_it_was_and_one_of_which_nobody_can_tell_need_no_second_code(door: Door) -> None:
    door.network.swapped.clear()
    assert isinstance(door.prove(), SignedIn)
    door.network.unsure = True
    assert isinstance(door.prove(), SignedIn)
    assert door.network.asked == [(ALICE, 240)] * 2


@pytest.mark.parametrize(("seconds", "hours"), [(60, 1), (2 * HOUR + 1, 3), (300 * HOUR, 240)])
def test_change_before_the_number_was_proven_is_nobodys_theft(
    door: Door, seconds: int, hours: int
) -> None:
    door.prove(BOB)
    door.later(seconds)
    door.prove(BOB)
    assert door.network.asked == [(BOB, hours)]


def test_nobody_is_asked_before_the_code_is_right(door: Door) -> None:
    asked = door.house.ask()
    wrong = str((int(door.house.last_code()[0]) + 1) % 10) + door.house.last_code()[1:]
    with pytest.raises(InvalidCode):
        door.type(asked.challenge_id, wrong)
    door.house.status(asked.challenge_id)
    assert door.network.asked == []


def test_code_of_one_is_no_code_of_the_other_and_tries_are_its_own(door: Door) -> None:
    second = door.second()
    first_code = door.house.last_code()
    for left in (4, 3, 2, 1):
        with pytest.raises(InvalidCode) as caught:
            door.type(second, first_code)
        assert caught.value.tries_left == left
    with pytest.raises(TooManyTries):
        door.type(second, first_code)
    with pytest.raises(TooManyTries):
        door.type(second, door.mailed())


def test_another_browser_has_no_use_for_it(door: Door) -> None:
    second = door.second()
    with pytest.raises(InvalidCode) as caught:
        door.type(second, door.mailed(), "eve")
    assert caught.value.tries_left is None
    with pytest.raises(UnknownChallenge):
        door.house.status(second, "eve")
    with pytest.raises(UnknownChallenge):
        door.resend(second, "eve")
    assert isinstance(door.type(second, door.mailed()), SignedIn)


@pytest.mark.parametrize("fate", ["deleted", "moved", "blocked", "address"])
def test_it_opens_no_account_but_the_one_that_it_was_sent_for(door: Door, fate: str) -> None:
    second = door.second()
    if fate == "blocked":
        door.users.set_blocked(door.alice.get_id(), True)
    elif fate == "address":
        door.users.addresses[door.alice.get_id()] = "eve@example.com"
    else:
        if fate == "deleted":
            door.users.delete(door.alice.get_id())
        else:
            door.users.set_phone(door.alice.get_id(), BOB)
        heir = door.users.create(ALICE)
        door.users.addresses[heir.get_id()] = ADDRESS
    with pytest.raises(InvalidCode):
        door.type(second, door.mailed())


def test_account_that_has_the_number_meanwhile_gets_no_code_of_the_former(door: Door) -> None:
    second = door.second()
    door.users.delete(door.alice.get_id())
    door.later(PAST_COOLDOWN)
    door.resend(second)
    assert len(door.post.mails) == 1, "the account is gone, and nobody else is mailed"
    heir = door.users.create(ALICE)
    door.users.addresses[heir.get_id()] = "heir@example.com"
    door.later(2 * PAST_COOLDOWN)
    door.resend(second)
    assert len(door.post.mails) == 1


def test_login_that_begins_anew_ends_what_was_half_proven(door: Door) -> None:
    second = door.second()
    code = door.mailed()
    door.later(PAST_COOLDOWN)
    door.house.ask(who="eve", address="203.0.113.9")
    door.later(2 * PAST_COOLDOWN)
    assert door.house.status(second).status == "pending", "another browser's start is its own"
    door.house.ask()
    with pytest.raises(Expired):
        door.type(second, code)
    assert door.house.status(second).status == "expired"


def test_email_once_more_has_the_same_code_and_comes_by_no_other_way(door: Door) -> None:
    second = door.second()
    code = door.mailed()
    with pytest.raises(Cooldown):
        door.resend(second)
    door.later(PAST_COOLDOWN)
    for channel in ("sms", "voice"):
        with pytest.raises(InvalidRequest):
            door.resend(second, channel=channel)
    assert door.resend(second).challenge_id == second
    assert (len(door.post.mails), door.mailed()) == (2, code)
    assert len(door.house.provider.sent) == 1
    assert isinstance(door.type(second, code), SignedIn)


def test_half_a_proof_is_not_kept_alive_by_asking_again(door: Door) -> None:
    door.house.configure(cooldown=(1,))
    second = door.second()
    began = door.house.clock.now()
    for _ in range(2):  # at 280 and at 560 seconds: a new code each time
        door.later(280)
        door.resend(second)
    door.later(PROOF_LIFE - door.house.parts.settings.code_ttl - 559)
    with pytest.raises(Expired):
        door.resend(second)
    assert len({*door.post.mails}) == 3
    door.later(began + PROOF_LIFE - 1 - door.house.clock.now())
    assert door.house.status(second).status == "expired"
    with pytest.raises(Expired):
        door.type(second, door.mailed())


def test_mailbox_is_not_flooded_by_asking_again_or_proving_again(door: Door) -> None:
    spent = False
    for _ in range(30):
        try:
            second = door.second()
            door.later(130)
            door.resend(second)
        except (BudgetExhausted, Cooldown) as refused:
            spent |= isinstance(refused, BudgetExhausted)
        except Expired:
            pass
        door.later(10)
    assert spent
    assert len(door.post.mails) <= 10


def test_refused_email_leaves_the_right_code_good(door: Door) -> None:
    door.house.configure(sends_per_hour=1)
    asked = door.house.ask()
    code = door.house.last_code()
    half = door.type(asked.challenge_id, code)
    door.house.ask(who="eve", address="203.0.113.9")  # spends what the success gave back
    with pytest.raises((BudgetExhausted, Cooldown)):
        door.second(half=half)
    assert door.post.mails == []
    door.house.configure(sends_per_hour=5)
    door.later(PAST_COOLDOWN)
    again = door.type(asked.challenge_id, code)
    assert isinstance(again, Halfway)
    door.second(half=again)
    assert len(door.post.mails) == 1


class Full:
    """A queue without room."""

    def submit(self, job: Job) -> None:
        """Never."""
        raise Busy

    def drain(self, seconds: float) -> bool:
        """Nothing waits."""
        return True

    def close(self) -> None:
        """Nothing is held."""


def test_full_queue_leaves_the_right_code_good(door: Door) -> None:
    asked = door.house.ask()
    code, queue = door.house.last_code(), door.house.parts.dispatch
    half = door.type(asked.challenge_id, code)
    door.house.parts = replace(door.house.parts, dispatch=Full())
    with pytest.raises(Busy):
        door.second(half=half)
    door.house.parts = replace(door.house.parts, dispatch=queue)
    again = door.type(asked.challenge_id, code)
    assert isinstance(again, Halfway)
    assert isinstance(door.type(door.second(half=again), door.mailed()), SignedIn)


def test_right_code_typed_twice_leads_to_the_one_step_that_is_open(door: Door) -> None:
    asked = door.house.ask()
    code = door.house.last_code()
    second = door.second(half=door.type(asked.challenge_id, code))
    with pytest.raises(InvalidCode):
        door.type(second, door.wrong())
    for _ in range(2):
        with pytest.raises(Used):
            door.type(asked.challenge_id, code)
        led = door.led_to(asked.challenge_id)
        assert led is not None
        assert (led.challenge_id, led.channel) == (second, "email")
    with pytest.raises(UnknownChallenge):
        door.led_to(asked.challenge_id, "eve")
    assert len(door.post.mails) == 1
    with pytest.raises(InvalidCode) as caught:
        door.type(second, door.wrong())
    assert caught.value.tries_left == 3
    assert isinstance(door.type(second, door.mailed()), SignedIn)
    assert door.led_to(asked.challenge_id) is None, "it is over: nothing begins again"


def test_step_that_is_over_is_not_led_to(door: Door) -> None:
    asked = door.house.ask()
    second = door.second(half=door.type(asked.challenge_id, door.house.last_code()))
    for _ in range(4):
        with pytest.raises(InvalidCode):
            door.type(second, door.wrong())
    with pytest.raises(TooManyTries):
        door.type(second, door.wrong())
    assert door.led_to(asked.challenge_id) is None


def test_right_code_that_stayed_good_leads_to_the_step_that_it_opened_at_last(door: Door) -> None:
    asked = door.house.ask()
    code, queue = door.house.last_code(), door.house.parts.dispatch
    door.house.parts = replace(door.house.parts, dispatch=Full())
    half = door.type(asked.challenge_id, code)
    with pytest.raises(Busy):
        door.second(half=half)
    assert door.house.status(asked.challenge_id).led_to == ""
    door.house.parts = replace(door.house.parts, dispatch=queue)
    second = door.second(half=door.type(asked.challenge_id, code))
    led = door.led_to(asked.challenge_id)
    assert led is not None
    assert led.challenge_id == second


def test_step_that_the_network_has_opened_is_led_to_from_a_code_too(door: Door) -> None:
    asked = door.house.ask()
    code = door.house.last_code()
    door.later(PAST_COOLDOWN)
    second = door.second(half=silently(door))
    assert door.second(half=door.type(asked.challenge_id, code)) == second
    led = door.led_to(asked.challenge_id)
    assert led is not None
    assert led.challenge_id == second


def test_right_code_may_yet_ask_for_another_one_for_a_short_while(door: Door) -> None:
    asked = door.house.ask()
    assert not door.house.status(asked.challenge_id).undecided
    half = door.type(asked.challenge_id, door.house.last_code())
    assert door.house.status(asked.challenge_id).undecided
    door.later(UNDECIDED_FOR)
    assert not door.house.status(asked.challenge_id).undecided
    door.second(half=half)
    assert not door.house.status(asked.challenge_id).undecided


def test_nothing_is_awaited_where_no_second_code_can_follow(door: Door) -> None:
    door.network.swapped.clear()
    by_email = door.house.ask(channel="email")
    assert isinstance(door.type(by_email.challenge_id, door.mailed()), SignedIn)
    assert not door.house.status(by_email.challenge_id).undecided
    door.house.configure(sim_swap="allow")
    asked = door.house.ask()
    assert isinstance(door.type(asked.challenge_id, door.house.last_code()), SignedIn)
    assert not door.house.status(asked.challenge_id).undecided


def test_what_is_typed_on_a_used_code_costs_nothing_and_tells_nothing(door: Door) -> None:
    asked = door.house.ask()
    code = door.house.last_code()
    second = door.second(half=door.type(asked.challenge_id, code))
    parts, now = door.house.parts, door.house.clock.now()
    tag = parts.keys.phone_tag(ALICE)
    price = number_price(parts.settings, tag)
    before = parts.challenges.look(tag, price, now=now)
    for turn in range(parts.settings.tries_per_hour + 1):
        with pytest.raises(Used):
            door.type(asked.challenge_id, str((int(code) + turn) % 10**6).zfill(6))
    assert parts.challenges.look(tag, price, now=now) == before
    led = door.led_to(asked.challenge_id)
    assert led is not None
    assert led.challenge_id == second


def test_mail_server_that_is_away_is_told_of(door: Door) -> None:
    door.post.away = True
    second = door.second()
    assert door.house.status(second).delivery == "failed"
    door.post.away = False
    door.later(PAST_COOLDOWN)
    door.resend(second)
    assert door.house.status(second).delivery == "sent"
    assert isinstance(door.type(second, door.mailed()), SignedIn)


def test_many_at_once_make_one_email_and_one_session(door: Door) -> None:
    asked = door.house.ask()
    code = door.house.last_code()

    def first(_: int) -> str:
        try:
            half = door.type(asked.challenge_id, code)
            assert isinstance(half, Halfway)
            return door.second(half=half)
        except PhoneAuthError as error:
            return error.code

    answers = crowd(CROWD, first)
    (second,) = {one for one in answers if "." in one}
    told = Counter(answers)
    assert told["used"] + told["store_unavailable"] + told["unavailable"] == CROWD - 1
    assert len(door.post.mails) == 1

    def then(_: int) -> str:
        try:
            return type(door.type(second, door.mailed())).__name__
        except PhoneAuthError as error:
            return error.code

    assert Counter(crowd(CROWD, then))["SignedIn"] == 1


def test_switched_off_meanwhile_it_opens_nothing(door: Door) -> None:
    second = door.second()
    door.house.configure(sim_swap="allow")
    with pytest.raises(InvalidCode):
        door.type(second, door.mailed())


def silently(door: Door, phone: str = ALICE, device: Device = NO_DEVICE) -> Any:
    """The network says that the device has the number."""
    parts = door.house.parts
    ask = SilentAsk(phone, PROOF, Client("198.51.100.7"), HERE, payload={"next": "/notes"})
    out = set_out(parts, ask)
    assert isinstance(out, SetOut)
    return come_back(parts, Return(out.url, "right", PROOF, HERE), lambda _: device)


def test_login_without_a_code_takes_the_second_one_too(door: Door) -> None:
    half = silently(door)
    assert isinstance(half, Halfway)
    second = door.second(half=half)
    assert [(told.purpose, told.channel) for told in door.house.told(CodeAsked)] == [
        ("step_up", "email")
    ]
    done = door.type(second, door.mailed())
    assert isinstance(done, SignedIn)
    assert done.payload["next"] == "/notes"
    door.network.swapped.clear()
    assert isinstance(silently(door), Known)


def test_login_without_a_code_makes_an_account_on_a_new_sim(door: Door) -> None:
    known = silently(door, BOB)
    assert isinstance(known, Known)
    assert known.admitted.new_user


def test_proven_twice_in_the_cooldown_there_is_one_email(door: Door) -> None:
    first = door.second(half=silently(door))
    assert door.second(half=silently(door)) == first
    assert len(door.post.mails) == 1


@pytest.mark.parametrize("phone", [ALICE, BOB])
def test_network_signs_no_new_sim_in_where_that_is_refused(door: Door, phone: str) -> None:
    door.house.configure(sim_swap="refuse")
    with pytest.raises(SimChanged, match="240 hours"):
        silently(door, phone)
    assert door.users.by_phone(BOB) is None
    told = door.house.told(CodeRefused)[-1]
    assert (told.purpose, told.code) == ("silent", "sim_changed")


def test_account_moves_to_a_number_with_a_new_sim_and_is_opened_by_it(door: Door) -> None:
    parts = door.house.parts
    door.network.swapped = {BOB}
    alice: Any = door.alice
    ask = Ask(BOB, binding("ann"), Client("198.51.100.7"), host="example.com")
    asked = ask_to_change(parts, alice, ask)
    change_phone(parts, alice, asked.challenge_id, door.house.last_code(), binding("ann"))
    assert door.network.asked == []
    door.network.swapped.clear()  # the change is older than the account's proof of the number
    assert isinstance(door.prove(BOB), SignedIn)
    assert door.network.asked == [(BOB, 1)]


def test_code_of_the_first_message_is_not_in_the_email(door: Door) -> None:
    door.second()
    assert code_in(door.house.provider.sent[-1]) not in door.post.mails[-1].body

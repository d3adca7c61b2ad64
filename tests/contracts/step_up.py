"""A door whose accounts take a second code by e-mail where the number has a new SIM."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from contracts.stores import Bench
from phoneauth.house import ALICE, BOB, HandClock, House, binding

from flask_phoneauth.database.engine import Database
from flask_phoneauth.errors import (
    Busy,
    ProviderDown,
)
from flask_phoneauth.flows.look_up_challenge import (
    look_up_challenge,
    second_of,
)
from flask_phoneauth.flows.prove import NO_DEVICE, Device
from flask_phoneauth.flows.request_code import Asked
from flask_phoneauth.flows.resend_code import resend_code
from flask_phoneauth.flows.silent_login import Return, SetOut, SilentAsk, come_back, set_out
from flask_phoneauth.flows.step_up import Halfway, ask_second
from flask_phoneauth.flows.submit_code import SignedIn, submit_code
from flask_phoneauth.operators.base import Unsure
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


def silently(door: Door, phone: str = ALICE, device: Device = NO_DEVICE) -> Any:
    """The network says that the device has the number."""
    parts = door.house.parts
    ask = SilentAsk(phone, PROOF, Client("198.51.100.7"), HERE, payload={"next": "/notes"})
    out = set_out(parts, ask)
    assert isinstance(out, SetOut)
    return come_back(parts, Return(out.url, "right", PROOF, HERE), lambda _: device)

"""A house of flows with every channel, and what left it by each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from phoneauth.house import ALICE, House, RecordingProvider, binding

from flask_phoneauth.delivery.calling import Calls
from flask_phoneauth.delivery.failover import Delivery
from flask_phoneauth.errors import BadSignature, SendFailed
from flask_phoneauth.flows.resend_code import resend_code
from flask_phoneauth.flows.speak_code import speak_code
from flask_phoneauth.records import (
    Accepted,
    Client,
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
        held = binding(who)
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


def desk_of(house: House) -> Desk:
    """That house, with a line, a mailbox and users with addresses."""
    vendor, post, addresses = Caller(), Post(), {}
    house.parts = replace(
        house.parts,
        calls=Calls([house.provider, vendor]),
        mailer=post,
        users=Addressed(house.users, addresses),
        delivery=Delivery([house.provider, vendor]),
    )
    house.configure(channels=CHANNELS)
    return Desk(house, vendor, post, addresses)

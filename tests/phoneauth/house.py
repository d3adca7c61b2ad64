"""Flows without an application: the parts are real, the provider keeps what it is given."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Any, Self

from flask_phoneauth.clock import Clock
from flask_phoneauth.database.engine import Database
from flask_phoneauth.delivery.failover import Delivery
from flask_phoneauth.dispatch.base import Dispatch
from flask_phoneauth.dispatch.inline import InlineDispatch
from flask_phoneauth.errors import SendFailed
from flask_phoneauth.events import Event
from flask_phoneauth.flows.deliver_code import deliver_code
from flask_phoneauth.flows.look_up_challenge import Status, look_up_challenge
from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.flows.request_code import Ask, Asked, request_code
from flask_phoneauth.flows.resend_code import resend_code
from flask_phoneauth.flows.submit_code import SignedIn, submit_code
from flask_phoneauth.otp.keys import Keyring
from flask_phoneauth.records import Accepted, Client, Job, Outbound, RawRequest, Receipt
from flask_phoneauth.settings import Settings
from flask_phoneauth.stores.memory import MemoryStore
from flask_phoneauth.users.accounts import Accounts

ALICE = "+447400123456"
BOB = "+447400123457"
START = 1_700_000_123.0
_CODE = re.compile(r"#(\d+)$")


class HandClock(Clock):
    """Time that a test moves."""

    def __init__(self, at: float = START) -> None:
        super().__init__()
        self._frozen_at = at


class RecordingProvider:
    """Keeps every message; with a `failure` it keeps the message and raises that."""

    name = "recording"
    receipts = None

    def __init__(self) -> None:
        self.sent: list[Outbound] = []
        self.failure: SendFailed | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """It needs no settings."""
        return cls()

    def send(self, outbound: Outbound) -> Accepted:
        """Take it."""
        self.sent.append(outbound)
        if self.failure is not None:
            raise self.failure
        return Accepted(self.name, str(len(self.sent)))

    def close(self) -> None:
        """Nothing is held."""


class PlainWords:
    """A vendor whose callback is the status itself."""

    def read(self, request: RawRequest) -> Receipt:
        """Every callback is believed."""
        status = request.body.decode()
        return Receipt("message", status, status if status == "failed" else "")


class Vendor(RecordingProvider):
    """One with a name and receipts."""

    receipts = PlainWords()  # type: ignore[assignment]

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


class House:
    """`Parts` and the flows over them; `parts` may be replaced between two calls."""

    def __init__(self, database: Database, clock: HandClock, **settings: Any) -> None:
        self.database, self.clock = database, clock
        self.provider = RecordingProvider()
        self.events: list[Event] = []
        self.store = MemoryStore()
        self.users = Accounts(database, clock)
        dispatch: Dispatch = InlineDispatch(self.deliver)
        self.parts = Parts(
            settings=Settings(**settings),
            keys=Keyring(b"house"),
            challenges=self.store,
            users=self.users,
            delivery=Delivery([self.provider]),
            dispatch=dispatch,
            clock=clock,
            notify=self.events.append,
            brand="Notes",
        )

    def deliver(self, job: Job) -> None:
        """Do the job with the parts of this moment."""
        deliver_code(self.parts, job)

    def configure(self, **settings: Any) -> None:
        """Other settings from here on."""
        self.parts = replace(self.parts, settings=replace(self.parts.settings, **settings))

    def ask(self, phone: str = ALICE, who: str = "ann", **values: Any) -> Asked:
        """Type a number."""
        client = Client(values.pop("address", "198.51.100.7"))
        ask = Ask(phone, binding(who), client, host="example.com", **values)
        return request_code(self.parts, ask)

    def resend(self, challenge_id: str, who: str = "ann") -> Asked:
        """Ask once more."""
        return resend_code(self.parts, challenge_id, binding(who), Client("198.51.100.7"))

    def submit(self, challenge_id: str, code: object, who: str = "ann") -> SignedIn:
        """Type a code."""
        outcome = submit_code(self.parts, challenge_id, code, binding(who))
        assert isinstance(outcome, SignedIn), "a second code is asked for"
        return outcome

    def status(self, challenge_id: str, who: str = "ann") -> Status:
        """Look at the code page."""
        return look_up_challenge(self.parts, challenge_id, binding(who), Client("198.51.100.7"))

    def log_in(self, phone: str = ALICE, who: str = "ann") -> SignedIn:
        """The whole way."""
        asked = self.ask(phone, who)
        return self.submit(asked.challenge_id, self.last_code(), who)

    def last_code(self) -> str:
        """The code in the newest message."""
        return code_in(self.provider.sent[-1])

    def told(self, kind: type[Event]) -> list[Any]:
        """The events of that kind."""
        return [event for event in self.events if isinstance(event, kind)]


def code_in(outbound: Outbound) -> str:
    """The code on the domain-bound last line."""
    found = _CODE.search(outbound.body)
    assert found is not None, "the message has no domain-bound line"
    return found[1]


def binding(who: str) -> bytes:
    """The SHA-256 of a browser's secret."""
    return hashlib.sha256(who.encode()).digest()


def another(code: str) -> str:
    """Digits that are not that code."""
    return str((int(code) + 1) % 10 ** len(code)).zfill(len(code))

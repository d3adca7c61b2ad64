"""The frozen record of what a flow may use, and the keyed names that several flows need."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from flask_phoneauth.budgets import AskPrice, Charge, Cooldown
from flask_phoneauth.clock import Clock
from flask_phoneauth.delivery.failover import Delivery
from flask_phoneauth.dispatch.base import Dispatch
from flask_phoneauth.events import Notify
from flask_phoneauth.flows.alarm import Alarm
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.otp.code import derive_code
from flask_phoneauth.otp.keys import Keyring, KeySet
from flask_phoneauth.phone.policy import NumberPolicy
from flask_phoneauth.phone.virtual import fixed_code, is_virtual
from flask_phoneauth.prices import (
    Place,
    ask_price,
    cooldowns,
    failure_charges,
    message_cost,
)
from flask_phoneauth.records import LOGIN, Challenge, Client
from flask_phoneauth.risk.base import Puzzle, RiskHook
from flask_phoneauth.settings import Settings
from flask_phoneauth.stores.base import ChallengeStore
from flask_phoneauth.users.base import UserStore

PREFIX_LEAVES = 4
"""Digits at the end of a number that its neighbours do not share (RULES 23)."""
MAX_JITTER = 0.1
"""The largest share of a wait that is added to it, so that it cannot be timed (RULES 21)."""


@dataclass(frozen=True, slots=True)
class Hooks:
    """The app's own words: on a number, on an ask, and on where an address is."""

    number_policy: NumberPolicy | None = None
    risk: RiskHook | None = None
    place: Callable[[str], str] | None = None


NO_HOOKS = Hooks()


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a flow works with; built once per application."""

    settings: Settings
    keys: Keyring
    challenges: ChallengeStore
    users: UserStore
    delivery: Delivery
    dispatch: Dispatch
    clock: Clock
    notify: Notify
    brand: str
    hooks: Hooks = NO_HOOKS
    puzzle: Puzzle | None = None
    alarm: Alarm = field(default_factory=Alarm)

    def binding_key(self, binding: bytes) -> str:
        """What budgets call this browser."""
        return self.keys.hashed("binding", binding)

    def price(
        self,
        phone_tag: str,
        binding: bytes,
        client: Client,
        place: Place | None = None,
        *,
        solved: bool = False,
    ) -> AskPrice:
        """What a message to this number costs this client now; `place` is of the number.

        `solved` says that a puzzle was, which pays for it.
        """
        return ask_price(
            self.settings,
            phone_tag=phone_tag,
            binding=self.binding_key(binding),
            address=self.keys.hashed("address", client.address),
            jitter=secrets.randbelow(1000) / 1000 * MAX_JITTER,
            device=client.device_for(phone_tag),
            place=place,
            solved=solved,
        )

    def place(self, e164: str, region: str) -> Place:
        """What the budgets that many numbers share know of a number."""
        return Place(
            prefix=self.keys.hashed("prefix", e164[:-PREFIX_LEAVES]),
            region=region,
            cost=message_cost(self.settings, e164),
            provider=next(iter(self.settings.providers), ""),
        )

    def cooldowns(
        self, challenge_id: str, binding: bytes, device: bytes = b""
    ) -> Sequence[Cooldown]:
        """The waits that a challenge's number and browser are under."""
        return cooldowns(
            self.settings,
            phone_tag=phone_tag_of(challenge_id),
            binding=self.binding_key(binding),
            device=device,
        )

    def hides_strangers(self, challenge: Challenge) -> bool:
        """Whether known and unknown numbers must look alike: where only known ones get a code."""
        return not self.settings.signup and challenge.purpose == LOGIN

    def failures(self, challenge: Challenge) -> Sequence[Charge]:
        """Where a message that never left is written down."""
        return failure_charges(
            self.settings,
            phone_tag=phone_tag_of(challenge.id),
            binding=self.binding_key(challenge.binding),
            device=challenge.device,
        )


def test_code(settings: Settings, phone: str, now: float) -> str | None:
    """The fixed code of an app reviewer's number while its date has not passed."""
    code, until = settings.test_numbers.get(phone, ("", ""))
    today = datetime.fromtimestamp(now, tz=UTC).date()
    return code if code and today <= date.fromisoformat(until) else None


def code_for(
    settings: Settings,
    keys: KeySet,
    *,
    phone: str,
    seed: bytes,
    purpose: str,
    generation: int,
    length: int,
    now: float,
) -> str:
    """The digits of one generation: derived, but fixed for virtual and test numbers."""
    fixed = test_code(settings, phone, now)
    if fixed is not None:
        return fixed
    if is_virtual(phone):
        return fixed_code(phone, length)
    return derive_code(keys.code, seed=seed, purpose=purpose, generation=generation, length=length)

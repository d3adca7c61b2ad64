"""The frozen record of what a flow may use, and the keyed names that several flows need."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from flask_phoneauth.budgets import (
    AskPrice,
    Charge,
    Cooldown,
    ask_price,
    cooldowns,
    failure_charges,
)
from flask_phoneauth.clock import Clock
from flask_phoneauth.delivery.failover import Delivery
from flask_phoneauth.dispatch.base import Dispatch
from flask_phoneauth.events import Notify
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.otp.code import derive_code
from flask_phoneauth.otp.keys import Keyring, KeySet
from flask_phoneauth.phone.virtual import fixed_code, is_virtual
from flask_phoneauth.records import LOGIN, Challenge, Client
from flask_phoneauth.settings import Settings
from flask_phoneauth.stores.base import ChallengeStore
from flask_phoneauth.users.base import UserStore

MAX_JITTER = 0.1
"""The largest share of a wait that is added to it, so that it cannot be timed (RULES 21)."""


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

    def binding_key(self, binding: bytes) -> str:
        """What budgets call this browser."""
        return self.keys.hashed("binding", binding)

    def price(self, phone_tag: str, binding: bytes, client: Client) -> AskPrice:
        """What a message to this number costs this client now."""
        return ask_price(
            self.settings,
            phone_tag=phone_tag,
            binding=self.binding_key(binding),
            address=self.keys.hashed("address", client.address),
            jitter=secrets.randbelow(1000) / 1000 * MAX_JITTER,
        )

    def cooldowns(self, challenge_id: str, binding: bytes) -> Sequence[Cooldown]:
        """The waits that a challenge's number and browser are under."""
        return cooldowns(
            self.settings,
            phone_tag=phone_tag_of(challenge_id),
            binding=self.binding_key(binding),
        )

    def hides_strangers(self, challenge: Challenge) -> bool:
        """Whether known and unknown numbers must look alike: where only known ones get a code."""
        return not self.settings.signup and challenge.purpose == LOGIN

    def failures(self, challenge_id: str, binding: bytes) -> Sequence[Charge]:
        """Where a message that never left is written down."""
        return failure_charges(
            self.settings,
            phone_tag=phone_tag_of(challenge_id),
            binding=self.binding_key(binding),
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

"""What one message or one try means to the rows that it is charged to: pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flask_phoneauth.budgets import DEVICE, AskPrice, Cooldown, TryPrice
from flask_phoneauth.otp.challenge import phone_tag_of
from flask_phoneauth.records import Challenge
from flask_phoneauth.stores import charging
from flask_phoneauth.stores.charging import Standing, State
from flask_phoneauth.stores.facts import Facts


@dataclass(frozen=True, slots=True)
class Ask:
    """What one message costs whoever asks for it: the part of a price that fits.

    `whole` is that part by the limits of known numbers, of which levels are told.
    """

    price: AskPrice
    whole: AskPrice
    stand: Standing
    device: bytes
    now: float

    @classmethod
    def judged(
        cls, price: AskPrice, states: Mapping[str, State], tag: str, device: bytes, now: float
    ) -> Ask:
        """The lane is that of the device."""
        stand = charging.standing(states, tag, device, now)
        fitting = charging.fitting(price, stand, states, now)
        whole = price.fitting(stand.lane, known=True)
        return cls(fitting, whole, stand, device, now)

    @classmethod
    def in_lane(
        cls, price: AskPrice, states: Mapping[str, State], challenge: Challenge, now: float
    ) -> Ask:
        """Nobody asks: the lane is that of the message that is lost."""
        found = states[charging.facts_key(phone_tag_of(challenge.id))].facts
        stand = charging.standing_in(found or Facts(), challenge.lane, now)
        fitting = charging.fitting(price, stand, states, now)
        whole = price.fitting(stand.lane, known=True)
        return cls(fitting, whole, stand, challenge.device, now)

    def waits(self, states: Mapping[str, State], *, full: int = 0) -> list[charging.Wait]:
        """All rules that hold it up."""
        return charging.waits(self.price, states, self.now, full=full, locked=self.stand.locked)

    def paid_by(self, challenge: Challenge) -> Challenge:
        """The challenge that remembers what the message cost, and whom."""
        return replace(
            challenge,
            spends=(*challenge.spends, *charging.spends_of(self.price, self.now)),
            lane=self.stand.lane,
            device=self.device if self.stand.lane == DEVICE else b"",
        )


def rows_of(tag: str, price: AskPrice) -> set[str]:
    """The rows that judging an ask looks at."""
    return charging.keys_of(price.charges, price.cooldowns) | {charging.facts_key(tag)}


def try_rows_of(
    tag: str, challenge: Challenge, price: TryPrice, cooldowns: Sequence[Cooldown]
) -> set[str]:
    """The rows that a try may look at or write."""
    charges = (price.stranger, price.device, *price.wrong, *price.right)
    keys = charging.keys_of(challenge.spends, charges, cooldowns)
    return keys | {charging.facts_key(tag)}

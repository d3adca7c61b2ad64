"""One open transaction, and a message that is paid for in it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from flask_phoneauth.otp import challenge as life
from flask_phoneauth.records import Challenge, Job
from flask_phoneauth.stores import charging, judging
from flask_phoneauth.stores.asking import Ask
from flask_phoneauth.stores.base import Issued
from flask_phoneauth.stores.charging import State


class Unit(Protocol):
    """One open transaction."""

    def lock(self, keys: Iterable[str]) -> dict[str, State]:
        """Lock these budget rows in sorted order and read them; a new row is an empty `State`."""

    def look(self, keys: Iterable[str]) -> dict[str, State]:
        """Read budget rows without locking."""

    def write(self, states: Mapping[str, State]) -> None:
        """Write budget rows back."""

    def challenge(self, challenge_id: str, *, lock: bool = False) -> Challenge | None:
        """Read one challenge."""

    def challenge_with(
        self, challenge_id: str, keys: Iterable[str]
    ) -> tuple[Challenge | None, dict[str, State]]:
        """Read one challenge and budget rows in one look, without locking."""

    def challenges_of(self, phone_tag: str, *, lock: bool = False) -> list[Challenge]:
        """All challenges of a number, oldest first."""

    def add(self, challenge: Challenge) -> None:
        """Insert."""

    def update(self, challenge: Challenge) -> None:
        """Write back."""

    def sweep(self, now: float) -> bool:
        """Forget what is over and erase expired seeds, so many rows; True where more may wait."""


class Units(ABC):
    """Opens them; memory and SQL differ only in their `Unit`."""

    @abstractmethod
    def _write(self) -> AbstractContextManager[Unit]:
        """A unit that commits at its end and rolls back on an error."""

    @abstractmethod
    def _read(self) -> AbstractContextManager[Unit]:
        """A unit that only reads."""


def lapse(
    unit: Unit, challenges: Iterable[Challenge], states: dict[str, State], now: float
) -> tuple[list[Challenge], dict[str, State]]:
    """Give back what was reserved for messages that nobody has told anything of in time."""
    found = []
    for challenge in challenges:
        over = life.forgotten(challenge, now)
        refunds = () if over else charging.lapsed(challenge, states, now)
        if refunds:
            changed = charging.given_back(refunds, states)
            unit.write(changed)
            states = {**states, **changed}
            unit.update(charging.without(challenge, refunds))
        found.append(charging.without(challenge, refunds) if refunds else challenge)
    return found, states


def send_again(unit: Unit, challenge: Challenge, ask: Ask, states: Mapping[str, State]) -> Issued:
    """The message of an open challenge is asked for once more, and paid for."""
    again = ask.paid_by(life.ask_again(challenge, ask.now))
    unit.update(again)
    return pay(unit, again, ask, states)


def pay(unit: Unit, challenge: Challenge, ask: Ask, states: Mapping[str, State]) -> Issued:
    """Write down what the message costs; the job that sends it, and the levels then."""
    price, now = ask.price, ask.now
    changed = {c.key: charging.spent(c, states, now) for c in price.charges if c.cost}
    for cooldown in price.cooldowns:
        changed[cooldown.key] = charging.cooled(cooldown, states[cooldown.key], now)
    unit.write(changed)
    after = {**states, **changed}
    return Issued(
        judging.sealed(challenge),
        charging.longest(ask.waits(after)),
        Job(challenge.id, challenge.newest.number, challenge.asked_at),
        ask.stand.lane,
        charging.levels(ask.whole, after, now),
    )

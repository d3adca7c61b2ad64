"""The published bounds: Flask-PhoneAuth's settings of the same names, with their defaults."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Self

from sms_sandbox.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What may get through: strangers' guesses at a number and messages to it in any hour, and
    messages to numbers that differ in their last four digits only."""

    tries_per_hour: int = 15
    sends_per_hour: int = 5
    prefix_sends_per_hour: int = 30

    @classmethod
    def named(cls, given: Iterable[str]) -> Self:
        """The defaults, changed by ``name=figure``; raises ``SettingsError`` with the cure."""
        known = {entry.name for entry in fields(cls)}
        changes = {}
        for text in given:
            name, _, figure = text.partition("=")
            name = name.strip().lower()
            if name not in known or not (figure.isascii() and figure.isdigit()):
                raise SettingsError(
                    f"--bound is name=figure, as tries_per_hour=15, for {', '.join(sorted(known))}."
                )
            changes[name] = int(figure)
        return replace(cls(), **changes)

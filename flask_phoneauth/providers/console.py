"""Prints each message on the terminal, for development; refused in production."""

from __future__ import annotations

import secrets
import sys
import threading
import unicodedata
from typing import Self, TextIO

from flask_phoneauth.errors import ProviderDown
from flask_phoneauth.records import Accepted, Outbound
from flask_phoneauth.settings import Settings

_RULE = "-" * 64
_JOINERS = "\u200c\u200d"  # zero-width (non-)joiners: ordinary spelling in many languages


class ConsoleProvider:
    """Writes to `stream`; without one to the standard error of the moment of sending."""

    name: str = "console"
    receipts: None = None

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream
        self._one_at_a_time = threading.Lock()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:  # noqa: ARG003 - nothing to set
        """The console needs no settings."""
        return cls()

    def send(self, outbound: Outbound) -> Accepted:
        """Print it between two rules; raises `ProviderDown` where there is no terminal left."""
        stream = self._stream or sys.stderr
        if stream is None:  # a program without a console, as under pythonw
            raise ProviderDown("no_console")
        try:
            with self._one_at_a_time:
                stream.write(_sheet(outbound))
                stream.flush()
        except (OSError, ValueError):  # gone, closed, or not able to write these letters
            raise ProviderDown("no_console") from None
        return Accepted(provider=self.name, message_id=f"console-{secrets.token_hex(8)}")

    def close(self) -> None:
        """Nothing to give back: the stream is not ours."""


def _sheet(outbound: Outbound) -> str:
    # Indented, so that no line of a text can pass for a rule or for the line with the number.
    lines = (f"  {_inert(line)}" for line in outbound.body.split("\n"))
    head = f"SMS to {_inert(outbound.to)}"
    return "\n".join(("", _RULE, head, *lines, _RULE, ""))


def _inert(text: str) -> str:
    return "".join(
        letter if _is_plain(letter) else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


def _is_plain(letter: str) -> bool:
    return letter in _JOINERS or unicodedata.category(letter) not in (
        "Cc",  # escape sequences, bells, carriage returns
        "Cf",  # marks that turn the direction of writing
        "Cs",  # halves of pairs, which no terminal can encode
        "Zl",
        "Zp",
    )

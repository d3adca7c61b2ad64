"""The narrow seam to a vendor that verifies numbers with codes of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol, Self

from flask_phoneauth.settings import Settings

Verdict = Literal["right", "wrong", "over", "unknown"]
"""What a vendor says of a code: `over` takes no more tries, `unknown` has no such verification."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A verification that is to begin: `channel` is `sms` or `voice`, `seconds` its code's life.

    `former` is the vendor's id of the same challenge's message before this one, "" for the first.
    `app_hash` is that of the Android app which is to read the text, "" where none asks.
    """

    number: str = field(repr=False)
    channel: str
    code_length: int
    seconds: int
    brand: str
    locale: str = "en"
    former: str = field(default="", repr=False)
    app_hash: str = ""


class Verifier(Protocol):
    """A client of one vendor, called by many threads at once.

    `max_tries` are the wrong codes after which it takes no other.
    Every method answers within seconds, without a repeat of its own, and raises the `SendFailed`
    tree and nothing else: `SendUncertain` where the vendor may have done it.
    """

    name: str
    max_tries: int

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it without any request; raises `SettingError` that names the key and the cure."""

    def start(self, wish: Wish) -> str:
        """Have a code made and sent; the vendor's id of the verification.

        What still runs for the number is sent again or joined, so that the id fits its code.
        """

    def judge(self, vendor_id: str, code: str) -> Verdict:
        """Have a code compared; a right one is consumed by that."""

    def nobodys(self) -> str:
        """An id of the vendor's form that no verification has."""

    def cancel(self, vendor_id: str) -> None:
        """Let a verification end; one that has ended already is no failure."""

    def close(self) -> None:
        """Give its connections back; may be called twice."""

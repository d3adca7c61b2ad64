"""The narrow seam to an SMS vendor: one message out, its acceptance or a known failure back."""

from __future__ import annotations

from typing import Protocol, Self

from flask_phoneauth.records import Accepted, Outbound
from flask_phoneauth.settings import Settings


class Provider(Protocol):
    """A client of one vendor; `send` is called by many threads at once.

    `receipts` is None where the vendor's callbacks are not read: "sent" is then final.
    """

    name: str
    receipts: None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it without any request; raises `SettingError` that names the key and the cure."""

    def send(self, outbound: Outbound) -> Accepted:
        """Hand one message over, within seconds and without a retry of its own.

        Raises `NumberRefused`, `AccountRefused` or `ProviderDown` where nothing was sent, and
        `SendUncertain` where it may have been; no other error.
        """

    def close(self) -> None:
        """Give its connections back; may be called twice."""

"""The narrow seam to an SMS vendor: one message out, its acceptance or a known failure back."""

from __future__ import annotations

from typing import Protocol, Self, runtime_checkable

from flask_phoneauth.records import Accepted, Outbound, RawRequest, Receipt
from flask_phoneauth.settings import Settings


class Receipts(Protocol):
    """Reads a vendor's signed callbacks."""

    def read(self, request: RawRequest) -> Receipt:
        """What the vendor says; raises `BadSignature` where it is not known to be the vendor."""


class Provider(Protocol):
    """A client of one vendor; `send` is called by many threads at once.

    `receipts` is None where the vendor's callbacks are not read: "sent" is then final.
    """

    name: str

    @property
    def receipts(self) -> Receipts | None:
        """Who reads the vendor's callbacks, if they are asked for."""

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


@runtime_checkable
class Checkable(Protocol):
    """A provider whose vendor can be asked, without a message, whether our account serves."""

    def check(self) -> None:
        """One harmless call, within seconds; raises a `SendFailed`, no other error."""


def receipts_url(settings: Settings, provider: str) -> str:
    """Where a vendor's callbacks go, before `/` and the delivery token; needs `PUBLIC_URL`."""
    if not settings.public_url:
        return ""
    return f"{settings.public_url.rstrip('/')}{settings.url_prefix}/receipts/{provider}"

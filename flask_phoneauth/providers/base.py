"""The narrow seam to an SMS vendor: one message out, its acceptance or a known failure back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, Self, TypedDict, runtime_checkable

from flask_phoneauth.errors import ProviderDown, SendUncertain
from flask_phoneauth.records import Accepted, Outbound, RawRequest, Receipt, Script
from flask_phoneauth.settings import SettingError, Settings
from flask_phoneauth.settings.declaring import key_of

logger = logging.getLogger("flask_phoneauth")


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


class Voice(Protocol):
    """Calls a number; when it is answered, the vendor asks us what to say."""

    @property
    def media_type(self) -> str:
        """Of what `write` makes."""

    def call(self, outbound: Outbound) -> Accepted:
        """Begin a call, on the terms of `Provider.send`; what it says is not in `outbound`.

        The vendor is told to come to `voice_url`, with `outbound.delivery` behind it.
        """

    def read(self, request: RawRequest) -> str:
        """The keys that were pressed, "" before any; raises `BadSignature` as receipts do."""

    def write(self, script: Script) -> str:
        """The answer to that request, in the vendor's own form."""


@runtime_checkable
class Caller(Protocol):
    """A provider that can call too; `voice` is None where its settings do not allow it."""

    name: str

    @property
    def voice(self) -> Voice | None:
        """Who calls."""


class Way(TypedDict, total=False):
    """How a client's requests go: a sandbox's façade takes the place of the vendor's host.

    `connections` are kept at the most; `read_timeout` is seconds.
    """

    base_url: str
    connections: int
    read_timeout: float


def way_of(settings: Settings, facade: str) -> Way:
    """To that façade of the sandbox, if one is set, else to the vendor."""
    root = settings.sandbox_url.rstrip("/")
    return {
        "base_url": f"{root}/{facade}" if root else "",
        "connections": settings.dispatch_workers,
    }


@contextmanager
def question() -> Iterator[None]:
    """What is asked within, and lost on the way, has changed nothing: `ProviderDown`."""
    try:
        yield
    except SendUncertain as failed:
        raise ProviderDown(failed.reason, failed.answer) from None


def voice_url(settings: Settings, provider: str) -> str:
    """Where a vendor asks what to say, before `/` and the delivery token; needs `PUBLIC_URL`."""
    if not settings.public_url:
        return ""
    return f"{settings.public_url.rstrip('/')}{settings.url_prefix}/voice/{provider}"


def receipts_url(settings: Settings, provider: str) -> str:
    """Where a vendor's callbacks go, before `/` and the delivery token; needs `PUBLIC_URL`."""
    if not settings.public_url:
        return ""
    return f"{settings.public_url.rstrip('/')}{settings.url_prefix}/receipts/{provider}"


def callbacks_url(settings: Settings, provider: str, *, signed_by: str) -> str:
    """`receipts_url` where receipts can be verified; else nothing, and the log says why.

    `signed_by` is the setting with the key that signs the vendor's callbacks.
    """
    url = receipts_url(settings, provider)
    if url and getattr(settings, signed_by):
        return url
    logger.warning(
        "provider %s: receipts are off, 'sent' is final: set %s to have them",
        provider,
        key_of(signed_by if url else "public_url"),
    )
    return ""


def require(settings: Settings, provider: str, name: str, cure: str) -> None:
    """Raise `SettingError` where that setting is empty, which the provider needs."""
    if not getattr(settings, name):
        raise SettingError(
            f"{key_of(name)} is missing, which the provider {provider!r} needs: {cure}"
        )

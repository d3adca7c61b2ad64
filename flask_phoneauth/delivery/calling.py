"""A call through the first provider that can place one."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from flask_phoneauth.errors import AccountRefused, ProviderDown
from flask_phoneauth.providers.base import Caller, Provider, Voice
from flask_phoneauth.records import Accepted, Outbound

logger = logging.getLogger("flask_phoneauth")


class Calls:
    """Calls through those of `providers` that can, in their order; false where none can."""

    def __init__(self, providers: Sequence[Provider] = ()) -> None:
        self._voices: dict[str, Voice] = {
            provider.name: provider.voice
            for provider in providers
            if isinstance(provider, Caller) and provider.voice is not None
        }

    def __bool__(self) -> bool:
        return bool(self._voices)

    def call(self, outbound: Outbound) -> Accepted:
        """The first acceptance; raises the `SendFailed` tree.

        Where a call may have been placed no other one follows: a phone must not ring twice.
        """
        failure: AccountRefused | ProviderDown = ProviderDown("no_provider")
        for name, voice in self._voices.items():
            try:
                return voice.call(outbound)
            except (AccountRefused, ProviderDown) as exc:
                failure = exc
                logger.warning("calls by %s: %s (%s)", name, type(exc).__name__, exc.reason)
        raise failure

    def voice(self, provider: str) -> Voice | None:
        """Who speaks for that provider; None where it does not call."""
        return self._voices.get(provider)

"""A call through the first provider that can place one."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from flask_phoneauth.delivery.failover import NO_PROVIDER, PAUSED, Passage, Tried
from flask_phoneauth.errors import AccountRefused, ProviderDown, SendFailed
from flask_phoneauth.providers.base import Caller, Provider, Voice
from flask_phoneauth.records import Accepted, Outbound

OF_CALLS = frozenset({"sender_refused", "not_allowed"})
"""Reasons for which a vendor places no calls and may well send messages.

By asking for calls a stranger must not have it left alone for everybody's messages.
"""

logger = logging.getLogger("flask_phoneauth")


class Calls:
    """Calls through those of `providers` that can; false where none can."""

    def __init__(self, providers: Sequence[Provider] = ()) -> None:
        self._voices: dict[str, Voice] = {
            provider.name: provider.voice
            for provider in providers
            if isinstance(provider, Caller) and provider.voice is not None
        }

    def __bool__(self) -> bool:
        return bool(self._voices)

    @property
    def names(self) -> tuple[str, ...]:
        """Who can call, in their order."""
        return tuple(self._voices)

    def carry(self, outbound: Outbound, order: Sequence[str]) -> Passage:
        """The first acceptance by the callers of `order`, some of `names`.

        Where a call may have been placed no other one follows: a phone must not ring twice.
        """
        tried: list[Tried] = []
        failure: SendFailed = ProviderDown(PAUSED if self._voices else NO_PROVIDER)
        for name in order:
            outcome = self._ask(name, outbound)
            if isinstance(outcome, Accepted):
                return Passage(outcome, tried=(*tried, Tried(name)))
            failure = outcome
            tried.append(Tried(name, failure, failure.reason not in OF_CALLS))
            if not isinstance(failure, AccountRefused | ProviderDown):
                break
        return Passage(failure=failure, tried=tuple(tried))

    def _ask(self, name: str, outbound: Outbound) -> Accepted | SendFailed:
        try:
            return self._voices[name].call(outbound)
        except SendFailed as exc:
            if isinstance(exc, AccountRefused | ProviderDown):
                logger.warning("calls by %s: %s (%s)", name, type(exc).__name__, exc.told)
            return exc

    def voice(self, provider: str) -> Voice | None:
        """Who speaks for that provider; None where it does not call."""
        return self._voices.get(provider)

"""One message through an ordered list of providers: the next one where nothing was sent."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from flask_phoneauth.errors import NumberRefused, ProviderDown, SendFailed, SendUncertain
from flask_phoneauth.providers.base import Provider, Receipts
from flask_phoneauth.records import Accepted, Outbound

TIME_BUDGET = 20.0
"""Seconds after which no further provider is begun; each has its own, shorter time-outs."""

logger = logging.getLogger("flask_phoneauth")

watchers: list[Callable[[Outbound], None]] = []
"""Called with each accepted message: the pytest fixtures read codes here, nothing else does."""


class Delivery:
    """Sends through `providers` in their order (RULES 27); `clock` is monotonic seconds."""

    def __init__(
        self,
        providers: Sequence[Provider],
        *,
        time_budget: float = TIME_BUDGET,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._providers = tuple(providers)
        self._time_budget = time_budget
        self._clock = clock

    def send(self, outbound: Outbound, *, lost_by: str = "") -> Accepted:
        """The first acceptance; at most two messages leave, both with the same text.

        The provider `lost_by`, which has lost one already, comes last, and then no more than one
        leaves. Raises `NumberRefused` at once, `SendUncertain` where a message may have left and
        none was accepted, else the last provider's `ProviderDown` or `AccountRefused`.
        """
        deadline = self._clock() + self._time_budget
        uncertain: SendUncertain | None = None
        failure: SendFailed = ProviderDown("no_provider")
        for turn, provider in enumerate(self._behind(lost_by)):
            if turn and self._clock() >= deadline:
                logger.warning("no time left to try provider %s", provider.name)
                break
            try:
                accepted = provider.send(outbound)
            except SendFailed as exc:
                failure = exc
                _log(provider, exc)
            else:
                _tell_watchers(outbound)
                return accepted
            if isinstance(failure, SendUncertain):
                if uncertain is not None or lost_by:
                    break
                uncertain = failure
            elif isinstance(failure, NumberRefused):
                break
        # What another provider says afterwards does not undo that a message may have left.
        raise uncertain or failure

    def _behind(self, name: str) -> tuple[Provider, ...]:
        """All of them, beginning with the one that follows `name`."""
        names = [provider.name for provider in self._providers]
        turn = names.index(name) + 1 if name in names else 0
        return self._providers[turn:] + self._providers[:turn]

    def receipts(self, name: str) -> Receipts | None:
        """Who reads the callbacks of that provider; None where none are asked for."""
        found = (provider for provider in self._providers if provider.name == name)
        return next((provider.receipts for provider in found), None)

    def close(self) -> None:
        """Close every provider."""
        for provider in self._providers:
            provider.close()


def _tell_watchers(outbound: Outbound) -> None:
    for watcher in watchers:
        watcher(outbound)


def _log(provider: Provider, exc: SendFailed) -> None:
    # A number that a vendor refuses is the visitor's matter, the rest is the operator's.
    level = logging.INFO if isinstance(exc, NumberRefused) else logging.WARNING
    logger.log(level, "provider %s: %s (%s)", provider.name, type(exc).__name__, exc.reason)

"""One message through an ordered list of providers: the next one where nothing was sent."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask_phoneauth.errors import NumberRefused, ProviderDown, SendFailed, SendUncertain
from flask_phoneauth.health import rotated
from flask_phoneauth.providers.base import Provider, Receipts
from flask_phoneauth.records import Accepted, Outbound

TIME_BUDGET = 20.0
"""Seconds after which no further provider is begun; each has its own, shorter time-outs."""
NO_PROVIDER = "no_provider"
PAUSED = "paused"
"""Why nobody was asked: there is no provider, or each is left alone by its breaker."""
OF_THE_NUMBER = frozenset({"region_not_enabled", "request_refused"})
"""Reasons that say nothing of the provider: it serves other numbers.

By typing odd ones a stranger must not have it left alone for everybody.
"""

logger = logging.getLogger("flask_phoneauth")

watchers: list[Callable[[Outbound], None]] = []
"""Called with each accepted message: the pytest fixtures read codes here, nothing else does."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A provider that was asked, and how it failed, if it did.

    `blamed` says that such a failure may meet any message.
    """

    provider: str
    failure: SendFailed | None = None
    blamed: bool = True

    @property
    def error(self) -> str | None:
        """What is told of it where the provider is to blame; a refused number is not its fault."""
        failure = self.failure
        if failure is None or not self.blamed or isinstance(failure, NumberRefused):
            return None
        if failure.reason in OF_THE_NUMBER:
            return None
        return failure.told


@dataclass(frozen=True, slots=True)
class Passage:
    """What became of one message: who was asked, who took it, or why nobody did.

    With an uncertain `failure` it was perhaps sent.
    """

    accepted: Accepted | None = None
    failure: SendFailed | None = None
    tried: tuple[Tried, ...] = ()

    @property
    def taken(self) -> tuple[str, ...]:
        """Who has the message, or may have it: each of them is paid."""
        if self.accepted is not None and not self.tried:
            return (self.accepted.provider,)
        return tuple(
            one.provider
            for one in self.tried
            if one.failure is None or isinstance(one.failure, SendUncertain)
        )

    @property
    def nobody_asked(self) -> bool:
        """Whether no provider was to blame, for none was asked."""
        return self.failure is not None and self.failure.reason == PAUSED and not self.tried


NOWHERE = Passage()


class Delivery:
    """Sends through `providers` in their order (RULES 27); `clock` is monotonic seconds."""

    def __init__(
        self,
        providers: Sequence[Provider],
        *,
        time_budget: float = TIME_BUDGET,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._providers = {provider.name: provider for provider in providers}
        self._time_budget = time_budget
        self._clock = clock

    @property
    def names(self) -> tuple[str, ...]:
        """The providers, in their order."""
        return tuple(self._providers)

    def send(self, outbound: Outbound, *, lost_by: str = "") -> Accepted:
        """As `carry` through all providers, the failure raised.

        The provider `lost_by`, which has lost one already, comes last.
        """
        passage = self.carry(outbound, rotated(self.names, lost_by), again=bool(lost_by))
        if passage.accepted is None:
            raise passage.failure or ProviderDown(NO_PROVIDER)
        return passage.accepted

    def carry(self, outbound: Outbound, order: Sequence[str], *, again: bool = False) -> Passage:
        """The first acceptance by the providers of `order`; at most two messages leave, both alike.

        Of a message that is sent `again`, in place of a lost one, no more than one leaves. It ends
        at once with `NumberRefused`, with `SendUncertain` where a message may have left and none
        was accepted, else with the last provider's `ProviderDown` or `AccountRefused`.
        """
        deadline = self._clock() + self._time_budget
        tried: list[Tried] = []
        uncertain: SendUncertain | None = None
        failure: SendFailed = ProviderDown(PAUSED if self._providers else NO_PROVIDER)
        for name in order:
            if tried and self._clock() >= deadline:
                logger.warning("no time left to try provider %s", name)
                break
            outcome = self._ask(name, outbound)
            if isinstance(outcome, Accepted):
                return Passage(outcome, tried=(*tried, Tried(name)))
            failure = outcome
            tried.append(Tried(name, failure))
            if isinstance(failure, SendUncertain):
                if uncertain is not None or again:
                    break
                uncertain = failure
            elif isinstance(failure, NumberRefused):
                break
        # What another provider says afterwards does not undo that a message may have left.
        return Passage(failure=uncertain or failure, tried=tuple(tried))

    def _ask(self, name: str, outbound: Outbound) -> Accepted | SendFailed:
        provider = self._providers[name]
        try:
            accepted = provider.send(outbound)
        except SendFailed as exc:
            _log(provider, exc)
            return exc
        _tell_watchers(outbound)
        return accepted

    def receipts(self, name: str) -> Receipts | None:
        """Who reads the callbacks of that provider; None where none are asked for."""
        provider = self._providers.get(name)
        return provider.receipts if provider else None

    def close(self) -> None:
        """Close every provider."""
        for provider in self._providers.values():
            provider.close()


def _tell_watchers(outbound: Outbound) -> None:
    for watcher in watchers:
        watcher(outbound)


def _log(provider: Provider, exc: SendFailed) -> None:
    # A number that a vendor refuses is the visitor's matter, the rest is the operator's.
    level = logging.INFO if isinstance(exc, NumberRefused) else logging.WARNING
    logger.log(level, "provider %s: %s (%s)", provider.name, type(exc).__name__, exc.told)

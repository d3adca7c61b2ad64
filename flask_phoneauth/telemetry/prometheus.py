"""Prometheus, in the default registry of `prometheus_client`: the app serves it as it likes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from prometheus_client import Counter, Histogram

from flask_phoneauth.events import Event
from flask_phoneauth.telemetry.labels import labels_of

# of the process, as the registry is: several apps in one process count together
_EVENTS = Counter(
    "phoneauth_events",
    "What happened: asks, messages, refusals, wrong codes, logins.",
    ["event", "detail"],
)
_DELIVERING = Histogram(
    "phoneauth_delivery_seconds",
    "How long a message took: the user looked up, the text worded, a provider asked.",
)


class PrometheusTelemetry:
    """A counter of events and a histogram of deliveries."""

    def count(self, event: Event) -> None:
        """One more of its kind."""
        labels = labels_of(event)
        if labels is not None:
            _EVENTS.labels(*labels).inc()

    def delivering(self) -> AbstractContextManager[Any]:
        """Time it."""
        timer: AbstractContextManager[Any] = _DELIVERING.time()
        return timer

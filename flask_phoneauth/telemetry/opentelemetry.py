"""OpenTelemetry, by its API alone: what the app has configured collects it, or nothing does."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from opentelemetry import metrics, trace

from flask_phoneauth.events import Event
from flask_phoneauth.telemetry.labels import labels_of

SCOPE = "flask_phoneauth"


class OpenTelemetry:
    """The counter `phoneauth.events`, and a span `phoneauth.deliver` for each message."""

    def __init__(self) -> None:
        self._events = metrics.get_meter(SCOPE).create_counter(
            "phoneauth.events",
            description="What happened: asks, messages, refusals, wrong codes, logins.",
        )
        self._tracer = trace.get_tracer(SCOPE)

    def count(self, event: Event) -> None:
        """One more of its kind; in a span it is an event of that too."""
        labels = labels_of(event)
        if labels is None:
            return
        attributes = {"event": labels[0], "detail": labels[1]}
        self._events.add(1, attributes)
        trace.get_current_span().add_event(f"phoneauth.{labels[0]}", attributes)

    def delivering(self) -> AbstractContextManager[Any]:
        """A span; an exception's text may hold a number, so it is not recorded."""
        return self._tracer.start_as_current_span("phoneauth.deliver", record_exception=False)

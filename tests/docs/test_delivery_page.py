"""The page on how a message finds its way: its example and its figures are the code's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_phoneauth.health import FORGOTTEN, LEASE, routes_of
from flask_phoneauth.settings import Settings

PAGE = "explanation/delivery.md"


def test_the_pages_routes_lead_where_it_says(take: Callable[[str, str], str]) -> None:
    config: dict[str, Any] = {}
    exec(take("explanation/delivery.md", "routes"), config)
    settings = Settings.from_config(config)

    routes = routes_of(settings, settings.providers)
    assert routes.of("GB") == ("vonage", "twilio")
    assert routes.of("US") == ("twilio", "plivo")
    assert routes.of("FR") == ("twilio", "plivo", "vonage")


def test_the_pages_figures_are_the_defaults(read: Callable[[str], str]) -> None:
    page, settings = " ".join(read(PAGE).split()), Settings()
    assert (settings.breaker_failures, settings.breaker_pauses) == (5, (15, 30, 60))
    assert "failed five times in a row" in page
    assert "for 15 seconds" in page
    assert "grows to 30 and 60 seconds" in page
    assert (settings.delivered_floor, settings.delivered_samples) == (50, 20)
    assert "fewer than half" in page
    assert "of at least 20 in the last hour" in page
    assert (FORGOTTEN, LEASE, settings.delivered_window) == (600, 60, 3600)
    assert "After ten minutes in which no message needed it" in page

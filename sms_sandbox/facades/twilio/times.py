"""Moments as the newer APIs write and read them."""

from datetime import UTC, datetime


def iso8601(moment: float) -> str:
    """``moment`` (seconds since 1970) as ``2015-07-30T20:00:00Z``."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

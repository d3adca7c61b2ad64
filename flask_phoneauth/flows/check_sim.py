"""Did the number get another SIM a short while ago? Asked before a code is sent, or after it."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

from flask_phoneauth.errors import SimChanged
from flask_phoneauth.flows.parts import Parts, test_code
from flask_phoneauth.operators.base import Unsure

SIM_CHANGED = "sim_changed"
"""Why a message was not sent."""
HOUR = 3600


def refuses(parts: Parts, phone: str) -> bool:
    """Whether `SIM_SWAP` keeps codes from the number; not where the operator can not tell."""
    return parts.settings.sim_swap == "refuse" and sim_is_new(parts, phone)


def takes_second(parts: Parts, user: Any, phone: str) -> bool:
    """Whether the account of a proven number is opened by a second code only.

    A change before the account's number was proven is left out: it was opened by that very SIM.
    """
    if parts.settings.sim_swap != "step_up":
        return False
    now = parts.clock.now()
    if test_code(parts.settings, phone, now) is not None:  # no operator knows a reviewer's number
        return False
    since = _proven_at(user)
    hours = parts.settings.sim_swap_hours
    if since is not None:
        # operators tell whole hours: rounded down, a change after the proof could be missed
        hours = min(hours, max(1, math.ceil((now - since) / HOUR)))
    return sim_is_new(parts, phone, hours)


def sim_is_new(parts: Parts, phone: str, hours: int = 0) -> bool:
    """Whether the operator knows of a change in the last `hours` (default: `SIM_SWAP_HOURS`)."""
    if parts.operator is None:
        return False
    try:
        return parts.operator.sim_changed(phone, hours or parts.settings.sim_swap_hours)
    except Unsure:
        return False


def unconfirmed(parts: Parts) -> SimChanged:
    """The refusal of an account that has no second way; it says how long it lasts."""
    return SimChanged(hours=parts.settings.sim_swap_hours)


def refusal(parts: Parts) -> SimChanged:
    """The refusal of a number, whatever its account has."""
    return SimChanged(
        "The SIM card of this number was changed a short while ago. Wait until {hours} hours have "
        "passed since the change, or ask our support.",
        hours=parts.settings.sim_swap_hours,
    )


def _proven_at(user: Any) -> float | None:
    """When the account got its number; None where its store does not say."""
    found = getattr(user, "phone_verified_at", None)
    if isinstance(found, datetime):  # SQLite gives times back without their zone
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return float(found) if isinstance(found, int | float) else None

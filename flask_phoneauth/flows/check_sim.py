"""Before a code is sent: did the number get another SIM a short while ago?"""

from __future__ import annotations

from flask_phoneauth.flows.parts import Parts
from flask_phoneauth.operators.base import Unsure

SIM_CHANGED = "sim_changed"
"""Why a message was not sent."""


def sim_is_new(parts: Parts, phone: str) -> bool:
    """Whether `SIM_SWAP` refuses the number; one of which the operator can not tell is served."""
    settings = parts.settings
    if parts.operator is None or settings.sim_swap == "allow":
        return False
    try:
        return parts.operator.sim_changed(phone, settings.sim_swap_hours)
    except Unsure:
        return False

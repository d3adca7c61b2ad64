"""What a number remembers of its proofs and of guesses: pure, the verbs keep it in one row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flask_phoneauth.budgets import DAY, DEVICE, STRANGER, Bounds

KEPT_FOR = 180 * DAY
"""Seconds after its last change for which the row is kept at least."""
LONGEST_LOCK = 7 * DAY


@dataclass(frozen=True, slots=True)
class Facts:
    """`devices` are ends of trust by hexadecimal SHA-256; `locks` counts locks since a success."""

    devices: Mapping[str, float] = field(default_factory=dict)
    known_until: float = 0.0
    wrong_in_row: int = 0
    locked_until: float = 0.0
    locks: int = 0


def lane_of(facts: Facts, device: bytes, now: float) -> str:
    """The lane of whoever holds the token of that hash."""
    trusted = bool(device) and now < facts.devices.get(device.hex(), 0.0)
    return DEVICE if trusted else STRANGER


def is_known(facts: Facts, lane: str, now: float) -> bool:
    """Whether the number owns a part of what all numbers share."""
    return lane == DEVICE or now < facts.known_until


def locked(facts: Facts, lane: str, now: float) -> int:
    """Whole seconds for which too many wrong codes in a row close code entry to strangers."""
    return max(0, math.ceil(facts.locked_until - now)) if lane == STRANGER else 0


def missed(facts: Facts, bounds: Bounds, now: float) -> Facts:
    """A stranger's wrong code; the last one in a row locks for a day, then two, four and seven."""
    if facts.wrong_in_row + 1 < bounds.wrong_in_row:
        return replace(facts, wrong_in_row=facts.wrong_in_row + 1)
    seconds = min(DAY * 2 ** min(facts.locks, 3), LONGEST_LOCK)
    return replace(facts, wrong_in_row=0, locked_until=now + seconds, locks=facts.locks + 1)


def proven(facts: Facts, device: bytes, bounds: Bounds, now: float) -> Facts:
    """A success: the number is known, row and lock end; `device` (or nobody) is trusted from now.

    One device too many takes the place of the one whose trust ends first.
    """
    new = device.hex()
    others = {name: end for name, end in facts.devices.items() if now < end and name != new}
    ranked = sorted(others, key=lambda name: (others[name], name), reverse=True)
    kept = {name: others[name] for name in ranked[: bounds.devices - (1 if device else 0)]}
    if device:
        kept[new] = now + bounds.device_life
    return Facts(devices=kept, known_until=now + bounds.device_life)


def without_devices(facts: Facts) -> Facts:
    """Nobody is trusted any more."""
    return replace(facts, devices={})


def unlocked(facts: Facts) -> Facts:
    """Code entry is open again, as after a success."""
    return replace(facts, wrong_in_row=0, locked_until=0.0, locks=0)


def kept_until(facts: Facts, now: float) -> float:
    """When the row may be forgotten."""
    return max(now + KEPT_FOR, facts.known_until, facts.locked_until, *facts.devices.values())

"""What is set for the sandbox beside its messages, in words: faults, clocks, handsets, limits."""

from __future__ import annotations

from typing import NamedTuple

from sms_sandbox.handset import EVERY_SENDER, Handset
from sms_sandbox.inbox import Inbox
from sms_sandbox.inbox.clocks import Dial

_FRESH_SWAP = 72 * 3600.0
"""Seconds for which a swapped SIM is worth telling."""
_UNNOTICED = 1.0
"""Seconds by which a running clock may differ from real time before it is told."""
_CLOCKS = 3
"""How many clocks are told one by one."""
_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_SIZES = ("bytes", "kB", "MB", "GB", "TB")
_STATES = {"off": "Off", "full": "Full", "blocked": "Blocked"}


class HandsetNote(NamedTuple):
    """What is known of a handset: a name of one's own, and its state in words, both maybe ""."""

    nickname: str
    state: str


def alerts(inbox: Inbox) -> list[str]:
    """One sentence for each thing that makes the sandbox behave unlike a plain one."""
    active = sum(bool(one.as_json()["enabled"]) for one in inbox.faults(None))
    told = [f"{active} fault {'rule' if active == 1 else 'rules'} active"] if active else []
    moved = [one for one in inbox.moved_clocks() if one.frozen or abs(one.ahead) >= _UNNOTICED]
    told += [_of_clock(one) for one in moved[:_CLOCKS]]
    return [*told, f"{len(moved) - _CLOCKS} more moved"] if len(moved) > _CLOCKS else told


def _of_clock(dial: Dial) -> str:
    whose = f"The clock of {dial.account}" if dial.account else "The clock"
    if dial.frozen:
        return f"{whose} stands still"
    way = "ahead of" if dial.ahead > 0 else "behind"
    return f"{whose} is {span(abs(dial.ahead))} {way} real time"


def handset_note(handset: Handset, now: float) -> HandsetNote:
    """A handset's name and what is unusual about it, at ``now`` of its account's time."""
    words = [_STATES[handset.state]] if handset.state in _STATES else []
    if EVERY_SENDER in handset.opted_out:
        words.append("Opted out")
    elif handset.opted_out:
        words.append(f"Opted out of {len(handset.opted_out)}")
    if now - handset.sim_swapped_at < _FRESH_SWAP:
        words.append("SIM swapped")
    return HandsetNote(handset.nickname or "", ", ".join(words))


def kept(inbox: Inbox) -> str:
    """How much is kept at most, how much there is, and how much has gone."""
    limit, gone = inbox.retention(None), inbox.counters.get("pruned_messages", 0)
    age = "of any age" if limit.seconds is None else f"not older than {span(limit.seconds)}"
    told = (
        f"Kept: the newest {limit.messages or 0:,} messages, up to {size(limit.bytes or 0)}, {age}."
        f" Now: {size(inbox.stored_bytes(None))}."
    )
    return f"{told} Gone since the start: {gone:,}." if gone else told


def span(seconds: float) -> str:
    """A length of time in its largest unit: 90 s are 1.5 min."""
    length, unit = next((one for one in _UNITS if round(seconds / one[0], 2) >= 1), _UNITS[-1])
    return f"{seconds / length:,.1f}".removesuffix(".0") + f" {unit}"


def size(number: int) -> str:
    """A number of bytes with three digits or fewer before its unit: 2.1 GB."""
    value, at = float(number), 0
    while value >= 1000 and at < len(_SIZES) - 1:
        value, at = value / 1000, at + 1
    shown = f"{value:.0f}" if at == 0 or value >= 100 else f"{value:.1f}".removesuffix(".0")
    return f"{shown} {_SIZES[at]}"

"""The sandbox's numbers with a meaning."""

from __future__ import annotations

from sms_sandbox.facades import FACADES
from sms_sandbox.numbers import numbers

from .markdown import table


def sandbox_numbers() -> str:
    """Every number with a meaning, by its kind."""
    magic = [one for facade in FACADES for one in facade.magic]
    rows = numbers(magic)
    virtual = [[f"`{one.number}`", one.means] for one in rows if one.kind == "virtual"]
    scenarios = [
        [f"`{one.number}`", f"`{one.name}`", one.means] for one in rows if one.kind == "scenario"
    ]
    vendors = [
        [f"`{one.number}`", str(one.provider), one.means] for one in rows if one.kind == "magic"
    ]
    return "\n".join(
        (
            "### Virtual numbers\n",
            table(("Number", "What it means"), virtual),
            "### Scenarios\n",
            table(("Number", "Name", "What happens to a message"), scenarios),
            "### Magic numbers\n",
            table(("Number", "Provider", "What it means"), vendors),
        )
    )

"""Every number with a meaning, in one table: for the control API and for the documentation."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from sms_sandbox.numbers.magic import MagicNumber
from sms_sandbox.numbers.scenarios import SCENARIOS


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: ``number`` (``NN``: any two digits, ``...``: any number of them), one ``example``
    of it, what it ``means``; the ``name`` of a scenario; the ``provider`` of a magic number."""

    kind: Literal["virtual", "scenario", "magic"]
    number: str
    example: str
    means: str
    name: str | None = None
    provider: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The object that the control API shows."""
        return asdict(self)


_VIRTUAL = (
    ("+990...99", "+9901234599", "its verification errs; messages are delivered"),
    ("+990... even", "+9901234568", "its verification succeeds; messages are delivered"),
    ("+990... odd", "+9901234567", "its verification is refused; messages are delivered"),
)


def numbers(magic: Iterable[MagicNumber]) -> list[Row]:
    """The virtual numbers, the scenarios, and the vendors' own ``magic`` numbers."""
    virtual = [
        Row(kind="virtual", number=number, example=example, means=means)
        for number, example, means in _VIRTUAL
    ]
    scenarios = [
        Row(
            kind="scenario",
            number=f"+1{one.area_code}55501NN",
            example=f"+1{one.area_code}5550100",
            means=one.means,
            name=one.name,
        )
        for one in SCENARIOS
    ]
    vendors = [
        Row(
            kind="magic",
            number=one.number,
            example=one.number,
            means=one.means,
            provider=one.provider,
        )
        for one in magic
    ]
    return [*virtual, *scenarios, *vendors]

"""What an attack has found out, line by line, and whether a published bound holds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_HEADINGS = ("", "found", "published", "")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: a ``figure`` beside its ``bound``; ``holds`` is ``None`` where none is set."""

    what: str
    figure: int | float | str
    bound: str = ""
    holds: bool | None = None

    @property
    def verdict(self) -> str:
        """``holds``, ``BROKEN``, or nothing."""
        return "" if self.holds is None else "holds" if self.holds else "BROKEN"

    def as_json(self) -> dict[str, object]:
        """The line for programs."""
        return {
            "what": self.what,
            "figure": self.figure,
            "bound": self.bound or None,
            "holds": self.holds,
        }


def told(what: str, figure: int | float | str) -> Finding:
    """A figure that no bound is set for."""
    return Finding(what, figure)


def at_most(what: str, figure: int, bound: int) -> Finding:
    """A figure that may not be larger."""
    return Finding(what, figure, f"at most {bound}", figure <= bound)


def exactly(what: str, figure: int, bound: int) -> Finding:
    """A figure that may be no other."""
    return Finding(what, figure, str(bound), figure == bound)


def must(what: str, happened: bool) -> Finding:
    """What has to happen."""
    return Finding(what, "yes" if happened else "no", "yes", happened)


def broken(findings: Iterable[Finding]) -> bool:
    """Whether a bound does not hold."""
    return any(finding.holds is False for finding in findings)


def table(findings: Sequence[Finding]) -> str:
    """The lines in columns."""
    rows = [_HEADINGS, *((f.what, str(f.figure), f.bound, f.verdict) for f in findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = (
        f"{what:<{widths[0]}}  {figure:>{widths[1]}}  {bound:<{widths[2]}}  {verdict}"
        for what, figure, bound, verdict in rows
    )
    return "\n".join(line.rstrip() for line in lines)

"""Slices of the floor before and after each slice of ours; a ratio per round, then quartiles."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Iterable

NUMBERS = itertools.count(447400000000)
Measure = Callable[[], float]


def fresh(count: int) -> Iterable[str]:
    """Numbers that nobody has used in this run."""
    return (f"+{number}" for number in itertools.islice(NUMBERS, count))


def compare(name: str, ours: Measure, floor: Measure, rounds: int) -> None:
    """Print the median ratio, its quartiles and the best costs; both measures are microseconds."""
    ours(), floor()
    ratios, costs, floors = [], [], []
    before = floor()
    for _ in range(rounds):
        cost, after = ours(), floor()
        ratios.append(cost / ((before + after) / 2))
        costs.append(cost)
        floors.append(after)
        before = after
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    print(
        f"{name:<46} {middle:5.2f} x   quartiles {low:.2f} to {high:.2f}"
        f"   best {min(costs):6.0f} us, floor {min(floors):6.0f} us",
        flush=True,
    )

"""Numbers that a vendor itself has given a meaning for tests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MagicNumber:
    """A ``number`` that means something to ``provider``, and what, in one sentence."""

    number: str
    provider: str
    means: str

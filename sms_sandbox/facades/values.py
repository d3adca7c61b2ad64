"""The values of a request, read one by one; what cannot be used is named."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any


class Values(ABC):
    """What a request asks for; a value in ``left_out`` counts as left out."""

    left_out: tuple[str | None, ...] = (None,)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name: one for name, one in values.items() if one not in self.left_out}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    @abstractmethod
    def wrong(self, name: str, rule: str) -> Exception:
        """The vendor's refusal of a value that breaks a rule."""

    def whole(self, name: str, low: int, high: int) -> int | None:
        """A whole number from ``low`` to ``high``; its digits in a text will do. Raises what
        ``wrong`` says."""
        value = self._values.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:12])
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise self.wrong(name, f"must be a whole number from {low} to {high}")
        return value

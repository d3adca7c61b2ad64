"""Whom the attacks are aimed at: numbers of fiction, so that nobody could ever get a message."""

import random
import re
from collections.abc import Sequence

from sms_sandbox.errors import SettingsError

# Area codes of the United States that no delivery scenario of the sandbox has.
_AREAS = (
    203, 206, 207, 212, 213, 214, 215, 216, 217, 218, 219, 224, 225, 228, 229, 231, 234, 239,
    240, 248, 251, 252, 253, 254, 256, 260, 262, 267, 269, 270, 276, 281, 303, 304, 305, 307,
    308, 309, 310, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 323, 325, 330, 334, 336,
    337, 339, 347, 351, 352, 360, 361, 386, 402, 412, 413, 414, 419, 432, 434, 435, 440, 443,
    469, 478, 479, 480, 484, 505, 508, 510, 512, 513, 515, 516, 517, 518, 520, 530, 540, 541,
    551, 559, 561, 562, 563, 567, 570, 571, 573, 574, 580, 585, 586, 601, 602, 603, 605, 606,
    607, 608, 609, 610, 612, 614, 615, 616, 617, 618, 619, 620, 623, 626, 630, 631, 636, 641,
)  # fmt: skip
_NUMBER = re.compile(r"\+[1-9][0-9]{7,14}")
_LAST_FOUR = 10_000


class Numbers:
    """Numbers that no call of one run gives twice; ``first`` (E.164) is where they count from.

    Without it they are ``+1 NPA 555 01NN``, which the numbering plan keeps for fiction. Raises
    ``SettingsError`` for a ``first`` that is not as +447400123456.
    """

    def __init__(self, first: str | None = None) -> None:
        if first is not None and not _NUMBER.fullmatch(first):
            raise SettingsError("--number is in international form, as +447400123456.")
        chance = random.SystemRandom()
        self._given = None if first is None else int(first[1:])
        self._areas = chance.sample(_AREAS, len(_AREAS))
        self._chance = chance

    def scattered(self, count: int) -> Sequence[str]:
        """So many, each with another prefix where no first one was given."""
        if self._given is not None:
            return [self._next() for _ in range(count)]
        assert count <= len(self._areas), "an attack wants more numbers than there are areas"
        return [
            f"+1{self._areas.pop()}55501{self._chance.randrange(100):02d}" for _ in range(count)
        ]

    def row(self, count: int) -> Sequence[str]:
        """So many in sequence that differ in their last four digits only."""
        start = self._given if self._given is not None else int(f"1{self._areas.pop()}5550100")
        if start % _LAST_FOUR + count > _LAST_FOUR:
            raise SettingsError(
                f"{count} numbers from --number on do not share all but their last four digits: "
                "begin lower, as with ...0000."
            )
        if self._given is not None:
            self._given += count
        return [f"+{start + place}" for place in range(count)]

    def _next(self) -> str:
        assert self._given is not None
        self._given += 1
        return f"+{self._given - 1}"

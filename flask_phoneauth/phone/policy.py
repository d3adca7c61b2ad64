"""Which numbers are served: country, kind of line, deny list, and an app's own word.

All of it is decided by the number alone, before any budget or money is spent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flask_phoneauth.errors import CountryBlocked, LineTypeBlocked, NumberBlocked
from flask_phoneauth.phone.number import PhoneNumber, line_type
from flask_phoneauth.settings import Settings

NO_COUNTRY = "001"
"""The region of satellite phones, +800 and other codes of no country."""
_POINTER = "/phone"


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """What an app's own policy is asked about: E.164, ISO 3166 region, and kind of line.

    `line_type` is `mobile`, `landline`, `landline_or_mobile` (they look alike in that country),
    a name of `BLOCKED_LINE_TYPES`, or `unknown`.
    """

    e164: str = field(repr=False)
    region: str
    line_type: str


NumberPolicy = Callable[[NumberFacts], bool]
"""An app's own word on a number: whether it is served."""


def check_number(
    number: PhoneNumber, settings: Settings, custom: NumberPolicy | None = None
) -> None:
    """Raise `CountryBlocked` or `LineTypeBlocked` unless the number is served.

    An empty `ALLOWED_REGIONS` serves all countries. Virtual numbers have no country and pass.
    """
    if number.virtual:
        return
    _check_region(number, settings)
    if any(number.e164.startswith(beginning) for beginning in settings.blocked_prefixes):
        raise _not_accepted()
    if not settings.blocked_line_types and custom is None:
        return
    kind = line_type(number.e164)
    if kind in settings.blocked_line_types:
        raise LineTypeBlocked(pointer=_POINTER)
    if custom is not None and not custom(NumberFacts(number.e164, number.region, kind)):
        raise _not_accepted()


def _check_region(number: PhoneNumber, settings: Settings) -> None:
    """A list of countries never holds the numbers of none: they are served on request only."""
    if number.region == NO_COUNTRY:
        served = settings.non_geographic_numbers
    else:
        served = not settings.allowed_regions or number.region in settings.allowed_regions
    if not served:
        raise CountryBlocked(pointer=_POINTER)


def _not_accepted() -> NumberBlocked:
    return LineTypeBlocked("This number is not accepted here.", pointer=_POINTER)

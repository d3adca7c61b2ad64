"""Which numbers are served: the region of a number against the allowed ones."""

from __future__ import annotations

from collections.abc import Collection

from flask_phoneauth.errors import CountryBlocked
from flask_phoneauth.phone.number import PhoneNumber


def check_region(number: PhoneNumber, allowed_regions: Collection[str]) -> None:
    """Raise `CountryBlocked` unless `allowed_regions` is empty (all) or holds the region.

    Regions are ISO 3166 capitals; numbers that belong to no country (satellite, +800) have the
    region 001 and are never in a list of countries. Virtual numbers have no region and pass.
    """
    if number.virtual or not allowed_regions or number.region in allowed_regions:
        return
    raise CountryBlocked(pointer="/phone")

"""Whose numbers are served."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask_phoneauth.settings.declaring import among, setting
from flask_phoneauth.settings.values import SettingError

LINE_TYPES = (
    "premium",
    "shared_cost",
    "toll_free",
    "voip",
    "pager",
    "voicemail",
    "uan",
    "personal",
    "landline",
)
"""What `BLOCKED_LINE_TYPES` may name: kinds that libphonenumber tells from a mobile phone."""

_BEGINNING = re.compile(r"\+[0-9]{1,15}")


@dataclass(frozen=True, kw_only=True)
class NumbersSettings:
    """Whose numbers are served."""

    default_region: str = setting("", "region of numbers typed without +, as `GB`")
    allowed_regions: tuple[str, ...] = setting(
        (), "regions whose numbers are served; all in debug; required out of debug and testing"
    )
    non_geographic_numbers: bool = setting(
        False, "serve numbers of no country too: satellite phones, +800 and the like"
    )
    blocked_line_types: tuple[str, ...] = setting(
        ("premium", "shared_cost", "toll_free", "voip", "pager", "voicemail", "uan", "personal"),
        "kinds of numbers that are refused: `premium`, `shared_cost`, `toll_free`, `voip`, "
        "`pager`, `voicemail`, `uan`, `personal`, `landline`",
    )
    blocked_prefixes: tuple[str, ...] = setting(
        (), 'numbers, or the digits with which they begin, that are refused, as `["+4470"]`'
    )
    virtual_numbers: bool = setting(False, "accept +990 numbers with their fixed codes")
    test_numbers: Mapping[str, tuple[str, str]] = field(
        default_factory=dict,
        repr=False,
        metadata={
            "about": "for app reviewers: `{number: (code, until)}`, `until` as an ISO date; "
            "nothing is sent"
        },
    )


def check(settings: NumbersSettings) -> None:
    """Raise `SettingError` for what cannot be."""
    for region in (*settings.allowed_regions, settings.default_region):
        if region and not (len(region) == 2 and region.isascii() and region.isupper()):
            raise SettingError(f"{region!r} is not a region: use two capitals, as 'GB'")
    among(settings, "blocked_line_types", LINE_TYPES)
    for beginning in settings.blocked_prefixes:
        if not _BEGINNING.fullmatch(beginning):
            raise SettingError("PHONEAUTH_BLOCKED_PREFIXES must begin with + and a country code")
    for number in settings.test_numbers:
        if not (number.startswith("+") and number[1:].isdigit()):
            raise SettingError(f"PHONEAUTH_TEST_NUMBERS: {number!r} must be as '+12015550123'")

"""What the numbering plan says of a number; the sandbox's virtual range comes before it."""

from dataclasses import dataclass, field
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from sms_sandbox.numbers import scenario_of, verdict

_KINDS = {
    PhoneNumberType.FIXED_LINE: "fixed",
    PhoneNumberType.MOBILE: "mobile",
    # Where the digits do not tell, the sandbox takes the kind that receives messages.
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    PhoneNumberType.TOLL_FREE: "toll-free",
    PhoneNumberType.VOIP: "voip",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A valid number: its ``country`` (two letters, "" if it belongs to none), its spellings, and
    the ``kind`` of its line in Plivo's words."""

    number: str = field(repr=False)
    country: str = ""
    national: str = field(repr=False)
    international: str = field(repr=False)
    link: str = field(repr=False)
    kind: str


@lru_cache(maxsize=1024)
def read(number: str) -> Planned | None:
    """A number in E.164 as its country's plan sees it; ``None`` for one that is not valid."""
    if verdict(number) is not None:
        rest = number[4:]
        return Planned(
            number=number,
            national=rest,
            international=f"+990 {rest}",
            link=f"tel:+990-{rest}",
            kind="mobile",
        )
    try:
        found = phonenumbers.parse(number)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number(found):
        return None
    region = phonenumbers.region_code_for_number(found) or ""
    scenario = scenario_of(number)
    is_landline = scenario is not None and scenario.line_type == "landline"
    return Planned(
        number=number,
        # Ranges that belong to no country (+800, say) have figures instead of letters.
        country=region if region.isalpha() else "",
        national=phonenumbers.format_number(found, PhoneNumberFormat.NATIONAL),
        international=phonenumbers.format_number(found, PhoneNumberFormat.INTERNATIONAL),
        link=phonenumbers.format_number(found, PhoneNumberFormat.RFC3966),
        kind="fixed" if is_landline else _KINDS.get(phonenumbers.number_type(found), "unknown"),
    )


def country_of(number: str) -> str:
    """The country of a number, two letters; "" for none."""
    planned = read(number)
    return "" if planned is None else planned.country

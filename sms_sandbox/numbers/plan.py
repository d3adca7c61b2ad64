"""What the numbering plan says of a number; the sandbox's virtual range comes before it, and
numbers of fiction have the line of their scenario."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import phonenumbers
from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberType,
    ValidationResult,
)

from sms_sandbox.errors import InvalidRequest
from sms_sandbox.numbers.address import parse_number
from sms_sandbox.numbers.scenarios import scenario_of
from sms_sandbox.numbers.virtual import verdict

Line = Literal[
    "landline",
    "mobile",
    "toll_free",
    "premium",
    "shared_cost",
    "voip",
    "personal",
    "pager",
    "uan",
    "voicemail",
    "unknown",
]
"""The kind of a line; each façade has its vendor's word for it."""
Wrong = Literal[
    "not_a_number",
    "invalid_country_code",
    "too_short",
    "too_long",
    "invalid_length",
    "not_given_out",
]
"""Why a number is none."""

_MAX_TEXT = 64
_LINES: dict[int, Line] = {
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.MOBILE: "mobile",
    # Where the digits do not tell, the sandbox takes the kind that receives messages.
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
_WRONG: dict[int, Wrong] = {
    ValidationResult.INVALID_COUNTRY_CODE: "invalid_country_code",
    ValidationResult.TOO_SHORT: "too_short",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "too_short",
    ValidationResult.INVALID_LENGTH: "invalid_length",
    ValidationResult.TOO_LONG: "too_long",
    ValidationResult.IS_POSSIBLE: "not_given_out",
}
_UNREADABLE: dict[int, Wrong] = {
    NumberParseException.INVALID_COUNTRY_CODE: "invalid_country_code",
    NumberParseException.NOT_A_NUMBER: "not_a_number",
    NumberParseException.TOO_SHORT_AFTER_IDD: "too_short",
    NumberParseException.TOO_SHORT_NSN: "too_short",
    NumberParseException.TOO_LONG: "too_long",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A number as its country's plan sees it: in E.164, or as it was given where it cannot be
    read. A valid one (``wrong`` is ``None``) has its ``country`` (two letters, "" if it belongs
    to none), its ``calling_code`` and its spellings; ``link`` is that of RFC 3966."""

    number: str = field(repr=False)
    wrong: Wrong | None = None
    country: str = ""
    calling_code: str = ""
    national: str = field(default="", repr=False)
    international: str = field(default="", repr=False)
    link: str = field(default="", repr=False)
    line: Line = "unknown"

    @property
    def valid(self) -> bool:
        """Whether the number could have been given out."""
        return self.wrong is None

    @property
    def possible(self) -> bool:
        """Whether a message could go there, though nobody may have the number."""
        return self.wrong in (None, "not_given_out")


def read(text: str, country: str | None = None) -> Planned:
    """Read a number in E.164, or as it is dialled in ``country`` (two letters). A leading blank
    is a plus that was not escaped."""
    text = text[:_MAX_TEXT]
    if text.startswith(" "):
        text = "+" + text.strip()
    return _read(text, None if country is None else country[:_MAX_TEXT].upper())


def country_of(number: str) -> str:
    """The country of a number in E.164, two letters; "" for none."""
    return read(number).country


@lru_cache(maxsize=1024)
def _read(text: str, country: str | None) -> Planned:
    virtual = _virtual(text)
    if virtual is not None:
        rest = virtual[4:]
        return Planned(
            number=virtual,
            calling_code="990",
            national=rest,
            international=f"+990 {rest}",
            link=f"tel:+990-{rest}",
            line="mobile",
        )
    try:
        found = phonenumbers.parse(text, country)
    except NumberParseException as error:
        return Planned(number=text, wrong=_UNREADABLE[error.error_type])
    return _judge(found)


def _virtual(text: str) -> str | None:
    """A number of the sandbox's own range, which no numbering plan knows."""
    if not text.startswith("+"):
        return None
    try:
        number = parse_number(text, "")
    except InvalidRequest:
        return None
    return None if verdict(number) is None else number


def _judge(found: PhoneNumber) -> Planned:
    number = phonenumbers.format_number(found, PhoneNumberFormat.E164)
    scenario = scenario_of(number)
    line = _LINES.get(phonenumbers.number_type(found), "unknown")
    if scenario is not None:
        line = scenario.line_type
    if not phonenumbers.is_valid_number(found):
        reason = phonenumbers.is_possible_number_with_reason(found)
        return Planned(number=number, wrong=_WRONG[reason], line=line)
    region = phonenumbers.region_code_for_number(found) or ""
    return Planned(
        number=number,
        # Ranges that belong to no country (+800, say) have figures instead of letters.
        country=region if region.isalpha() else "",
        calling_code=str(found.country_code),
        national=phonenumbers.format_number(found, PhoneNumberFormat.NATIONAL),
        international=phonenumbers.format_number(found, PhoneNumberFormat.INTERNATIONAL),
        link=phonenumbers.format_number(found, PhoneNumberFormat.RFC3966),
        line=line,
    )

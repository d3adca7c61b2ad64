"""What the numbering plan says of a number; the sandbox's virtual range comes before it."""

from dataclasses import dataclass, field
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberType, ValidationResult

from sms_sandbox.errors import InvalidRequest
from sms_sandbox.numbers import parse_number, scenario_of, verdict

_MAX_TEXT = 64
_DEFAULT_COUNTRY = "US"

_LINE_TYPES = {
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.MOBILE: "mobile",
    # Where the digits do not tell, the sandbox takes the kind that receives messages.
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile",
    PhoneNumberType.TOLL_FREE: "tollFree",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "sharedCost",
    PhoneNumberType.VOIP: "nonFixedVoip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
_REASONS = {
    ValidationResult.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
    ValidationResult.TOO_SHORT: "TOO_SHORT",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "TOO_SHORT",
    ValidationResult.INVALID_LENGTH: "INVALID_LENGTH",
    ValidationResult.TOO_LONG: "TOO_LONG",
    ValidationResult.IS_POSSIBLE: "INVALID_BUT_POSSIBLE",
}
_UNREADABLE = {
    NumberParseException.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
    NumberParseException.NOT_A_NUMBER: "NOT_A_NUMBER",
    NumberParseException.TOO_SHORT_AFTER_IDD: "TOO_SHORT",
    NumberParseException.TOO_SHORT_NSN: "TOO_SHORT",
    NumberParseException.TOO_LONG: "TOO_LONG",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A number as its country's plan sees it. ``error`` is Twilio's word for what is wrong with
    it, ``None`` for a valid one; one that is merely not given out is ``possible``."""

    number: str = field(repr=False)
    error: str | None = None
    country_code: str | None = None
    calling_code: str | None = None
    national: str | None = field(default=None, repr=False)
    line_type: str = "unknown"

    @property
    def possible(self) -> bool:
        """Whether a message could go there."""
        return self.error in (None, "INVALID_BUT_POSSIBLE")


def read(text: str, country: str | None = None) -> Planned:
    """Read a number in E.164, or as it is dialled in ``country`` (two letters; by default in North
    America). A leading blank is a plus that was not escaped."""
    text = text[:_MAX_TEXT]
    if text.startswith(" "):
        text = "+" + text.strip()
    return _read(text, (country or _DEFAULT_COUNTRY)[:_MAX_TEXT].upper())


def line_type(number: str) -> str:
    """The kind of a line in Twilio's words; a number of fiction has that of its scenario."""
    scenario = scenario_of(number)
    return read(number).line_type if scenario is None else scenario.line_type


@lru_cache(maxsize=1024)
def _read(text: str, country: str) -> Planned:
    virtual = _virtual(text)
    if virtual is not None:
        return Planned(number=virtual, calling_code="990", national=virtual[4:], line_type="mobile")
    try:
        found = phonenumbers.parse(text, country)
    except NumberParseException as error:
        return Planned(number=text, error=_UNREADABLE[error.error_type])
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
    number = phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    if not phonenumbers.is_valid_number(found):
        reason = phonenumbers.is_possible_number_with_reason(found)
        return Planned(number=number, error=_REASONS[reason])
    region = phonenumbers.region_code_for_number(found)
    return Planned(
        number=number,
        # Ranges that belong to no country (+800, say) have figures instead of letters.
        country_code=region if region and region.isalpha() else None,
        calling_code=str(found.country_code),
        national=phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.NATIONAL),
        line_type=_LINE_TYPES.get(phonenumbers.number_type(found), "unknown"),
    )

"""One number from any human spelling; the only place that asks libphonenumber."""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult

from flask_phoneauth.errors import InvalidPhone
from flask_phoneauth.phone.spelling import Spelling, read_spelling
from flask_phoneauth.phone.virtual import CALLING_CODE, is_virtual

_POINTER = "/phone"
_KINDS = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "landline_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
_DOT = "\N{BULLET}"
# Few networks have numbers as short as their emergency and service numbers (3 to 6 digits).
_SHORT = 6
# E.164: a plus and at most 15 digits; libphonenumber knows longer ones inside a few networks.
_LONGEST = 16


@dataclass(frozen=True, slots=True, repr=False)
class PhoneNumber:
    """A number in E.164, with its ISO 3166 region ("001" for no country, "" for virtual)."""

    e164: str
    region: str
    virtual: bool

    @property
    def masked(self) -> str:
        """The number as it may be shown."""
        return mask(self.e164)

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked!r}, region={self.region!r}, virtual={self.virtual})"


def parse(text: str, *, default_region: str = "", virtual_numbers: bool = False) -> PhoneNumber:
    """The one number that `text` spells; raises `InvalidPhone`, whose detail names the cure.

    Without + or 00 in front the number is read as one of `default_region` (ISO 3166 capitals).
    +990 numbers are unknown like every unused calling code unless `virtual_numbers` is on.
    """
    spelling = read_spelling(text)
    problem: InvalidPhone | None = None
    found: dict[str, PhoneNumber] = {}
    for reading, region in _readings(spelling, default_region):
        if virtual_numbers and reading.startswith("+" + CALLING_CODE):
            return _virtual(reading)
        try:
            number = _look_up(reading, region)
        except InvalidPhone as error:
            problem = problem or error
        else:
            found[number.e164] = number
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise InvalidPhone(
            "This can be read as two numbers. Write a +, the country code and the number "
            "without a zero in brackets, as +44 7400 123456.",
            pointer=_POINTER,
        )
    raise problem or _no_country()


def line_type(e164: str) -> str:
    """What libphonenumber calls the line, as "mobile", "premium"; "unknown" where it cannot tell.

    Where landlines and mobile phones look alike, as in North America, "landline_or_mobile".
    """
    return _KINDS.get(phonenumbers.number_type(phonenumbers.parse(e164)), "unknown")


def mask(e164: str) -> str:
    """The number with its calling code and its last two to four digits, as "+44 •••• ••0123".

    At least six digits stay hidden where there are eight; what is not E.164 is hidden whole.
    """
    digits = e164.removeprefix("+")
    code = _calling_code(digits)
    if not code or not (digits.isascii() and digits.isdigit()) or not e164.startswith("+"):
        return _DOT * 4
    national = digits[len(code) :]
    shown = national[-max(2, min(4, len(national) - 6)) :] if len(national) > 2 else ""
    hidden = _DOT * (len(national) - len(shown))
    tail = min(len(hidden), max(2, 6 - len(shown)))
    head = hidden[tail:]
    return " ".join(part for part in (f"+{code}", head, hidden[:tail] + shown) if part)


def _calling_code(digits: str) -> str:
    if digits.startswith(CALLING_CODE):
        return CALLING_CODE
    prefixes = (digits[:length] for length in (1, 2, 3))
    known = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    return next((code for code in prefixes if code.isdecimal() and int(code) in known), "")


def _readings(spelling: Spelling, region: str) -> list[tuple[str, str]]:
    """What the digits may mean: with + or 00 an international number, else one of the region.

    Some regions dial abroad by other digits that begin with 00 (0011, 009), so there both
    readings stand; a "(0)" is part of the number in some countries and left out in others.
    """
    readings: list[tuple[str, str]] = []
    for digits in dict.fromkeys((spelling.digits, spelling.without_trunk)):
        if spelling.plus or digits.startswith("00"):
            readings.append(("+" + digits.removeprefix("00"), ""))
        if region and not spelling.plus:
            readings.append((digits, region))
    if not readings and len(spelling.digits) <= _SHORT:
        raise _short()
    return readings


def _virtual(reading: str) -> PhoneNumber:
    if not is_virtual(reading):
        raise InvalidPhone(
            "A virtual number is +990 followed by 4 to 12 digits, as +990 1234.", pointer=_POINTER
        )
    return PhoneNumber(reading, "", virtual=True)


def _look_up(reading: str, region: str) -> PhoneNumber:
    try:
        number = phonenumbers.parse(reading, region or None)
    except NumberParseException as error:
        raise _unparsed(error.error_type, reading) from None
    region = phonenumbers.region_code_for_number(number) or ""
    # as `is_valid_number` does, which would look for the region once more
    if not phonenumbers.is_valid_number_for_region(number, region):
        raise _invalid(number, reading)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if len(e164) > _LONGEST:
        raise _too_long()
    return PhoneNumber(e164, region, virtual=False)


def _unparsed(kind: int, reading: str) -> InvalidPhone:
    if kind == NumberParseException.INVALID_COUNTRY_CODE:
        return _unknown_country() if reading.startswith("+") else _no_country()
    if kind == NumberParseException.TOO_LONG:
        return _too_long()
    return _too_short(reading)


def _invalid(number: phonenumbers.PhoneNumber, reading: str) -> InvalidPhone:
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason == ValidationResult.TOO_SHORT:
        return _too_short(reading)
    if reason == ValidationResult.TOO_LONG:
        return _too_long()
    if reason == ValidationResult.IS_POSSIBLE_LOCAL_ONLY:
        return InvalidPhone(
            "The area code is missing. Enter the number with it and the country code, "
            "as +44 20 7946 0018.",
            pointer=_POINTER,
        )
    return InvalidPhone(
        "There is no such phone number. Check its digits and its country code.", pointer=_POINTER
    )


def _too_short(reading: str) -> InvalidPhone:
    if not reading.startswith("+") and len(reading) <= _SHORT:
        return _short()
    return InvalidPhone(
        "This number is too short. Check that all its digits are there, as +44 7400 123456.",
        pointer=_POINTER,
    )


def _short() -> InvalidPhone:
    return InvalidPhone(
        "Emergency and short numbers cannot receive a code. Enter your own number, "
        "as +44 7400 123456.",
        pointer=_POINTER,
    )


def _too_long() -> InvalidPhone:
    return InvalidPhone(
        "This number has too many digits. Write it as +44 7400 123456.", pointer=_POINTER
    )


def _no_country() -> InvalidPhone:
    return InvalidPhone("Add the country code, as +44 7400 123456.", pointer=_POINTER)


def _unknown_country() -> InvalidPhone:
    return InvalidPhone(
        "There is no country with this calling code. Check the digits after the +.",
        pointer=_POINTER,
    )

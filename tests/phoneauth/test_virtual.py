from __future__ import annotations

import pytest

from flask_phoneauth.errors import InvalidPhone
from flask_phoneauth.phone.number import parse
from flask_phoneauth.phone.virtual import Verdict, fixed_code, is_virtual, verdict


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+9901234", Verdict.VERIFIED),
        ("+99012345670", Verdict.VERIFIED),
        ("+9901235", Verdict.NOT_VERIFIED),
        ("+9901239", Verdict.NOT_VERIFIED),
        ("+9901299", Verdict.ERROR),
        ("+990123456789099", Verdict.ERROR),
        ("+9901298", Verdict.VERIFIED),
        ("+9901989", Verdict.NOT_VERIFIED),
    ],
)
def test_the_last_digits_decide_the_verdict(number: str, expected: Verdict):
    assert verdict(number) is expected


@pytest.mark.parametrize(
    ("number", "length", "code"),
    [
        ("+9901234", 6, "901234"),
        ("+9901234", 7, "9901234"),
        ("+9901234", 10, "0009901234"),
        ("+990123456789012", 6, "789012"),
        ("+9900000", 6, "900000"),
        ("+990000000", 4, "0000"),
    ],
)
def test_the_code_is_the_last_digits_padded_with_zeros(number: str, length: int, code: str):
    assert fixed_code(number, length) == code


@pytest.mark.parametrize("digits", ["1234", "123456789012"])
def test_four_to_twelve_digits_after_990_are_virtual(digits: str):
    assert is_virtual("+990" + digits)


@pytest.mark.parametrize(
    "number",
    ["+990123", "+9901234567890123", "9901234", "+9911234", "+990 1234", "+990١٢٣٤", "+9901234\n"],
)
def test_other_lengths_and_spellings_are_not_virtual(number: str):
    assert not is_virtual(number)


@pytest.mark.parametrize(
    "spelling",
    ["+990 1234", "00990-1234", "tel:+990-1234", "+９９０１２３４", "(+990) 12.34", "٠٠٩٩٠١٢٣٤"],
)
@pytest.mark.parametrize("region", ["", "US", "GB", "CO", "AU"])
def test_virtual_numbers_have_the_same_spellings_as_others(spelling: str, region: str):
    number = parse(spelling, default_region=region, virtual_numbers=True)
    assert (number.e164, number.region, number.virtual) == ("+9901234", "", True)


@pytest.mark.parametrize("spelling", ["+990 123", "+990 1234567890123"])
def test_a_virtual_number_of_a_wrong_length_is_told_the_right_one(spelling: str):
    with pytest.raises(InvalidPhone, match="4 to 12 digits"):
        parse(spelling, virtual_numbers=True)


@pytest.mark.parametrize("spelling", ["+990{}", "00990{}", "tel:+990{}"])
@pytest.mark.parametrize("region", ["", "US"])
def test_without_the_setting_990_is_refused_in_the_words_of_any_unused_code(
    spelling: str, region: str
):
    with pytest.raises(InvalidPhone) as virtual:
        parse(spelling.format("123456"), default_region=region)
    with pytest.raises(InvalidPhone) as unused:
        parse(spelling.replace("990", "999").format("123456"), default_region=region)
    assert virtual.value.detail == unused.value.detail
    assert "country" in virtual.value.detail


def test_990_without_an_international_prefix_is_a_national_number():
    with pytest.raises(InvalidPhone, match="country code"):
        parse("9901234", virtual_numbers=True)
    with pytest.raises(InvalidPhone):
        parse("990123456789", default_region="US", virtual_numbers=True)

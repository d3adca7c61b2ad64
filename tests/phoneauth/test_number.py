from __future__ import annotations

import pickle

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flask_phoneauth.errors import InvalidPhone
from flask_phoneauth.phone.number import mask, parse

GB = "+447400123456"


@pytest.mark.parametrize(
    "spelling",
    [
        "+447400123456",
        "+44 7400 123456",
        "  +44-7400-123456\n",
        "+44 (0)7400 123456",
        "+44 ( 0 ) 7400 123456",
        "+44 [0] 7400 123456",
        "+44 07400 123456",
        "(+44) 7400 123456",
        "+(44) 7400/123.456",
        "+0044 7400 123456",
        "0044 7400 123456",
        "0044 (0) 7400 123456",
        "＋４４ ７４００ １２３４５６",
        "+٤٤ ٧٤٠٠ ١٢٣٤٥٦",
        "+۴۴ ۷۴۰۰ ۱۲۳۴۵۶",
        "+४४ ७४०० १२३४५६",
        "\u202a+44 7400 123456\u202c",
        "+44\u00a07400\u2011123456",
        "+44 7400 – 123456",
        "tel:+44-7400-123456",
        "TEL:+44(0)7400123456",
        "tel:7400-123456;phone-context=+44",
        "tel:07400123456;phone-context=+44",
    ],
)
def test_spellings_with_a_country_code_give_one_number(spelling: str):
    number = parse(spelling)
    assert (number.e164, number.region, number.virtual) == (GB, "GB", False)
    assert parse(spelling, default_region="US").e164 == GB


@pytest.mark.parametrize(
    ("spelling", "region", "e164"),
    [
        ("07400 123456", "GB", GB),
        ("7400123456", "GB", GB),
        ("(0)7400 123456", "GB", GB),
        ("447400123456", "GB", GB),
        ("٠٧٤٠٠١٢٣٤٥٦", "GB", GB),
        ("tel:07400123456;phone-context=example.com", "GB", GB),
        ("(201) 555-0123", "US", "+12015550123"),
        ("011 44 7400 123456", "US", GB),
        ("0044 7400 123456", "US", GB),
        ("0011 44 7400 123456", "AU", GB),
        ("8 912 345-67-89", "RU", "+79123456789"),
        ("0057 300 1234567", "CO", "+573001234567"),
    ],
)
def test_national_and_dialled_spellings_are_read_by_the_default_region(
    spelling: str, region: str, e164: str
):
    assert parse(spelling, default_region=region).e164 == e164


@pytest.mark.parametrize(
    ("spelling", "e164"),
    [
        ("+39 06 1234 5678", "+390612345678"),
        ("+39 (0)6 1234 5678", "+390612345678"),
        ("+225 07 12 34 56 78", "+2250712345678"),
        ("+45 (0)32 12 34 56", "+4532123456"),
        ("+36 (06) 20 123 4567", "+36201234567"),
    ],
)
def test_a_zero_stays_where_it_belongs_to_the_number(spelling: str, e164: str):
    assert parse(spelling).e164 == e164


def test_a_bracketed_zero_that_makes_two_numbers_is_asked_about():
    with pytest.raises(InvalidPhone, match="two numbers"):
        parse("+39 (0)331 123456")


@pytest.mark.parametrize(
    ("text", "region", "cure"),
    [
        ("7400 123456", "", "Add the country code, as \\+44"),
        ("07400 123456", "ZZ", "Add the country code"),
        ("", "", "Enter your phone number"),
        ("  ", "GB", "Enter your phone number"),
        ("+", "", "Enter your phone number"),
        ("\x00", "", "Enter your phone number"),
        ("not a number", "GB", "without letters"),
        ("+1 800 FLOWERS", "", "without letters"),
        ("+1(415)555-CALL", "", "without letters"),
        ("Ⅳ", "GB", "without letters"),
        ("+1 201 555 0123 ext. 5", "", "Leave out the extension"),
        ("+1 201 555 0123x5", "", "Leave out the extension"),
        ("+1 201 555 0123#5", "", "Leave out the extension"),
        ("+1 201 555 0123,,5", "", "Use only digits"),
        ("tel:+1-201-555-0123;ext=5", "", "Leave out the extension"),
        ("tel:+1-201-555-0123;isub=5", "", "Leave out the extension"),
        ("tel:+1-201-555-0123;x-vendor=y", "", "without letters"),
        ("+44\x007400123456", "", "Use only digits"),
        ("+44\n7400123456", "", "Use only digits"),
        ("+44 7400 123456\ud800", "", "Use only digits"),
        ("++447400123456", "", "Use only digits"),
        ("44+7400123456", "", "Use only digits"),
        ("*100#", "GB", "Use only digits"),
        ("+4²7400123456", "", "Use only digits"),
        ("112", "GB", "Emergency and short numbers"),
        ("112", "", "Emergency and short numbers"),
        ("911", "US", "Emergency and short numbers"),
        ("86753", "US", "Emergency and short numbers"),
        ("+44112", "", "too short"),
        ("+4", "", "too short"),
        ("+44 7400 1234567890", "", "too many digits"),
        ("+" + "4" * 60, "", "too many digits"),
        ("+49 580049058346346", "", "too many digits"),  # libphonenumber: valid, E.164: not
        ("345 6789", "US", "area code"),
        ("+1 555 123 4567", "", "no such phone number"),
        ("+44 7700 900123", "", "no such phone number"),
        ("+999 1234567", "", "calling code"),
        ("+0 1234567", "", "calling code"),
        ("+44 7400 123456" + " " * 50, "", "too long"),
    ],
)
def test_what_is_no_number_is_refused_with_its_cure(text: str, region: str, cure: str):
    with pytest.raises(InvalidPhone, match=cure) as refused:
        parse(text, default_region=region)
    assert (refused.value.status, refused.value.pointer) == (422, "/phone")


@pytest.mark.parametrize(
    "unit", ["7", "+", "(", "(0)", "x", "٧", " ", "tel:", ";ext=1", "0x1#", "\x00"]
)
@pytest.mark.timeout(5)
def test_ten_kilobytes_are_refused_by_their_length_alone(unit: str):
    with pytest.raises(InvalidPhone, match="too long"):
        parse(unit * (10_240 // len(unit) + 1), default_region="GB", virtual_numbers=True)


def test_errors_never_repeat_what_was_typed():
    for text in ("+44 7400 1234567", "07400 123456x9", "+999 7400123456"):
        with pytest.raises(InvalidPhone) as refused:
            parse(text, default_region="GB")
        assert "74001234567" not in repr(refused.value).replace(" ", "")
        assert refused.value.__cause__ is None


_VALID = st.sampled_from(
    [
        ("+44", "7400123456", "GB", "0"),
        ("+1", "2015550123", "US", ""),
        ("+49", "15123456789", "DE", "0"),
        ("+33", "612345678", "FR", "0"),
        ("+39", "3123456789", "IT", ""),
        ("+91", "8123456789", "IN", "0"),
        ("+81", "9012345678", "JP", "0"),
        ("+55", "11961234567", "BR", "0"),
        ("+971", "501234567", "AE", "0"),
        ("+225", "0123456789", "CI", ""),
        ("+45", "32123456", "DK", ""),
    ]
)
_SEPARATORS = st.sampled_from(["", " ", "  ", "-", ".", "/", "\u00a0", "\u2013", "\u200b", "\t"])
_ZEROS = st.sampled_from("0٠۰०０০๐")


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str, str]:
    """A number in E.164, a spelling of it, and the default region that the spelling needs."""
    calling, national, region, trunk = draw(_VALID)
    form = draw(st.sampled_from(["+", "00", "tel:+", "national"]))
    zero = draw(_ZEROS)
    written = "".join(
        chr(ord(zero) + int(digit)) + draw(_SEPARATORS) for digit in national[:-1]
    ) + chr(ord(zero) + int(national[-1]))
    if draw(st.booleans()):
        written = f"({written[0]}){written[1:]}" if national[0] != "0" else f"({written})"
    if form == "national":
        return calling + national, trunk + written, region
    if trunk and draw(st.booleans()):
        written = f"({trunk}){written}"
    code = calling[1:] if draw(st.booleans()) else f"({calling[1:]})"
    text = form + code + draw(_SEPARATORS) + written
    return calling + national, text, draw(st.sampled_from(["", "GB", "US", "DE"]))


@settings(deadline=None, max_examples=200)
@given(spellings())
def test_every_spelling_of_a_number_gives_the_same_e164(case: tuple[str, str, str]):
    e164, text, region = case
    if len(text) <= 64:
        assert parse(text, default_region=region).e164 == e164


@settings(deadline=None, max_examples=300)
@given(
    st.text(max_size=70) | st.text("+0123456789()-. xtel:;=#,٤４", max_size=64),
    st.sampled_from(["", "GB", "US", "IT", "CO", "HK", "ZZ"]),
    st.booleans(),
)
@example("+(", "GB", True)
@example("tel:;phone-context=", "", False)
@example("tel:;;;=;phone-context=+", "US", True)
def test_any_text_is_a_number_or_invalid_and_a_number_stays_itself(
    text: str, region: str, virtual: bool
):
    try:
        number = parse(text, default_region=region, virtual_numbers=virtual)
    except InvalidPhone:
        return
    assert parse(number.e164, virtual_numbers=virtual) == number
    assert number.virtual or phonenumbers.is_valid_number(phonenumbers.parse(number.e164))


def test_numbers_are_equal_by_value_and_survive_pickling():
    number = parse(GB)
    assert number == parse("0044 7400 123456")
    assert pickle.loads(pickle.dumps(number)) == number
    assert len({number, parse(GB)}) == 1


@pytest.mark.parametrize("text", [GB, "+12015550123", "+4532123456", "+9901234"])
def test_repr_and_str_show_the_masked_number_only(text: str):
    number = parse(text, virtual_numbers=True)
    for shown in (repr(number), str(number), f"{number}", number.masked):
        assert mask(text) in shown
        assert text[-5:] not in shown.replace(" ", "")


@pytest.mark.parametrize(
    ("e164", "masked"),
    [
        ("+447400120123", "+44 •••• ••0123"),
        ("+12015550123", "+1 •••• ••0123"),
        ("+4915123456789", "+49 ••••• ••6789"),
        ("+33612345678", "+33 ••• •••678"),
        ("+4532123456", "+45 •• ••••56"),
        ("+2900223", "+290 ••23"),
        ("+9901234", "+990 ••34"),
        ("+990123456789", "+990 ••• •••789"),
        ("+990123456789012", "+990 •••••• ••9012"),
    ],
)
def test_mask_keeps_calling_code_and_two_to_four_last_digits(e164: str, masked: str):
    assert mask(e164) == masked


@given(st.text(max_size=20) | st.text("+0123456789", max_size=20))
@settings(deadline=None)
def test_mask_never_shows_more_than_the_calling_code_and_four_digits(text: str):
    shown = mask(text)
    assert sum(character.isalnum() for character in shown) <= 3 + 4
    assert len(shown.split()[-1].strip("+•")) <= 4


def test_mask_hides_what_is_not_e164():
    for text in ("", "+", "07400123456", "+447400x23456", "+٤٤٧٤٠٠١٢٣٤٥٦", "+9991234567"):
        assert mask(text) == "••••"

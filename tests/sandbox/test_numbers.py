import pytest

from sms_sandbox.errors import InvalidRequest
from sms_sandbox.numbers import comparison_key, parse_number, parse_sender


@pytest.mark.parametrize(
    "spelling",
    ["+9901234567", "9901234567", " 9901234567", "009901234567", "+990 123-45 67", "+990(123)4567"],
)
def test_spellings_of_one_number_are_one(spelling: str) -> None:
    assert parse_number(spelling, "/to") == "+9901234567"
    assert comparison_key(spelling) == comparison_key("+9901234567")


@pytest.mark.parametrize(
    "text",
    ["", "+", "12345", "abc", "+0123456789", "+1234567890123456", "+99O1234567", "++9901234"],
)
def test_what_is_no_number_is_refused_with_a_cure(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_number(text, "/to")
    assert refused.value.pointer == "/to"
    assert "+9901234567" in (refused.value.hint or "")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Notes", "Notes"),
        (" My Shop ", "My Shop"),
        ("12345", "12345"),
        ("0015005550006", "+15005550006"),
    ],
)
def test_sender_is_a_name_a_short_code_or_a_number(text: str, read: str) -> None:
    assert parse_sender(text, "/from") == read


@pytest.mark.parametrize("text", ["", "  ", "x" * 33, "a\nb", "a\u202eb", "a\0b"])
def test_sender_that_could_deceive_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_sender(text, "/from")


def test_names_compare_without_case() -> None:
    assert comparison_key("NOTES") == comparison_key("notes")
    assert comparison_key("+12345") == comparison_key("12345")

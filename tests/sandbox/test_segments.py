import pytest

from sms_sandbox.segments import segment


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "GSM-7", 0, 1),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("€" * 81, "GSM-7", 162, 2),
        ("@£$¥èéùìòÇ", "GSM-7", 10, 1),
        ("ç", "UCS-2", 1, 1),
        ("’", "UCS-2", 1, 1),
        ("я" * 70, "UCS-2", 70, 1),
        ("я" * 71, "UCS-2", 71, 2),
        ("я" * 135, "UCS-2", 135, 3),
        ("😀" * 35, "UCS-2", 70, 1),
        ("😀" * 36, "UCS-2", 72, 2),
    ],
)
def test_text_is_counted_as_the_network_counts(
    text: str, encoding: str, units: int, parts: int
) -> None:
    found = segment(text)
    assert (found.encoding, found.units, found.count) == (encoding, units, parts)


def test_escape_pair_is_not_split_between_parts() -> None:
    found = segment("a" * 152 + "€" + "a" * 20)
    assert found.parts == ("a" * 152, "€" + "a" * 20)


def test_surrogate_pair_is_not_split_between_parts() -> None:
    found = segment("я" * 66 + "😀" + "я" * 20)
    assert found.parts == ("я" * 66, "😀" + "я" * 20)


def test_parts_join_to_the_text() -> None:
    text = "[€uro] " * 100
    assert "".join(segment(text).parts) == text

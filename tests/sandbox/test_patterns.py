import time

import pytest

from sms_sandbox.errors import InvalidRequest
from sms_sandbox.patterns import MAX_PATTERN, compile_regex, compile_stars


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("abc", "abc", True),
        ("abc", "abcd", False),
        ("*", "", True),
        ("*", "anything", True),
        ("a*", "abc", True),
        ("a*", "ba", False),
        ("*c", "abc", True),
        ("a*c", "abbc", True),
        ("a*c", "ac", True),
        ("aa*aa", "aaa", False),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("a*bc*bc", "abcbc", True),
        ("a*bc*bc", "abc", False),
        ("a**c", "abc", True),
        ("", "", True),
        ("", "x", False),
        ("a.c", "abc", False),
        ("*code*", "Your code is 1\nnever share it", True),
    ],
)
def test_star_stands_for_anything_and_nothing_else_is_special(
    pattern: str, text: str, fits: bool
) -> None:
    assert compile_stars(pattern)(text) is fits


def test_many_stars_take_no_more_time_than_the_text_is_long() -> None:
    fits = compile_stars("*a" * 100 + "*b")
    started = time.process_time()
    assert not fits("a" * 40_000)
    assert time.process_time() - started < 5


def test_regex_is_found_anywhere_and_never_backtracks() -> None:
    assert compile_regex("code is [0-9]+", "/x")("Your code is 123.")
    assert not compile_regex("^code", "/x")("Your code")
    started = time.process_time()
    assert not compile_regex("(a+)+$", "/x")("a" * 40_000 + "b")
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "pattern", ["(", "(?=x)", r"(a)\1", "x" * (MAX_PATTERN + 1), "(a{1000}){1000}"]
)
def test_pattern_that_cannot_be_used_names_its_place_and_the_cure(pattern: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        compile_regex(pattern, "/match/body/regex")
    assert refused.value.pointer == "/match/body/regex"
    assert refused.value.hint

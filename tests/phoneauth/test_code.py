"""Digits: derived without bias, normalised from any script, digested (RULES 1, 5, 7)."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from typing import Any

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_phoneauth.otp.code import derive_code, digest_code, hkdf_expand, normalise_code

KEY = hashlib.sha256(b"a key").digest()
steady = hypothesis.settings(deadline=None, derandomize=True, database=None)
codes = st.text("0123456789", min_size=6, max_size=6)
ZEROS = [chr(n) for n in range(0x110000) if unicodedata.decimal(chr(n), None) == 0]
SPACES = " \t\u00a0\u2009\u202f\u3000-\u2011\u2013\u2014.\u00b7\u200e\u200f\u2060\ufeff"


def derive(seed: int, *, length: int = 6, generation: int = 0, purpose: str = "login") -> str:
    """The code of a numbered seed."""
    raw = seed.to_bytes(16, "big")
    return derive_code(KEY, seed=raw, purpose=purpose, generation=generation, length=length)


def test_hkdf_expand_gives_the_vectors_of_rfc_5869() -> None:
    prk = bytes.fromhex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
    info = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9")
    expected = (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    assert hkdf_expand(prk, info, 42).hex() == expected


def test_every_digit_is_as_likely_at_every_place() -> None:
    drawn = [derive(n, length=10) for n in range(40_000)]
    tallies = [Counter(place) for place in zip(*drawn, strict=True)]
    assert all(chi_squared(tally) < ODD for tally in tallies)
    # all places together: a byte modulo 10 would come to about 146 here
    assert chi_squared(sum(tallies, Counter())) < ODD


ODD = 33.7
"""Chi-squared with 9 degrees of freedom is above it in one of ten thousand fair tables."""


def chi_squared(tally: Counter[str]) -> float:
    """How far the ten digits are from being equally frequent."""
    fair = tally.total() / 10
    return sum((tally[digit] - fair) ** 2 / fair for digit in "0123456789")


def test_leading_zeros_are_kept() -> None:
    drawn = [derive(n) for n in range(3000)]
    assert all(len(code) == 6 for code in drawn)
    assert sum(code.startswith("0") for code in drawn) > 200
    assert any(code.startswith("00") for code in drawn)


@steady
@given(st.binary(min_size=16, max_size=16), st.integers(4, 10), st.integers(0, 50))
def test_a_code_is_ascii_digits_of_its_length_and_the_same_each_time(
    seed: bytes, length: int, generation: int
) -> None:
    values: dict[str, Any] = {"seed": seed, "purpose": "login", "generation": generation}
    code = derive_code(KEY, length=length, **values)
    assert len(code) == length
    assert code.isascii()
    assert code.isdigit()
    assert code == derive_code(KEY, length=length, **values)


def test_seed_purpose_generation_and_key_each_make_another_code() -> None:
    one = derive(1, length=10)
    other_key = derive_code(
        KEY[::-1], seed=(1).to_bytes(16, "big"), purpose="login", generation=0, length=10
    )
    others = [
        derive(2, length=10),
        derive(1, length=10, generation=1),
        derive(1, length=10, purpose="change_phone"),
        other_key,
    ]
    assert len({one, *others}) == 5


def test_a_digest_belongs_to_one_challenge_one_purpose_and_one_code() -> None:
    base = {"challenge_id": "tag.id", "purpose": "login", "code": "012345"}
    changes = [
        {},
        {"challenge_id": "tag.di"},
        {"purpose": "change_phone"},
        {"code": "12345"},
        {"code": "012346"},
    ]
    digests = {digest_code(KEY, **(base | change)) for change in changes}
    digests.add(digest_code(KEY[::-1], **base))
    assert len(digests) == 6
    assert all(len(digest) == 32 for digest in digests)


@steady
@given(codes, st.data())
def test_digits_of_any_script_and_spacing_are_one_code(code: str, data: st.DataObject) -> None:
    typed = ""
    for digit in code:
        typed += data.draw(st.text(SPACES, max_size=2))
        typed += chr(ord(data.draw(st.sampled_from(ZEROS))) + int(digit))
    typed += data.draw(st.text(SPACES, max_size=2))
    assert normalise_code(typed, 6) == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("012345", "012345"),
        (" 012 345\n", "012345"),
        ("012-345", "012345"),
        ("0 1 2 3 4 5", "012345"),
        ("٠١٢٣٤٥", "012345"),
        ("۰۱۲۳۴۵", "012345"),
        ("०१२३४५", "012345"),
        ("０１２３４５", "012345"),
        ("٠1२３45", "012345"),
        ("\u2066012345\u2069", "012345"),
    ],
)
def test_what_people_type_and_paste_is_read(typed: str, code: str) -> None:
    assert normalise_code(typed, 6) == code


NO_CODES = [
    "", " ", "\u00a0", "-", None, 0, 1, True, False, 12345, 123456, 123456.0, b"123456", [], {},
    ["123456"], {"code": "123456"}, "٣", "12345", "1234567", "12345a", "a123456", "123456a",
    "12x456", "1234５", "²³⁴⁵⁶⁷", "①②③④⑤⑥", "½½½½½½", "一二三四五六", "ⅠⅡⅢⅣⅤⅥ",
    "+123456", "123,456",
    "12\x003456", "123456\x00", "1" * 10_000, " " * 10_000 + "123456", "1e5000", "0x1234",
    "true", "null", "123456\ud800", "xxxxxx", "-1", "1.5",
]  # fmt: skip


@pytest.mark.parametrize("typed", NO_CODES, ids=lambda value: repr(value)[:20])
def test_what_is_no_code_is_refused(typed: object) -> None:
    assert normalise_code(typed, 6) is None


@steady
@given(st.text(max_size=70))
def test_what_is_read_as_a_code_has_exactly_its_decimal_digits(typed: str) -> None:
    code = normalise_code(typed, 6)
    values = [unicodedata.decimal(char, None) for char in typed]
    if code is not None:
        assert code == "".join(str(value) for value in values if value is not None)
        assert len(code) == 6


@steady
@given(codes, st.characters(categories=["L", "M", "N", "S", "Cc", "Cs", "Po"]))
def test_any_other_character_is_refused(code: str, other: str) -> None:
    hypothesis.assume(unicodedata.decimal(other, None) is None)
    hypothesis.assume(not other.isspace() and other not in ".·")
    assert normalise_code(code[:3] + other + code[3:], 6) is None


@steady
@given(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.binary(), st.lists(st.integers())
    )
)
def test_what_is_no_text_is_no_code(typed: object) -> None:
    assert normalise_code(typed, 6) is None

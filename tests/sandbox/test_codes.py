import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sandbox import code_texts

from sms_sandbox import codes
from sms_sandbox.code_words import COUNTED, CURRENCIES, DURATIONS, EXACT, LABELS, OTHER_CODES, STEMS
from sms_sandbox.codes import extract


def _read(line: str) -> tuple[str | None, str]:
    expected, text = line.split("\t", 1)
    for escape, character in (("\\n", "\n"), ("\\u202e", "\u202e"), ("\\u202c", "\u202c")):
        text = text.replace(escape, character)
    return None if expected == "-" else expected, text


CORPUS = [
    _read(line)
    for line in (Path(__file__).parent / "code_corpus.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@pytest.mark.parametrize(("expected", "text"), CORPUS, ids=[text[:30] for _, text in CORPUS])
def test_corpus_text_yields_its_code(expected: str | None, text: str) -> None:
    assert extract(text).code == expected


def test_no_corpus_text_is_wrong_with_high_confidence() -> None:
    wrong = [
        text
        for expected, text in CORPUS
        if (found := extract(text)).code != expected and found.confidence >= 0.9
    ]
    assert wrong == []


def test_origin_bound_line_wins_over_a_keyword() -> None:
    found = extract("Your code is 111111\n@example.com #222222")
    assert (found.code, found.confidence) == ("222222", 0.99)


def test_keyword_is_surer_than_standing_alone() -> None:
    assert extract("code 482913").confidence > extract("hello 482913").confidence > 0


def test_two_equal_candidates_are_named_and_not_guessed() -> None:
    found = extract("Your codes are 111222 and 333444")
    assert found.code is None
    assert found.ambiguous
    assert found.candidates == ("111222", "333444")


def test_text_without_digits_has_nothing() -> None:
    assert extract("hello") == extract("")


@pytest.mark.parametrize(
    "hostile",
    [
        "9" * 20_000,
        "1." * 10_000,
        "a-" * 10_000,
        "1-" * 10_000,
        "w." * 10_000,
        "code 1 " * 3000,
        "[" * 10_000,
        "\n@" * 10_000,
        "A1" * 10_000,
        "+1" * 10_000,
        "1 " * 10_000,
    ],
    ids=lambda text: text[:4].strip(),
)
def test_hostile_text_is_read_in_bounded_time(hostile: str) -> None:
    started = time.process_time()
    extract(hostile)
    assert time.process_time() - started < 1.0


def test_repr_does_not_show_the_code() -> None:
    assert "482913" not in repr(extract("code 482913"))


_AROUND = (
    "January",
    "Sep.",
    "ends in",
    "stop",
    "to",
    "call us on",
    "https://a.example/1",
    "a@b.example",
)
_WORDS = st.sampled_from(
    [*STEMS, *EXACT, *DURATIONS, *CURRENCIES, *COUNTED, *OTHER_CODES, *LABELS, *_AROUND]
)
_SIGNS = st.text("0123456789 .,:;-+/()#*$%@xX\n", max_size=12)


@given(st.lists(_WORDS | _SIGNS, max_size=12).map("".join) | st.text(max_size=40))
@example("Your code is 482913, valid for 5 minutes. Order #4821, 12:30, +1 201 555 0123")
@example("ends in 4821 1-800-555-0123 2026-01-31 FA+9qCX9VSu")
def test_sorting_patterns_out_beforehand_changes_nothing(text: str) -> None:
    folded = codes._fold(text)
    every = folded
    for pattern in codes._NOT_CODES:
        every = pattern.sub(codes._blank, every)

    assert codes._mask(folded) == every
    if every.isascii():
        small = [found.span() for found in codes._KEYWORD_IN_ASCII.finditer(every.lower())]
        assert small == [found.span() for found in codes._KEYWORD.finditer(every)]


def test_of_more_than_a_thousand_texts_nearly_all_yield_theirs_and_none_is_surely_wrong() -> None:
    texts = [*CORPUS, *code_texts.texts()]
    found = [(expected, text, extract(text)) for expected, text in texts]
    missed = [(expected, one.code, text) for expected, text, one in found if one.code != expected]
    sure = [text for expected, text, one in found if one.code != expected and one.confidence >= 0.9]

    assert len({text for _, text in texts}) > 1500
    assert len(missed) <= 0.005 * len(texts), missed
    assert sure == []

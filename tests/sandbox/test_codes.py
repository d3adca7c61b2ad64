import time
from pathlib import Path

import pytest

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

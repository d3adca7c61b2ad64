from __future__ import annotations

import io
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from flask_phoneauth.errors import ProviderDown
from flask_phoneauth.providers.console import ConsoleProvider
from flask_phoneauth.records import Outbound

RULE = "-" * 64


def message(body: str, to: str = "+447911123456") -> Outbound:
    return Outbound(to=to, body=body, reference="AB")


def test_the_message_is_printed_between_rules_on_stderr(
    capsys: pytest.CaptureFixture[str],
) -> None:
    accepted = ConsoleProvider().send(message("Your code: 123456\n\n@example.com #123456"))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.split("\n") == [
        "",
        RULE,
        "SMS to +447911123456",
        "  Your code: 123456",
        "  ",
        "  @example.com #123456",
        RULE,
        "",
    ]
    assert accepted.provider == "console"


class Recorder(io.StringIO):
    """A stream that notes each call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def write(self, text: str) -> int:
        self.calls.append("write")
        return super().write(text)

    def flush(self) -> None:
        self.calls.append("flush")


def test_a_message_is_one_write_that_is_flushed() -> None:
    stream = Recorder()
    ConsoleProvider(stream).send(message("several\nlines"))
    assert stream.calls == ["write", "flush"]


@pytest.mark.parametrize(
    "letter",
    ["\x1b", "\r", "\x07", "\x08", "\x00", "\x7f", "\x9b", "\u202e", "\u2066", "\u2028", "\ud800"],
)
def test_letters_that_steer_a_terminal_are_escaped(letter: str) -> None:
    stream = io.StringIO()
    ConsoleProvider(stream).send(message(f"a{letter}b", to=f"+1{letter}"))
    assert letter not in stream.getvalue()
    assert f"a{letter.encode('unicode_escape').decode()}b" in stream.getvalue()


def test_ordinary_letters_of_any_script_are_printed_as_they_are() -> None:
    stream = io.StringIO()
    text = "Größe 東京 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 🙂"
    ConsoleProvider(stream).send(message(text))
    assert f"  {text}\n" in stream.getvalue()


def test_a_text_cannot_pass_for_a_rule_or_a_number() -> None:
    stream = io.StringIO()
    ConsoleProvider(stream).send(message(f"x\n{RULE}\nSMS to +15550001111\nforged"))
    lines = stream.getvalue().split("\n")
    assert lines.count(RULE) == 2
    assert [line for line in lines if line.startswith("SMS to")] == ["SMS to +447911123456"]


@pytest.mark.parametrize("gone", [None, "closed"])
def test_without_a_terminal_nothing_was_sent(
    gone: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream if gone else None)
    with pytest.raises(ProviderDown, match="no_console"):
        ConsoleProvider().send(message("text"))


class LetterByLetter(io.StringIO):
    """A stream that, as a real one may, lets other threads in within a write."""

    def write(self, text: str) -> int:
        return sum(super(LetterByLetter, self).write(letter) for letter in text)


def test_messages_of_many_threads_stay_whole() -> None:
    stream = LetterByLetter()
    provider = ConsoleProvider(stream)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: provider.send(message(f"one {n}\ntwo {n}")), range(100)))
    finally:
        sys.setswitchinterval(before)
    sheets = stream.getvalue().split(f"\n{RULE}\n")
    bodies = [sheet for sheet in sheets if sheet.startswith("SMS to")]
    assert sorted(bodies) == sorted(
        f"SMS to +447911123456\n  one {n}\n  two {n}" for n in range(100)
    )

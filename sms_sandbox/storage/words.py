"""The words that a search asks for, and the condition that a message holds one."""

import re
import sqlite3

_WORD = re.compile(r'"([^"]*)"|(\S+)')
_NUMBER_WORD = re.compile(r"\+?[0-9][0-9().\-]*")
_MAX_WORDS = 20
_TEXTS = ("body", "recipient", "sender", "code")
_HOLDS = f"holds(?, {', '.join(_TEXTS)})"
_EQUAL = " OR ".join(f"instr({text}, ?)" for text in _TEXTS)
_ALIKE = " OR ".join(f"{text} LIKE ? ESCAPE '\\'" for text in _TEXTS)
# A sign beyond ASCII has several bytes; at a NUL the length ends.
_NOT_PLAIN = " OR ".join(f"length({text}) <> length(CAST({text} AS BLOB))" for text in _TEXTS)
# SQLite refuses longer patterns.
_LONGEST_PATTERN = 1_000


def split_words(text: str) -> list[str]:
    """The words and "quoted phrases" that a message must hold; numbers lose their punctuation."""
    found = [phrase or word for phrase, word in _WORD.findall(text)]
    return [_plain_number(word) for word in found if word][:_MAX_WORDS]


def register(connection: sqlite3.Connection) -> None:
    """Teach ``connection`` the function ``holds(word, text, ...)``: whether one of the texts
    holds the word, upper and lower case alike."""
    connection.create_function("holds", -1, _holds, deterministic=True)


def condition(word: str) -> tuple[str, list[object]]:
    """That a message holds ``word``, and the condition's values; SQLite asks Python only where it
    does not know upper from lower case."""
    if not word.isascii() or "\0" in word or len(word) > _LONGEST_PATTERN:
        return _HOLDS, [word]
    if not any(map(str.isalpha, word)):
        return f"({_EQUAL})", [word] * len(_TEXTS)
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", word) + "%"
    return f"({_ALIKE} OR ({_NOT_PLAIN}) AND {_HOLDS})", [*[pattern] * len(_TEXTS), word]


def count_digits(text: str) -> int:
    """How many digits ``text`` has."""
    return sum(map(str.isdigit, text))


def _plain_number(word: str) -> str:
    if _NUMBER_WORD.fullmatch(word) and count_digits(word) >= 7:
        return re.sub(r"[().\-]", "", word)
    return word


def _holds(word: str, *texts: str | None) -> bool:
    folded = word.casefold()
    return any(folded in text.casefold() for text in texts if text)

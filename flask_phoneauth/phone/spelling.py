"""How people write numbers: one text to its digits, before anyone asks whose number it is."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

from flask_phoneauth.errors import InvalidPhone

MAX_LENGTH = 64
_POINTER = "/phone"
_TEL = re.compile(r"tel:(?P<number>[^;]*)(?P<parameters>;.*)?", re.IGNORECASE | re.DOTALL)
_EXTENSION_PARAMETERS = frozenset({"ext", "isub", "postd"})
_EXTENSION = re.compile(r"[0-9)](?:extension|e?xtn?|x|#|;|,):?[0-9]", re.IGNORECASE)
_PLUS = "+\uff0b\ufe62"
_OPENING = "([\uff08\uff3b"
_CLOSING = ")]\uff09\uff3d"
# Marks that separate groups and are in no category of separators: tab, dots, slashes, minus,
# tilde, and the long vowel mark that Japanese keyboards give for a dash.
_MARKS = "\t./\uff0e\uff0f\u00b7\u2022\u2219\u22c5\u2212\u30fc~\uff5e"
_WRITTEN = re.compile(r"\(*(\+?)[(]*([0-9][0-9()]*)")


class Spelling(NamedTuple):
    """What was written: a + in front or not, the digits, and the same without a "(0)"."""

    plus: bool
    digits: str
    without_trunk: str


def read_spelling(text: str) -> Spelling:
    """Digits of any script, separators dropped; raises `InvalidPhone` for anything else.

    Refused: more than 64 characters (looked at first), letters, extensions, other characters.
    """
    if len(text) > MAX_LENGTH:
        raise InvalidPhone(
            "This is too long for a phone number. Enter one number only, as +44 7400 123456.",
            pointer=_POINTER,
        )
    plain = "".join(_plain(character) for character in _number_of(text.strip()))
    if not any(character in "0123456789" for character in plain):
        if any(character.isalnum() for character in plain):
            raise _letters()
        raise InvalidPhone(
            "Enter your phone number with its country code, as +44 7400 123456.",
            pointer=_POINTER,
        )
    written = _WRITTEN.fullmatch(plain)
    if written is None:
        raise _unreadable(plain)
    digits = written[2]
    return Spelling(bool(written[1]), _bare(digits), _bare(digits.replace("(0)", "", 1)))


def _plain(character: str) -> str:
    """ASCII for digits, plus and brackets; nothing for a separator; others as they are."""
    if character in _PLUS:
        return "+"
    if character in _OPENING:
        return "("
    if character in _CLOSING:
        return ")"
    if character in _MARKS or unicodedata.category(character) in ("Zs", "Pd", "Cf"):
        return ""
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)


def _bare(digits: str) -> str:
    return digits.replace("(", "").replace(")", "")


def _number_of(text: str) -> str:
    """The number inside a `tel:` URI (RFC 3966) with its country code; other texts unchanged."""
    uri = _TEL.fullmatch(text)
    if uri is None:
        return text
    parameters = dict(_parameters(uri["parameters"] or ""))
    context = parameters.pop("phone-context", "")
    if parameters.keys() & _EXTENSION_PARAMETERS:
        raise _extension()
    if parameters:
        raise _unreadable(text)
    local = context.startswith("+") and not uri["number"].lstrip().startswith("+")
    return context + uri["number"] if local else uri["number"]


def _parameters(text: str) -> list[tuple[str, str]]:
    pairs = [part.partition("=") for part in text.split(";") if part.strip()]
    return [(name.strip().lower(), value.strip()) for name, _, value in pairs]


def _unreadable(plain: str) -> InvalidPhone:
    if _EXTENSION.search(plain):
        return _extension()
    if any(character.isalpha() for character in plain):
        return _letters()
    return InvalidPhone(
        "Use only digits, spaces, dashes and a + in front, as +44 7400 123456.", pointer=_POINTER
    )


def _letters() -> InvalidPhone:
    return InvalidPhone(
        "Write the number in digits, without letters, as +44 7400 123456.", pointer=_POINTER
    )


def _extension() -> InvalidPhone:
    return InvalidPhone(
        "Leave out the extension: a message can only go to the number itself.", pointer=_POINTER
    )

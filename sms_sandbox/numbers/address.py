"""The two kinds of address a text message has: a handset's number and a sender's name.

Numbers are compared by their digits, so ``+990 1234``, ``9901234`` and ``009901234`` are one.
The sandbox does not ask a numbering plan: what a carrier would refuse is the caller's to try.
"""

import re
import unicodedata
from functools import lru_cache

from sms_sandbox.errors import InvalidRequest

_PUNCTUATION = re.compile(r"[\s().\-\u00a0\u2010-\u2015]+")
_DIALLED = re.compile(r"(?:\+|00)?([1-9][0-9]{6,14})")
_NUMERIC = re.compile(r"\+?[0-9]{3,15}")
_MAX_SENDER = 32


# Several parts ask for each message's numbers.
@lru_cache(maxsize=1024)
def comparison_key(text: str) -> str:
    """The form in which two spellings of one address are equal: digits, else the folded name."""
    squeezed = _squeeze(text)
    dialled = _DIALLED.fullmatch(squeezed)
    if dialled:
        return dialled.group(1)
    return squeezed.lstrip("+") if _NUMERIC.fullmatch(squeezed) else text.strip().casefold()


def parse_number(text: str, pointer: str) -> str:
    """A handset's number as ``+`` and 7 to 15 digits.

    A leading space reads as ``+`` (a ``+`` in a query string arrives as one). Raises
    ``InvalidRequest`` naming ``pointer``.
    """
    dialled = _DIALLED.fullmatch(_squeeze(text))
    if dialled is None:
        raise InvalidRequest(
            "This is not a phone number in international form.",
            hint="Write + and 7 to 15 digits, the country's code first, such as +9901234567.",
            pointer=pointer,
        )
    return "+" + dialled.group(1)


def parse_sender(text: str, pointer: str) -> str:
    """A sender: a number, a short code of 3 digits or more, or a name of at most 32 characters."""
    squeezed = _squeeze(text)
    if _DIALLED.fullmatch(squeezed):
        return parse_number(text, pointer)
    if _NUMERIC.fullmatch(squeezed):
        return squeezed
    name = text.strip()
    if not 0 < len(name) <= _MAX_SENDER or not _is_plain(name):
        raise InvalidRequest(
            f"A sender is a number, a short code or a name of 1 to {_MAX_SENDER} characters.",
            hint="Use letters, digits and spaces; no control characters.",
            pointer=pointer,
        )
    return name


def _is_plain(name: str) -> bool:
    if name.isascii():
        return name.isprintable()
    return not any(unicodedata.category(character) in ("Cc", "Cf", "Cs") for character in name)


def _squeeze(text: str) -> str:
    leading = "+" if text.startswith(" ") and text.strip()[:1].isdigit() else ""
    return leading + _PUNCTUATION.sub("", text.strip())

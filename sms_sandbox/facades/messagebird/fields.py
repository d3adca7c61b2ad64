"""The values of a request, JSON or a form, read one by one; what cannot be used is named."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sms_sandbox.facades.messagebird import wire
from sms_sandbox.facades.messagebird.errors import BAD, MessageBirdError, invalid

MAX_FIELDS = 200
"""How many values a form may have."""
_MAX_URL = 2048
_MAX_DETAIL = 400
_FORM = "application/x-www-form-urlencoded"
_NESTED = re.compile(r"([A-Za-z]{1,32})\[([A-Za-z]{0,32})\]")
# Controls, and halves of surrogate pairs, which no address could carry.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")


class Fields:
    """What a request asks for. Every method raises ``MessageBirdError`` for a value that is not of
    its kind; ``null`` and an empty text count as left out."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = {name: one for name, one in values.items() if one not in (None, "")}

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def raw(self, name: str) -> Any:
        """The value as it was given; ``None`` where it was left out."""
        return self._values.get(name)

    def text(self, name: str, *, most: int = 255) -> str | None:
        """A text of at most ``most`` characters; a whole number is its digits."""
        value = self._values.get(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
            value = str(value)
        if not isinstance(value, str) or _NOT_TEXT.search(value):
            raise invalid(name, f"{name} must be a text")
        if len(value) > most:
            raise invalid(name, f"{name} must have at most {most} characters")
        return value

    def whole(self, name: str, low: int, high: int) -> int | None:
        """A whole number from ``low`` to ``high``; its digits in a text will do."""
        value = self._values.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value[:12])
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise invalid(name, f"{name} must be a whole number from {low} to {high}")
        return value

    def one_of(self, name: str, values: Sequence[str]) -> str | None:
        """One of a few words."""
        text = self.text(name)
        if text is not None and text not in values:
            raise invalid(name, f"{name} must be one of {', '.join(values)}")
        return text

    def url(self, name: str) -> str | None:
        """An address that the sandbox could ask."""
        text = self.text(name, most=_MAX_URL)
        if text is not None and not is_url(text):
            raise invalid(name, f"{name} must be an http or https address")
        return text

    def moment(self, name: str) -> float | None:
        """A moment of RFC 3339, in seconds since 1970."""
        text = self.text(name)
        moment = None if text is None else wire.read_time(text)
        if text is not None and moment is None:
            raise invalid(name, f"{name} must be a moment as 2026-01-31T08:15:00+00:00")
        return moment

    def details(self, name: str) -> dict[str, str | int]:
        """A small object of texts and whole numbers."""
        value = self._values.get(name, {})
        if value == []:  # what PHP makes of an empty object
            return {}
        if not isinstance(value, dict) or len(value) > 10 or not all(map(_is_plain, value.items())):
            raise invalid(name, f"{name} must be an object of texts and whole numbers")
        return value


def read(media: str, body: bytes) -> Fields:
    """The values in a body: JSON, whatever its label says, or a form. Raises
    ``MessageBirdError``."""
    if media == _FORM and not body.lstrip().startswith(b"{"):
        return Fields(_form(body))
    try:
        values = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        raise MessageBirdError(422, BAD, "Bad request (the body is not JSON)") from None
    if values is None:  # what an SDK sends where it has no parameters
        values = {}
    if not isinstance(values, dict):
        raise MessageBirdError(422, BAD, "Bad request (the body is not a JSON object)")
    return Fields(values)


def is_url(text: str) -> bool:
    """Whether the sandbox could ask it: http or https, a host, nothing that must be escaped."""
    try:
        parts = urlsplit(text)
        fits = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = text.isascii() and text.isprintable() and " " not in text
    known = parts.scheme.casefold() in ("http", "https") and bool(parts.hostname)
    return fits and plain and known and parts.username is None and len(text) <= _MAX_URL


def _form(body: bytes) -> dict[str, Any]:
    """The fields of a form; ``name[]`` is a list, ``name[key]`` an object."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise MessageBirdError(422, BAD, "Bad request (the body is not a form)") from None
    values: dict[str, Any] = {}
    for name, value in pairs:
        nested = _NESTED.fullmatch(name)
        if nested is None:
            values[name] = value
        elif nested[2]:
            _member(values, nested[1], {})[nested[2]] = value
        else:
            _member(values, nested[1], []).append(value)
    return values


def _member(values: dict[str, Any], name: str, empty: Any) -> Any:
    """The list or object of that name, made anew where it is something else."""
    if not isinstance(values.get(name), type(empty)):
        values[name] = empty
    return values[name]


def _is_plain(entry: tuple[str, object]) -> bool:
    name, value = entry
    if len(name) > 32 or isinstance(value, bool):
        return False
    if isinstance(value, int):
        return abs(value) < 10**15
    return isinstance(value, str) and len(value) <= _MAX_DETAIL and not _NOT_TEXT.search(value)

"""The values of a request, JSON or a form, read one by one; what cannot be used is named."""

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from sms_sandbox.facades.messagebird import wire
from sms_sandbox.facades.messagebird.errors import BAD, MessageBirdError, invalid
from sms_sandbox.facades.posting import MAX_URL, is_url
from sms_sandbox.facades.values import Values

MAX_FIELDS = 200
"""How many values a form may have."""
_MAX_DETAIL = 400
_FORM = "application/x-www-form-urlencoded"
_NESTED = re.compile(r"([A-Za-z]{1,32})\[([A-Za-z]{0,32})\]")
# Controls, and halves of surrogate pairs, which no address could carry.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")


class Fields(Values):
    """What a request asks for. Every method raises ``MessageBirdError`` for a value that is not of
    its kind; ``null`` and an empty text count as left out."""

    left_out = (None, "")

    def wrong(self, name: str, rule: str) -> MessageBirdError:
        """The refusal that names a value and its rule."""
        return invalid(name, f"{name} {rule}")

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
            raise self.wrong(name, "must be a text")
        if len(value) > most:
            raise self.wrong(name, f"must have at most {most} characters")
        return value

    def one_of(self, name: str, values: Sequence[str]) -> str | None:
        """One of a few words."""
        text = self.text(name)
        if text is not None and text not in values:
            raise self.wrong(name, f"must be one of {', '.join(values)}")
        return text

    def url(self, name: str) -> str | None:
        """An address that the sandbox could ask."""
        text = self.text(name, most=MAX_URL)
        if text is not None and not is_url(text):
            raise self.wrong(name, "must be an http or https address")
        return text

    def moment(self, name: str) -> float | None:
        """A moment of RFC 3339, in seconds since 1970."""
        text = self.text(name)
        moment = None if text is None else wire.read_time(text)
        if text is not None and moment is None:
            raise self.wrong(name, "must be a moment as 2026-01-31T08:15:00+00:00")
        return moment

    def details(self, name: str) -> dict[str, str | int]:
        """A small object of texts and whole numbers."""
        value = self._values.get(name, {})
        if value == []:  # what PHP makes of an empty object
            return {}
        if not isinstance(value, dict) or len(value) > 10 or not all(map(_is_plain, value.items())):
            raise self.wrong(name, "must be an object of texts and whole numbers")
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

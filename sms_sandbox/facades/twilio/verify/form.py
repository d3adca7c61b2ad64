"""A form's values as Verify reads them; each refusal is 60200 and names the parameter."""

import json
from collections.abc import Mapping
from typing import Any

from sms_sandbox.facades.twilio.errors import TwilioError


def invalid(name: str) -> TwilioError:
    """What Verify says of a value that cannot be used."""
    return TwilioError(60200, name=name)


def flag(form: Mapping[str, str], name: str, default: bool) -> bool:
    """``true`` or ``false``, as the SDKs write them, in any case."""
    text = form.get(name)
    if text is None:
        return default
    if text.casefold() not in ("true", "false"):
        raise invalid(name)
    return text.casefold() == "true"


def whole(form: Mapping[str, str], name: str, low: int, high: int, default: int | None) -> int:
    """A whole number from ``low`` to ``high``; without a default it must be there."""
    text = form.get(name)
    if text is None and default is not None:
        return default
    text = text or ""
    if not (text.isascii() and text.isdigit() and len(text) <= 9) or not low <= int(text) <= high:
        raise invalid(name)
    return int(text)


def text(form: Mapping[str, str], name: str, *, most: int) -> str | None:
    """A line of at most ``most`` characters, none of them a control; ``None`` if left out."""
    value = form.get(name)
    if value is None:
        return None
    if len(value) > most or not value.isprintable():
        raise invalid(name)
    return value


def mapping(form: Mapping[str, str], name: str) -> dict[str, Any]:
    """A JSON object in a string; empty if left out."""
    value = form.get(name)
    if not value:
        return {}
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        raise invalid(name) from None
    if not isinstance(found, dict):
        raise invalid(name)
    return found

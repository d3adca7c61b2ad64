"""From what a configuration holds to the values of `Settings`: one rule for each kind."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any, get_args, get_origin

THOUSANDTHS = 1000
MOST_PRICE = 1000
ROUTES_CURE = 'PHONEAUTH_ROUTES must be {"GB": ["vonage", "twilio"], "*": ["twilio"]}'
_PRICED = re.compile(r"\+[0-9]{0,15}")


class SettingError(ValueError):
    """A setting is malformed; the message names the key, what is wrong and the cure."""


def coerce(key: str, kind: Any, value: Any) -> Any:
    """`value` as the type of that setting; raises `SettingError`."""
    if kind in _PLAIN:
        return _PLAIN[kind](key, value)
    if get_origin(kind) is tuple:
        if isinstance(value, str) or not isinstance(value, list | tuple | set | frozenset):
            raise SettingError(f'{key} must be a list, as ["..."]')
        return tuple(coerce(key, get_args(kind)[0], item) for item in value)
    return _MAPPINGS[get_args(kind)[1]](key, value)


def prices(key: str, value: Any) -> Mapping[str, int]:
    """What a message costs in thousandths, rounded up, by how its number begins."""
    cure = f'{key} must be {{"+44": 0.04, "+": 0.1}}'
    if not isinstance(value, Mapping):
        raise SettingError(cure)
    found = {}
    for beginning, price in value.items():
        if not _PRICED.fullmatch(str(beginning)):
            raise SettingError(f"{cure}: {beginning!r} is not how a number begins")
        found[str(beginning)] = _thousandths(cure, price)
    return types.MappingProxyType(found)


def test_numbers(key: str, value: Any) -> Mapping[str, tuple[str, str]]:
    """The app reviewers' numbers, each with its code and its last day."""
    cure = f'{key} must be {{"+12015550123": ("123456", "2027-01-31")}}'
    if not isinstance(value, Mapping):
        raise SettingError(cure)
    numbers = {}
    for number, entry in value.items():
        if not isinstance(entry, list | tuple) or len(entry) != 2:
            raise SettingError(cure)
        code, until = str(entry[0]), str(entry[1])
        try:
            date.fromisoformat(until)
        except ValueError:
            raise SettingError(cure) from None
        if not (code.isascii() and code.isdigit()):
            raise SettingError(f"{cure}: a code is digits only, in quotes")
        numbers[str(number)] = (code, until)
    return types.MappingProxyType(numbers)


def routes(key: str, value: Any) -> Mapping[str, tuple[str, ...]]:
    """The providers of each region, in their order."""
    del key  # the cure names it
    if not isinstance(value, Mapping):
        raise SettingError(ROUTES_CURE)
    found = {}
    for region, names in value.items():
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
            raise SettingError(f"{ROUTES_CURE}: {region!r} has no list of names")
        found[str(region)] = tuple(names)
    return types.MappingProxyType(found)


def _thousandths(cure: str, price: Any) -> int:
    try:
        exact = Decimal(str(price))
        sound = not isinstance(price, bool) and 0 <= exact <= MOST_PRICE
    except InvalidOperation:
        sound = False
    if not sound:
        raise SettingError(f"{cure}: a price is a figure from 0 to {MOST_PRICE}")
    return int((exact * THOUSANDTHS).to_integral_value(ROUND_CEILING))


def _text(key: str, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise SettingError(
            f"{key} must be text; a value like 12e45678 in the environment is read as a number: "
            f"put it in quotes"
        )
    return str(value)


def _switch(key: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise SettingError(f"{key} must be True or False, not {value!r}")
    return value


def _whole(key: str, value: Any) -> int:
    if isinstance(value, timedelta):
        return int(value.total_seconds())
    if isinstance(value, bool) or not isinstance(value, int):
        raise SettingError(f"{key} must be a whole number, not {type(value).__name__}")
    return value


_PLAIN: Mapping[Any, Callable[[str, Any], Any]] = {str: _text, bool: _switch, int: _whole}
_MAPPINGS: Mapping[Any, Callable[[str, Any], Any]] = {
    int: prices,
    tuple[str, str]: test_numbers,
    tuple[str, ...]: routes,
}

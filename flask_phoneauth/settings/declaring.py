"""How a setting is declared: its default, what it is about, whether it is a secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

from flask_phoneauth.settings.values import SettingError

PREFIX = "PHONEAUTH_"


def setting(default: Any, about: str, *, secret: bool = False) -> Any:
    """A field of `Settings`; `about` is its line in the reference, a `secret` is in no repr."""
    return field(default=default, repr=not secret, metadata={"about": about})


def key_of(name: str) -> str:
    """The key in `app.config`."""
    return PREFIX + name.upper()


def within(settings: Any, name: str, low: int, high: int, why: str) -> None:
    """Raise `SettingError` where that figure is not from `low` to `high`."""
    value = getattr(settings, name)
    if not low <= value <= high:
        raise SettingError(f"{key_of(name)} must be {low} to {high}, not {value}: {why}")


def among(settings: Any, name: str, known: Sequence[str]) -> None:
    """Raise `SettingError` where that list names anything else."""
    for value in getattr(settings, name):
        if value not in known:
            raise SettingError(f"{key_of(name)} names {value!r}; it may name {', '.join(known)}")


def address(name: str, url: str) -> None:
    """Raise `SettingError` where a URL is given that is not a plain http(s) address."""
    if not url:
        return
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname)
        sound = sound and parts.port != 0 and not (parts.username or parts.query or parts.fragment)
    except ValueError:
        sound = False
    if not sound:
        shown = "one with a password" if "@" in url else repr(url)
        raise SettingError(
            f"{key_of(name)} must be an address as 'https://example.com', not {shown}"
        )

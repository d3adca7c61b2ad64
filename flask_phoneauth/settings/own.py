"""What an app has set for a provider of another package: its `PHONEAUTH_<NAME>_...` keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_phoneauth.settings.declaring import PREFIX
from flask_phoneauth.settings.providers import OURS
from flask_phoneauth.settings.values import SettingError, coerce


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """The keys of one provider by the rest of their names, in small letters; values never show."""

    provider: str
    values: Mapping[str, Any] = field(repr=False)

    def text(self, name: str, default: str | None = None) -> str:
        """That setting as text; without a `default` it is needed. Raises `SettingError`."""
        return str(self._read(name, str, default))

    def whole(self, name: str, default: int | None = None) -> int:
        """The same as a whole number, or the seconds of a `timedelta`."""
        return int(self._read(name, int, default))

    def switch(self, name: str, default: bool | None = None) -> bool:
        """The same as True or False."""
        return bool(self._read(name, bool, default))

    def _read(self, name: str, kind: type, default: object) -> Any:
        key = own_prefix(self.provider) + name.upper()
        value = self.values.get(name, default)
        if value is None:
            raise SettingError(f"{key} is missing, which the provider {self.provider!r} needs")
        if kind is bool and not isinstance(value, bool):
            raise SettingError(f"{key} must be True or False")  # the value may be a secret
        return coerce(key, kind, value)


def own_prefix(provider: str) -> str:
    """How the keys of a provider of another package begin."""
    return f"{PREFIX}{provider.upper().replace('-', '_')}_"


def is_own(key: str, providers: Iterable[str]) -> bool:
    """Whether that key is for one of these `providers`, and not of this package."""
    return any(key.startswith(own_prefix(name)) for name in providers if name not in OURS)


def own_settings(provider: str, outside: Mapping[str, Any]) -> OwnSettings:
    """Of all such keys those of one provider."""
    prefix = own_prefix(provider)
    found = {
        key.removeprefix(prefix).lower(): value
        for key, value in outside.items()
        if key.startswith(prefix)
    }
    return OwnSettings(provider, found)

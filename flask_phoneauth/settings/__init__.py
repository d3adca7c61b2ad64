"""One typed, frozen `Settings`, built once in `init_app` from the `PHONEAUTH_*` keys.

Each noun has its file: what it is called, its default, what it is about, and its own `check`.
"""

from __future__ import annotations

import difflib
import logging
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from typing import Any

from flask_phoneauth.settings import (
    budgets,
    channels,
    codes,
    dispatch,
    numbers,
    operator,
    providers,
    risk,
    routing,
    stores,
    verifier,
    web,
)
from flask_phoneauth.settings.budgets import CAPS, RULES_TO_RECORD, BudgetsSettings
from flask_phoneauth.settings.channels import ChannelsSettings
from flask_phoneauth.settings.codes import SHORT_CODE_TRIES, SOUND_LENGTH, CodesSettings
from flask_phoneauth.settings.declaring import PREFIX, key_of, within
from flask_phoneauth.settings.dispatch import DispatchSettings
from flask_phoneauth.settings.numbers import LINE_TYPES, NumbersSettings
from flask_phoneauth.settings.operator import OperatorSettings
from flask_phoneauth.settings.own import OwnSettings, is_own, own_settings
from flask_phoneauth.settings.production import ProductionSettings
from flask_phoneauth.settings.providers import ProvidersSettings
from flask_phoneauth.settings.risk import RiskSettings
from flask_phoneauth.settings.routing import RoutingSettings
from flask_phoneauth.settings.sessions import SessionsSettings
from flask_phoneauth.settings.stores import StoresSettings
from flask_phoneauth.settings.values import SettingError, coerce
from flask_phoneauth.settings.verifier import VerifierSettings
from flask_phoneauth.settings.web import WebSettings

__all__ = [
    "LINE_TYPES",
    "PREFIX",
    "RULES_TO_RECORD",
    "OwnSettings",
    "SettingError",
    "Settings",
    "declared",
    "unknown_key",
]

logger = logging.getLogger("flask_phoneauth")


# Bases stand in reverse: a dataclass lists the fields of its last base first.
@dataclass(frozen=True, kw_only=True)
class Settings(
    ProductionSettings,
    SessionsSettings,
    RiskSettings,
    BudgetsSettings,
    CodesSettings,
    NumbersSettings,
    DispatchSettings,
    StoresSettings,
    OperatorSettings,
    ChannelsSettings,
    RoutingSettings,
    VerifierSettings,
    ProvidersSettings,
    WebSettings,
):
    """Every setting with its default; durations are seconds (an int or a `timedelta`)."""

    outside: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Read the `PHONEAUTH_*` keys; raises `SettingError` for a malformed one, logs unknown."""
        known = {key_of(entry.name): entry for entry in declared()}
        kinds = typing.get_type_hints(cls)
        values: dict[str, Any] = {}
        outside = {}
        for key, value in config.items():
            if not key.startswith(PREFIX) or value is None:
                continue
            if key not in known:
                outside[key] = value
                continue
            name = known[key].name
            values[name] = coerce(key, kinds[name], value)
        if values.get("code_length", SOUND_LENGTH) < SOUND_LENGTH:
            values.setdefault("max_tries", SHORT_CODE_TRIES)
        settings = cls(**values, outside=_owned(outside, values.get("providers", ())))
        for check in _CHECKS:
            check(settings)
        return settings

    def own(self, provider: str) -> OwnSettings:
        """What the app has set for a provider of another package: `PHONEAUTH_<NAME>_...`."""
        return own_settings(provider, self.outside)


def declared() -> tuple[Field[Any], ...]:
    """The settings of this package; keys of other packages' providers are not among them."""
    return tuple(entry for entry in fields(Settings) if "about" in entry.metadata)


def _owned(outside: Mapping[str, Any], providers: Sequence[str]) -> Mapping[str, Any]:
    for key in outside:
        if unknown := unknown_key(key, providers):
            logger.warning("%s", unknown)
    return {key: value for key, value in outside.items() if is_own(key, providers)}


def unknown_key(key: str, providers: Sequence[str] = ()) -> str:
    """What to say of a `PHONEAUTH_*` key that nobody reads; nothing of any other.

    `providers` are those that send: one of another package has keys of its own.
    """
    known = [key_of(entry.name) for entry in declared()]
    if not key.startswith(PREFIX) or key in known or is_own(key, providers):
        return ""
    match = difflib.get_close_matches(key, known, n=1)
    cure = f"did you mean {match[0]}?" if match else "see docs/reference/settings.md"
    return f"{key} is not a setting of Flask-PhoneAuth; {cure}"


_ZERO_IS_FINE = frozenset(entry.name for entry in declared() if isinstance(entry.default, bool)) | {
    "redis_wait",
    *CAPS,
}


def _check_figures(settings: Settings) -> None:
    for entry in declared():
        if isinstance(getattr(settings, entry.name), int) and entry.name not in _ZERO_IS_FINE:
            within(settings, entry.name, 1, 10**9, "it must be positive")


def _check_together(settings: Settings) -> None:
    if settings.sim_swap == "step_up" and "email" not in settings.channels:
        raise SettingError(
            "PHONEAUTH_SIM_SWAP = 'step_up' needs the channel 'email', by which the second code "
            "comes: add it to PHONEAUTH_CHANNELS and set PHONEAUTH_EMAIL_HOST and "
            "PHONEAUTH_EMAIL_FROM, or set PHONEAUTH_SIM_SWAP to 'refuse'"
        )
    if settings.dispatch == "inline" and not settings.signup:
        raise SettingError(
            "PHONEAUTH_DISPATCH = 'inline' lets the answer's time tell who has an account while "
            "PHONEAUTH_SIGNUP is off: leave it out, or set 'thread'"
        )
    for code, _ in settings.test_numbers.values():
        if len(code) != settings.code_length:
            raise SettingError(
                f"PHONEAUTH_TEST_NUMBERS: codes must have {settings.code_length} digits, as all do"
            )


_CHECKS: tuple[Callable[[Settings], None], ...] = (
    codes.check,
    _check_figures,
    dispatch.check,
    web.check,
    providers.check,
    verifier.check,
    routing.check,
    channels.check,
    operator.check,
    numbers.check,
    _check_together,
    stores.check,
    risk.check,
    budgets.check,
)

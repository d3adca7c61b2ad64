"""One typed, frozen `Settings`, built once in `init_app` from the `PHONEAUTH_*` keys.

Each noun has its file: what it is called, its default, what it is about, and its own `check`.
"""

from __future__ import annotations

import difflib
import logging
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from flask_phoneauth.settings import budgets, codes, dispatch, numbers, providers, risk, stores, web
from flask_phoneauth.settings.budgets import CAPS, RULES_TO_RECORD, BudgetsSettings
from flask_phoneauth.settings.codes import SHORT_CODE_TRIES, SOUND_LENGTH, CodesSettings
from flask_phoneauth.settings.declaring import PREFIX, key_of, within
from flask_phoneauth.settings.dispatch import DispatchSettings
from flask_phoneauth.settings.numbers import LINE_TYPES, NumbersSettings
from flask_phoneauth.settings.production import ProductionSettings
from flask_phoneauth.settings.providers import ProvidersSettings
from flask_phoneauth.settings.risk import RiskSettings
from flask_phoneauth.settings.sessions import SessionsSettings
from flask_phoneauth.settings.stores import StoresSettings
from flask_phoneauth.settings.values import SettingError, coerce
from flask_phoneauth.settings.web import WebSettings

__all__ = ["LINE_TYPES", "PREFIX", "RULES_TO_RECORD", "SettingError", "Settings", "unknown_key"]

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
    ProvidersSettings,
    WebSettings,
):
    """Every setting with its default; durations are seconds (an int or a `timedelta`)."""

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Read the `PHONEAUTH_*` keys; raises `SettingError` for a malformed one, logs unknown."""
        known = {key_of(entry.name): entry for entry in fields(cls)}
        kinds = typing.get_type_hints(cls)
        values = {}
        for key, value in config.items():
            if not key.startswith(PREFIX) or value is None:
                continue
            if key not in known:
                logger.warning("%s", unknown_key(key))
                continue
            name = known[key].name
            values[name] = coerce(key, kinds[name], value)
        if values.get("code_length", SOUND_LENGTH) < SOUND_LENGTH:
            values.setdefault("max_tries", SHORT_CODE_TRIES)
        settings = cls(**values)
        for check in _CHECKS:
            check(settings)
        return settings


def unknown_key(key: str) -> str:
    """What to say of a `PHONEAUTH_*` key that no setting has; nothing of one that has."""
    known = [key_of(entry.name) for entry in fields(Settings)]
    if not key.startswith(PREFIX) or key in known:
        return ""
    match = difflib.get_close_matches(key, known, n=1)
    cure = f"did you mean {match[0]}?" if match else "see docs/reference/settings.md"
    return f"{key} is not a setting of Flask-PhoneAuth; {cure}"


_ZERO_IS_FINE = frozenset(
    entry.name for entry in fields(Settings) if isinstance(entry.default, bool)
) | {"redis_wait", *CAPS}


def _check_figures(settings: Settings) -> None:
    for entry in fields(settings):
        if isinstance(getattr(settings, entry.name), int) and entry.name not in _ZERO_IS_FINE:
            within(settings, entry.name, 1, 10**9, "it must be positive")


def _check_together(settings: Settings) -> None:
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
    numbers.check,
    _check_together,
    stores.check,
    risk.check,
    budgets.check,
)

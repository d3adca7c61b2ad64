"""What must not run in production, each with its cure (RULES 32)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask_phoneauth.settings import Settings

LEAST_SECRET = 16
LEAST_VARIETY = 5


@dataclass(frozen=True, slots=True)
class Fault:
    """One reason to refuse: the key that is wrong and a sentence that says what to do."""

    key: str
    cure: str


def production_faults(settings: Settings, config: Mapping[str, Any]) -> list[Fault]:
    """All reasons, in the order of the settings' table."""
    return [*_sending(settings), *_guarding(settings, config)]


def overrides(settings: Settings) -> list[str]:
    """The `ALLOW_..._IN_PRODUCTION` switches that are on, to be named at start."""
    names = (name for name in Settings.__dataclass_fields__ if name.endswith("_in_production"))
    return [f"PHONEAUTH_{name.upper()}" for name in names if getattr(settings, name)]


def _sending(settings: Settings) -> Iterator[Fault]:
    if not settings.providers:
        yield Fault("PHONEAUTH_PROVIDERS", 'name who sends the messages, as ["twilio"]')
    if "console" in settings.providers and not settings.allow_console_in_production:
        yield Fault("PHONEAUTH_PROVIDERS", "'console' prints codes: name a real provider")
    if not settings.allow_sandbox_in_production:
        if "sandbox" in settings.providers:
            yield Fault("PHONEAUTH_PROVIDERS", "'sandbox' reaches no phone: name a real provider")
        if settings.sandbox_url:
            yield Fault("PHONEAUTH_SANDBOX_URL", "take it out: a sandbox reaches no phone")
    if not settings.allowed_regions and not settings.allow_any_region_in_production:
        yield Fault("PHONEAUTH_ALLOWED_REGIONS", 'name the countries you serve, as ["GB", "US"]')
    if settings.virtual_numbers and not settings.allow_virtual_numbers_in_production:
        yield Fault("PHONEAUTH_VIRTUAL_NUMBERS", "take it out: everybody knows these codes")


def _guarding(settings: Settings, config: Mapping[str, Any]) -> Iterator[Fault]:
    if settings.secret and _throw_away(settings.secret):
        yield Fault("PHONEAUTH_SECRET", f"use {LEAST_SECRET} or more random characters")
    elif _throw_away(config.get("SECRET_KEY")):
        yield Fault("SECRET_KEY", f"use {LEAST_SECRET} or more random characters")
    if not settings.public_url:
        yield Fault("PHONEAUTH_PUBLIC_URL", "set the address that visitors use, with https")
    for name in ("store_url", "session_store_url"):
        memory = getattr(settings, name).startswith("memory://")
        if memory and not settings.allow_memory_in_production:
            cure = "memory:// is not shared by workers: take a database"
            yield Fault(f"PHONEAUTH_{name.upper()}", cure)
    insecure = not config.get("SESSION_COOKIE_SECURE")
    if insecure and not settings.allow_insecure_cookie_in_production:
        yield Fault("SESSION_COOKIE_SECURE", "set it to True and serve by https")


def _throw_away(secret: object) -> bool:
    if not isinstance(secret, str | bytes):
        return True
    return len(secret) < LEAST_SECRET or len(set(secret)) < LEAST_VARIETY

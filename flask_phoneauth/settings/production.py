"""What is permitted in production against its checks."""

from __future__ import annotations

from dataclasses import dataclass

from flask_phoneauth.settings.declaring import setting


@dataclass(frozen=True, kw_only=True)
class ProductionSettings:
    """What is permitted in production against its checks."""

    allow_sandbox_in_production: bool = setting(False, "permit the sandbox in production")
    allow_console_in_production: bool = setting(False, "permit the console in production")
    allow_memory_in_production: bool = setting(False, "permit `memory://` in production")
    allow_insecure_cookie_in_production: bool = setting(
        False, "permit `SESSION_COOKIE_SECURE` off in production"
    )
    allow_any_region_in_production: bool = setting(
        False, "permit production without `ALLOWED_REGIONS`"
    )
    allow_virtual_numbers_in_production: bool = setting(
        False, "permit `VIRTUAL_NUMBERS` in production"
    )

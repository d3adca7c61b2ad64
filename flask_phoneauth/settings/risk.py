"""The puzzle that is shown where an ask looks like abuse."""

from __future__ import annotations

from dataclasses import dataclass

from flask_phoneauth.settings.declaring import address, setting
from flask_phoneauth.settings.values import SettingError

PUZZLES = ("turnstile", "hcaptcha")


@dataclass(frozen=True, kw_only=True)
class RiskSettings:
    """The puzzle that is shown where an ask looks like abuse."""

    risk_puzzle: str = setting(
        "", "whose puzzle is shown where an ask looks like abuse: `turnstile` or `hcaptcha`"
    )
    risk_site_key: str = setting("", "its key for the page")
    risk_secret_key: str = setting("", "its key for the server", secret=True)
    risk_verify_url: str = setting("", "where answers are judged; default: at the vendor's")
    risk_fail_open: bool = setting(False, "let people through while nobody judges answers")


def check(settings: RiskSettings) -> None:
    """Raise `SettingError` for what cannot be."""
    address("risk_verify_url", settings.risk_verify_url)
    if settings.risk_puzzle not in ("", *PUZZLES):
        raise SettingError(f"PHONEAUTH_RISK_PUZZLE must be one of {', '.join(PUZZLES)}")
    if settings.risk_puzzle and not (settings.risk_site_key and settings.risk_secret_key):
        raise SettingError(
            "PHONEAUTH_RISK_PUZZLE needs PHONEAUTH_RISK_SITE_KEY and PHONEAUTH_RISK_SECRET_KEY"
        )

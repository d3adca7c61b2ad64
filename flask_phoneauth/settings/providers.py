"""Who sends, and with which credentials."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask_phoneauth.settings.declaring import address, key_of, setting
from flask_phoneauth.settings.values import SettingError

_SIDS = {
    "twilio_account_sid": re.compile("AC[0-9a-f]{32}"),
    "twilio_messaging_service_sid": re.compile("MG[0-9a-f]{32}"),
}


@dataclass(frozen=True, kw_only=True)
class ProvidersSettings:
    """Who sends, and with which credentials."""

    providers: tuple[str, ...] = setting(
        (),
        "who sends, in this order; default in debug and testing: `sandbox` where "
        "`SANDBOX_URL` is set, else `console`",
    )
    sandbox_url: str = setting("", "address of a running sms_sandbox; refused in production")
    sandbox_account: str = setting("default", "the sandbox account that native sends go to")
    sandbox_password: str = setting("", "the sandbox's `--password`, if it has one", secret=True)
    twilio_account_sid: str = setting(
        "", "the Twilio account, `AC` and 32 letters; with `SANDBOX_URL` any"
    )
    twilio_auth_token: str = setting(
        "", "its auth token, which signs receipts too; with `SANDBOX_URL` any", secret=True
    )
    twilio_from: str = setting("", "the sender: a number, short code or name of that account")
    twilio_messaging_service_sid: str = setting(
        "", "a messaging service that chooses the sender, `MG` and 32 letters"
    )


def check(settings: ProvidersSettings) -> None:
    """Raise `SettingError` for what cannot be."""
    address("sandbox_url", settings.sandbox_url)
    for name, shape in _SIDS.items():
        value = getattr(settings, name)
        if value and not shape.fullmatch(value):
            raise SettingError(
                f"{key_of(name)} must be {shape.pattern[:2]} and 32 letters of 0-9 and a-f"
            )

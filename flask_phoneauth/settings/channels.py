"""By which ways a code may come: a message, a call, an e-mail; and the server that mails it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask_phoneauth.settings.declaring import among, setting, within
from flask_phoneauth.settings.values import SettingError

CHANNELS = ("sms", "voice", "email")
SECURITIES = ("starttls", "tls", "none")
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_SENDER = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")


@dataclass(frozen=True, kw_only=True)
class ChannelsSettings:
    """By which ways a code may come: a message, a call, an e-mail; and the server that mails it."""

    channels: tuple[str, ...] = setting(
        ("sms",),
        "how codes may come: `sms` always, `voice` for calls, `email` for accounts with a "
        "verified address",
    )
    email_from: str = setting("", "the sender of e-mails, as `login@example.com`")
    email_host: str = setting("", "the SMTP server that takes them")
    email_port: int = setting(587, "its port")
    email_security: str = setting(
        "starttls", "`starttls`, `tls` from the first byte, or `none`, for a server next door"
    )
    email_username: str = setting("", "who we are there, if it asks")
    email_password: str = setting("", "the password of that", secret=True)


def check(settings: ChannelsSettings) -> None:
    """Raise `SettingError` for what cannot be."""
    among(settings, "channels", CHANNELS)
    if "sms" not in settings.channels:
        raise SettingError(
            "PHONEAUTH_CHANNELS must hold 'sms', with which every login begins: as ['sms', 'voice']"
        )
    within(settings, "email_port", 1, 65535, "it is a TCP port")
    if settings.email_security not in SECURITIES:
        raise SettingError(f"PHONEAUTH_EMAIL_SECURITY must be one of {', '.join(SECURITIES)}")
    if settings.email_host and not _HOST.fullmatch(settings.email_host):
        raise SettingError("PHONEAUTH_EMAIL_HOST must be a host name, as 'smtp.example.com'")
    if settings.email_from and not _SENDER.fullmatch(settings.email_from):
        raise SettingError(
            "PHONEAUTH_EMAIL_FROM must be an address alone, as 'login@example.com': "
            "its name is PHONEAUTH_BRAND"
        )
    if bool(settings.email_username) != bool(settings.email_password):
        raise SettingError(
            "PHONEAUTH_EMAIL_USERNAME and PHONEAUTH_EMAIL_PASSWORD go together: set both, or "
            "neither where the server asks for none"
        )
    if "email" in settings.channels:
        for name in ("email_host", "email_from"):
            if not getattr(settings, name):
                raise SettingError(
                    f"PHONEAUTH_{name.upper()} is missing, which the channel 'email' needs"
                )

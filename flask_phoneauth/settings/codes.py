"""Codes: their length, life and tries."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask_phoneauth.settings.declaring import setting, within
from flask_phoneauth.settings.values import SettingError

SOUND_LENGTH = 6
"""The least digits for 20 bits (NIST SP 800-63B)."""
SHORT_CODE_TRIES = 3
_APP_HASH = re.compile(r"[A-Za-z0-9+/]{11}")


@dataclass(frozen=True, kw_only=True)
class CodesSettings:
    """Codes: their length, life and tries."""

    code_length: int = setting(6, "digits of a code, 6 to 10")
    allow_short_codes: bool = setting(False, "allow 4 and 5 digits, then with 3 tries")
    code_ttl: int = setting(300, "life of a code, 120 to 600")
    max_tries: int = setting(5, "tries of one challenge, 1 to 10")
    app_hash: str = setting(
        "",
        "the 11 letters by which Android's SMS Retriever knows your app: they end a text that a "
        "program asks for",
    )
    max_live_challenges: int = setting(5, "challenges of one number that may be open at once")


def check(settings: CodesSettings) -> None:
    """Raise `SettingError` for what cannot be."""
    shortest = 4 if settings.allow_short_codes else SOUND_LENGTH
    within(settings, "code_length", shortest, 10, "4 and 5 need PHONEAUTH_ALLOW_SHORT_CODES = True")
    within(settings, "code_ttl", 120, 600, "a code must arrive, and must not linger")
    most = SHORT_CODE_TRIES if settings.code_length < SOUND_LENGTH else 10
    within(settings, "max_tries", 1, most, "short codes stand 3 tries")
    if settings.app_hash and not _APP_HASH.fullmatch(settings.app_hash):
        raise SettingError(
            "PHONEAUTH_APP_HASH must be the 11 letters that SMS Retriever's tools print for your "
            "app and its signing key"
        )

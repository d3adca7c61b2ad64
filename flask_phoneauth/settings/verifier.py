"""The vendor that makes and checks the codes, where it is not we ourselves."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask_phoneauth.settings.declaring import setting
from flask_phoneauth.settings.values import SettingError

_SERVICE = re.compile("VA[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True)
class VerifierSettings:
    """The vendor that makes and checks the codes, where it is not we ourselves."""

    verifier: str = setting(
        "", "who makes and checks the codes: `twilio_verify`, `vonage_verify`; default: we do"
    )
    twilio_verify_service_sid: str = setting(
        "", "the Verify service of that Twilio account, `VA` and 32 letters; with `SANDBOX_URL` any"
    )


def check(settings: VerifierSettings) -> None:
    """Raise `SettingError` for what cannot be."""
    service = settings.twilio_verify_service_sid
    if service and not _SERVICE.fullmatch(service):
        raise SettingError(
            "PHONEAUTH_TWILIO_VERIFY_SERVICE_SID must be VA and 32 letters of 0-9 and a-f"
        )

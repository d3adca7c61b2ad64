"""Codes that Twilio Verify makes, sends and checks, with the official SDK."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, Unpack
from uuid import uuid4

from flask_phoneauth.providers import refusing, twilio_sdk
from flask_phoneauth.providers.base import Way, question, require, way_of
from flask_phoneauth.records import VOICE
from flask_phoneauth.settings import Settings
from flask_phoneauth.verifiers.base import Verdict, Wish

# https://www.twilio.com/docs/api/errors, by what a code means for the next step
_CODES: Mapping[refusing.Meaning, Sequence[int]] = {
    refusing.NUMBER: (21610, 21614, 60200, 60205, 60410),
    refusing.CREDENTIALS: (20003,),
    refusing.ACCOUNT: (20404,),
    refusing.REGION: (60605,),
    refusing.THROTTLED: (20429, 60202, 60203),
}
_BY_CODE = twilio_sdk.codes(_CODES)
_BY_STATUS: Mapping[int, refusing.Meaning] = {
    401: refusing.CREDENTIALS,
    403: refusing.CREDENTIALS,
    404: refusing.ACCOUNT,
    429: refusing.THROTTLED,
}
_TOO_MANY_CHECKS = 60202
_NOT_FOUND = 20404
_VERDICTS: Mapping[str, Verdict] = {
    "approved": "right",
    "pending": "wrong",
    "max_attempts_reached": "over",
}
_LOCALES = ("ar", "de", "en", "es", "fr", "pt")

_SANDBOX_SERVICE = "VA" + "0" * 32


class _Refused(Exception):
    """Twilio's own number for what it refused, and what it means for the next step."""

    def __init__(self, error: Any) -> None:
        super().__init__("refused")
        self.code = error.code if isinstance(error.code, int) else 0
        kind, reason = meant = twilio_sdk.meaning(error, _BY_CODE, _BY_STATUS)
        expected = self.code in (_TOO_MANY_CHECKS, _NOT_FOUND)
        self.meaning = (
            kind(reason)
            if expected
            else refusing.refusal(
                "verifier twilio_verify", meant, error.status, refusing.shown(error.code)
            )
        )


class TwilioVerifier(twilio_sdk.TwilioClient):
    """Verifications of one Verify service; safe for many threads and across a fork."""

    name: str = "twilio_verify"
    max_tries: int = 5
    domain = "verify"

    def __init__(
        self, account_sid: str, auth_token: str, service_sid: str, **way: Unpack[Way]
    ) -> None:
        self._service_sid = service_sid
        super().__init__(account_sid, auth_token, **way)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from the `TWILIO_...` settings, all of them optional with `SANDBOX_URL`."""
        account_sid, auth_token = twilio_sdk.account(settings, cls.name)
        if not settings.sandbox_url:
            cure = "copy the SID of your service from the Verify pages of the Twilio console"
            require(settings, cls.name, "twilio_verify_service_sid", cure)
        service_sid = settings.twilio_verify_service_sid or _SANDBOX_SERVICE
        return cls(account_sid, auth_token, service_sid, **way_of(settings, "twilio"))

    def start(self, wish: Wish) -> str:
        """Begin a verification; for as long as one runs, Twilio sends its code once more."""
        asked = {"to": wish.number, "channel": "call" if wish.channel == VOICE else "sms"}
        if wish.locale in _LOCALES:
            asked["locale"] = wish.locale
        if wish.app_hash and wish.channel != VOICE:
            asked["app_hash"] = wish.app_hash
        try:
            return str(self._ask(lambda service: service.verifications.create(**asked)).sid)
        except _Refused as refused:
            raise refused.meaning from None

    def judge(self, vendor_id: str, code: str) -> Verdict:
        """Check a code."""
        asked = {"verification_sid": vendor_id, "code": code}
        try:
            checked = self._ask(lambda service: service.verification_checks.create(**asked))
        except _Refused as refused:
            if refused.code == _TOO_MANY_CHECKS:
                return "over"
            if refused.code == _NOT_FOUND:
                return "unknown"
            raise refused.meaning from None
        return _VERDICTS.get(str(checked.status), "unknown")

    def nobodys(self) -> str:
        """A SID that Twilio has given to nobody."""
        return f"VE{uuid4().hex}"

    def cancel(self, vendor_id: str) -> None:
        """Cancel a verification."""
        try:
            self._ask(lambda service: service.verifications(vendor_id).update(status="canceled"))
        except _Refused as refused:
            if refused.code != _NOT_FOUND:
                raise refused.meaning from None

    def check(self) -> None:
        """Read our own service; raises `AccountRefused` or `ProviderDown`."""
        try:
            with question():
                self._ask(lambda service: service.fetch())
        except _Refused as refused:
            # a sandbox opens a service at its first verification
            if not (self._base_url and refused.code == _NOT_FOUND):
                raise refused.meaning from None

    def _ask(self, call: Callable[[Any], Any]) -> Any:
        return self._call(lambda client: call(client.verify.v2.services(self._service_sid)))

    def _meaning(self, error: Any) -> Exception:
        return _Refused(error)

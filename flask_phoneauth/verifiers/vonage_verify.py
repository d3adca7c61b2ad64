"""Codes that Vonage's Verify API (v2) makes, sends and checks, with the official SDK."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Self
from uuid import uuid4

from vonage_http_client.errors import HttpRequestError
from vonage_verify import SmsChannel, VerifyRequest, VoiceChannel

from flask_phoneauth.errors import NumberRefused, ProviderDown, SendFailed
from flask_phoneauth.providers import refusing, vonage_sdk
from flask_phoneauth.providers.base import require
from flask_phoneauth.providers.wire import json_object
from flask_phoneauth.records import VOICE
from flask_phoneauth.settings import Settings
from flask_phoneauth.verifiers.base import Verdict, Wish

_BY_STATUS: Mapping[int, refusing.Meaning] = {
    401: refusing.CREDENTIALS,
    402: refusing.CREDIT,
    403: refusing.NOT_ALLOWED,
    409: (ProviderDown, "verification_running"),
    429: refusing.THROTTLED,
}
_VERDICTS: Mapping[int, Verdict] = {400: "wrong", 404: "unknown", 410: "over"}
_NUMBER = re.compile(r"\+?([1-9][0-9]{6,14})")
_NO_BRAND = re.compile(r"[\\/{}:$]")
_MAX_BRAND = 16
_SHORTEST, _LONGEST = 15, 900
"""Seconds that Vonage lets a channel have."""
_JOINED = "~"
"""What the id of a verification begins with that another challenge has begun."""


class _Refused(Exception):
    """What Vonage refused: the status and its problem."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__("refused")
        self.status, self.problem = status, problem

    @property
    def meaning(self) -> SendFailed:
        """What it means for the next step."""
        meant = refusing.by_status(self.status, _BY_STATUS)
        # `to` is within the workflow
        if self.status == 422 and any(
            name.rpartition(".")[2] == "to" for name in vonage_sdk.wrong_fields(self.problem)
        ):
            meant = refusing.NUMBER
        return refusing.refusal("verifier vonage_verify", meant, self.status)


class VonageVerifier(vonage_sdk.VonageClient):
    """Verifications with one channel each; safe for many threads and across a fork.

    A number has one at a time with Vonage: who asks while another's runs joins it.
    """

    name: str = "vonage_verify"
    max_tries: int = 3
    path = "/v2/verify"
    sdk_errors = (*vonage_sdk.VonageClient.sdk_errors, TypeError)

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from the `VONAGE_...` settings, all of them optional with `SANDBOX_URL`."""
        if settings.vonage_application_id:
            cure = "set the text of the application's private.key"
            require(settings, cls.name, "vonage_private_key", cure)
        elif not settings.sandbox_url:
            vonage_sdk.require_keys(settings, cls.name)
        return cls(*vonage_sdk.keys(settings), **vonage_sdk.access(settings))

    def start(self, wish: Wish) -> str:
        """Begin a verification in place of this challenge's former one, or join one that runs."""
        found = _NUMBER.fullmatch(wish.number)
        if found is None:
            raise NumberRefused("number_refused")  # the SDK would say so, without a word for it
        if wish.former and not wish.former.startswith(_JOINED):
            self.cancel(wish.former)
        channel: VoiceChannel | SmsChannel = VoiceChannel(to=found[1])
        if wish.channel != VOICE:
            channel = SmsChannel(to=found[1], app_hash=wish.app_hash or None)
        asked = VerifyRequest(
            brand=_NO_BRAND.sub("", wish.brand).strip()[:_MAX_BRAND] or "Code",
            workflow=[channel],
            code_length=wish.code_length,
            channel_timeout=min(_LONGEST, max(_SHORTEST, wish.seconds)),
        )
        try:
            begun = self._ask(lambda verify: verify.start_verification(asked))
        except _Refused as refused:
            running = refused.problem.get("request_id")
            if refused.status == 409 and isinstance(running, str) and running:
                return f"{_JOINED}{running}"
            raise refused.meaning from None
        return str(begun.request_id)

    def judge(self, vendor_id: str, code: str) -> Verdict:
        """Check a code."""
        name = vendor_id.removeprefix(_JOINED)
        try:
            checked = self._ask(lambda verify: verify.check_code(name, code))
        except _Refused as refused:
            if refused.status in _VERDICTS:
                return _VERDICTS[refused.status]
            raise refused.meaning from None
        return "right" if checked.status == "completed" else "wrong"

    def nobodys(self) -> str:
        """A UUID that Vonage has given to nobody."""
        return str(uuid4())

    def cancel(self, vendor_id: str) -> None:
        """Cancel a verification that this challenge has begun."""
        if vendor_id.startswith(_JOINED):
            return
        try:
            self._ask(lambda verify: verify.cancel_verification(vendor_id))
        except _Refused as refused:
            if refused.status != 404:
                raise refused.meaning from None

    def check(self) -> None:
        """As `VonageClient` has it; raises `AccountRefused` or `ProviderDown`."""
        try:
            super().check()
        except _Refused as refused:
            raise refused.meaning from None

    def _ask(self, call: Callable[[Any], Any]) -> Any:
        return self._call(lambda client: call(client.verify))

    def _meaning(self, error: Any) -> Exception:
        if isinstance(error, HttpRequestError):
            return _Refused(error.response.status_code, json_object(error.response.text))
        return super()._meaning(error)  # the SDK cannot read what was answered

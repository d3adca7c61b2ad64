"""Twilio's official SDK, as each of its services is asked through it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Unpack

from requests import Session
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from flask_phoneauth.errors import SendUncertain
from flask_phoneauth.providers.base import Way, require
from flask_phoneauth.providers.refusing import Meaning, by_status
from flask_phoneauth.providers.requesting import SdkClient
from flask_phoneauth.providers.wire import json_object
from flask_phoneauth.settings import Settings

_SANDBOX_ACCOUNT = "AC" + "0" * 32
_SANDBOX_TOKEN = "sandbox"  # noqa: S105 - a sandbox takes the first word that it sees


class TwilioClient(SdkClient):
    """Asks one of Twilio's services for an account."""

    sdk_errors = (TwilioRestException, TwilioServiceException)
    domain: ClassVar[str] = "api"
    """The attribute of the SDK's client that leads to the service."""

    def __init__(self, account_sid: str, auth_token: str, **way: Unpack[Way]) -> None:
        self._account_sid, self._auth_token = account_sid, auth_token
        super().__init__(**way)

    def _make(self) -> tuple[Any, Session]:
        http = _HttpClient(timeout=self._read_timeout)
        client: Any = Client(self._account_sid, self._auth_token, http_client=http)
        if self._base_url:
            # edges and regions rewrite the host's labels
            client.edge = client.region = None
            getattr(client, self.domain).base_url = self._base_url
        return client, http.session


class _HttpClient(TwilioHttpClient):  # type: ignore[misc]
    """The SDK's own client with a session of ours."""

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self.session: Any = Session()

    def request(self, *args: Any, **kwargs: Any) -> Response:
        """One request; an acceptance that cannot be read leaves open what was done."""
        response = super().request(*args, **kwargs)
        accepted = 200 <= response.status_code < 300
        if accepted and not isinstance(json_object(response.text).get("sid"), str):
            raise SendUncertain("unreadable_answer")
        return response


def account(settings: Settings, name: str) -> tuple[str, str]:
    """Account SID and auth token, any of them with `SANDBOX_URL`; raises `SettingError`."""
    for needed in () if settings.sandbox_url else ("twilio_account_sid", "twilio_auth_token"):
        require(settings, name, needed, "copy it from the first page of the Twilio console")
    return (
        settings.twilio_account_sid or _SANDBOX_ACCOUNT,
        settings.twilio_auth_token or _SANDBOX_TOKEN,
    )


def codes(meanings: Mapping[Meaning, Sequence[int]]) -> Mapping[int, Meaning]:
    """The meaning of each code."""
    return {code: meaning for meaning, codes in meanings.items() for code in codes}


def meaning(error: Any, by_code: Mapping[int, Meaning], statuses: Mapping[int, Meaning]) -> Meaning:
    """What one of the SDK's errors means: the service's code decides before the status."""
    named = by_code.get(error.code) if isinstance(error.code, int) else None
    return named or by_status(error.status if isinstance(error.status, int) else 0, statuses)

"""Vonage's official SDK, as each of its services is asked through it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Unpack

from pydantic import ValidationError
from requests import Session
from vonage import Auth, HttpClientOptions, Vonage
from vonage_http_client.errors import HttpRequestError

from flask_phoneauth.providers.base import Way, question, require, way_of
from flask_phoneauth.providers.requesting import SdkClient
from flask_phoneauth.settings import Settings

HOST = "https://api.nexmo.com"

_SANDBOX_KEY = "sandbox0"
_SANDBOX_SECRET = "sandbox"  # noqa: S105 - a sandbox takes the first word that it sees


class Access(Way, total=False):
    """The way to Vonage, and the application that signs in there with its key."""

    application_id: str
    private_key: str


class VonageClient(SdkClient):
    """Asks the service at `path`, let in by an application, else by API key and secret."""

    hosts = (HOST,)
    sdk_errors: ClassVar[tuple[type[Exception], ...]] = (HttpRequestError, ValidationError)
    path: ClassVar[str]

    def __init__(
        self,
        api_key: str = "",
        api_secret: str = "",
        *,
        application_id: str = "",
        private_key: str = "",
        **way: Unpack[Way],
    ) -> None:
        self._auth = Auth(
            api_key=api_key or None,
            api_secret=api_secret or None,
            application_id=application_id or None,
            private_key=private_key or None,
        )
        # at DEBUG it writes what is sent, at WARNING what comes back: number and code
        logging.getLogger("vonage").setLevel(logging.ERROR)
        super().__init__(**way)

    def check(self) -> None:
        """Ask for nothing, which Vonage refuses once it has let us in.

        Raises `AccountRefused` or `ProviderDown`.
        """
        with question():
            self._call(self._knock)

    def _knock(self, client: Vonage) -> None:
        auth_type = "jwt" if self._auth.application_id else "basic"
        try:
            client.http_client.post(HOST.removeprefix("https://"), self.path, {}, auth_type)
        except HttpRequestError as refused:
            if refused.response.status_code != 422:
                raise

    def _make(self) -> tuple[Any, Session]:
        # of a broken connection the SDK makes as many attempts as its pool may keep
        client = Vonage(self._auth, HttpClientOptions(pool_maxsize=1, max_retries=0))
        return client, client.http_client._session


def require_keys(settings: Settings, name: str) -> None:
    """Raise `SettingError` where one of those is empty by which an account signs in."""
    for key in ("vonage_api_key", "vonage_api_secret"):
        require(settings, name, key, "copy it from the API settings of Vonage's dashboard")


def keys(settings: Settings) -> tuple[str, str]:
    """API key and secret, any of them with `SANDBOX_URL`, none where an application signs in."""
    # a sandbox signs with the first secret that a key shows
    secret = settings.vonage_signature_secret or _SANDBOX_SECRET
    others = ("", "") if settings.vonage_application_id else (_SANDBOX_KEY, secret)
    return settings.vonage_api_key or others[0], settings.vonage_api_secret or others[1]


def access(settings: Settings) -> Access:
    """The application of the settings, if any, and the way."""
    application = settings.vonage_application_id
    return {
        "application_id": application,
        "private_key": settings.vonage_private_key if application else "",
        **way_of(settings, "vonage"),
    }


def wrong_fields(problem: Mapping[str, Any]) -> Iterator[str]:
    """The fields that Vonage's problem names as wrong."""
    named = problem.get("invalid_parameters")
    for entry in named if isinstance(named, list) else []:
        if isinstance(entry, Mapping):
            yield str(entry.get("name"))

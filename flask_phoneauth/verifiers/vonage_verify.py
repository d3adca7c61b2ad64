"""Codes that Vonage's Verify API (v2) makes, sends and checks, with the official SDK."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable, Mapping
from typing import Any, Self
from uuid import uuid4

from pydantic import ValidationError
from requests.exceptions import RequestException
from urllib3.exceptions import HTTPError
from vonage import Auth, HttpClientOptions, Vonage
from vonage_http_client.errors import HttpRequestError
from vonage_verify import SmsChannel, VerifyRequest, VoiceChannel

from flask_phoneauth.errors import (
    AccountRefused,
    NumberRefused,
    ProviderDown,
    SendFailed,
    SendUncertain,
)
from flask_phoneauth.providers.base import require
from flask_phoneauth.providers.requesting import bound, failure
from flask_phoneauth.providers.wire import READ_TIMEOUT
from flask_phoneauth.records import VOICE
from flask_phoneauth.settings import Settings
from flask_phoneauth.verifiers.base import Verdict, Wish

HOST = "https://api.nexmo.com"
PATH = "/v2/verify"

_Meaning = tuple[type[SendFailed], str]
_BY_STATUS: Mapping[int, _Meaning] = {
    401: (AccountRefused, "credentials_refused"),
    402: (AccountRefused, "out_of_credit"),
    403: (AccountRefused, "not_allowed"),
    409: (ProviderDown, "verification_running"),
    429: (ProviderDown, "throttled"),
}
_VERDICTS: Mapping[int, Verdict] = {400: "wrong", 404: "unknown", 410: "over"}
_NUMBER = re.compile(r"\+?([1-9][0-9]{6,14})")
_NO_BRAND = re.compile(r"[\\/{}:$]")
_MAX_BRAND = 16
_SHORTEST, _LONGEST = 15, 900
"""Seconds that Vonage lets a channel have."""
_JOINED = "~"
"""What the id of a verification begins with that another challenge has begun."""

_SANDBOX_KEY = "sandbox0"
_SANDBOX_SECRET = "sandbox"  # noqa: S105 - a sandbox takes the first word that it sees

logger = logging.getLogger("flask_phoneauth")


class _Refused(Exception):
    """What Vonage refused: the status and its problem."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__("refused")
        self.status, self.problem = status, problem

    @property
    def meaning(self) -> SendFailed:
        """What it means for the next step; Vonage's sentences may hold the number."""
        if self.status == 422 and _blames(self.problem, ".to"):
            return NumberRefused("number_refused")
        logger.warning("verifier vonage_verify answered %s", self.status)
        if self.status >= 500:
            return ProviderDown("server_error")
        kind, reason = _BY_STATUS.get(self.status, (AccountRefused, "request_refused"))
        return kind(reason)


class VonageVerifier:
    """Verifications with one channel each; safe for many threads and across a fork.

    A number has one at a time with Vonage: who asks while another's runs joins it.
    """

    name: str = "vonage_verify"
    max_tries: int = 3

    def __init__(
        self,
        api_key: str = "",
        api_secret: str = "",
        *,
        application_id: str = "",
        private_key: str = "",
        base_url: str = "",
        connections: int = 4,
        read_timeout: float = READ_TIMEOUT,
    ) -> None:
        """`base_url` takes the place of Vonage's host.

        With an application and its key it signs in by these, else by API key and secret.
        """
        self._auth = Auth(
            api_key=api_key or None,
            api_secret=api_secret or None,
            application_id=application_id or None,
            private_key=private_key or None,
        )
        self._base_url = base_url
        self._connections, self._read_timeout = connections, read_timeout
        # at DEBUG it writes what is sent, at WARNING what comes back: number and code
        logging.getLogger("vonage").setLevel(logging.ERROR)
        self._open()

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        """Build it from the `VONAGE_...` settings, all of them optional with `SANDBOX_URL`."""
        application = settings.vonage_application_id
        if application:
            cure = "set the text of the application's private.key"
            require(settings, cls.name, "vonage_private_key", cure)
        elif not settings.sandbox_url:
            for name in ("vonage_api_key", "vonage_api_secret"):
                cure = "copy it from the API settings of Vonage's dashboard"
                require(settings, cls.name, name, cure)
        base = settings.sandbox_url.rstrip("/")
        word = settings.vonage_signature_secret or _SANDBOX_SECRET
        return cls(
            settings.vonage_api_key or ("" if application else _SANDBOX_KEY),
            settings.vonage_api_secret or ("" if application else word),
            application_id=application,
            private_key=settings.vonage_private_key if application else "",
            base_url=f"{base}/vonage" if base else "",
            connections=settings.dispatch_workers,
        )

    def start(self, wish: Wish) -> str:
        """Begin a verification in place of this challenge's former one, or join one that runs."""
        found = _NUMBER.fullmatch(wish.number)
        if found is None:
            raise NumberRefused("number_refused")  # the SDK would say so, without a word for it
        if wish.former and not wish.former.startswith(_JOINED):
            self.cancel(wish.former)
        channel = (VoiceChannel if wish.channel == VOICE else SmsChannel)(to=found[1])
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
        """Ask for nothing, which Vonage refuses once it has let us in.

        Raises `AccountRefused` or `ProviderDown`.
        """
        auth_type = "jwt" if self._auth.application_id else "basic"
        host = HOST.removeprefix("https://")
        try:
            self._ask(lambda verify: verify.http_client.post(host, PATH, {}, auth_type))
        except _Refused as refused:
            if refused.status != 422:
                raise refused.meaning from None
        except SendUncertain as failed:  # a question that was lost has changed nothing
            raise ProviderDown(failed.reason) from None

    def close(self) -> None:
        """Close the kept connections; a later call opens new ones."""
        self._session.close()

    def _ask(self, call: Callable[[Any], Any]) -> Any:
        if self._owner != os.getpid():
            self._open()  # two processes must not talk over one connection
        failed: Exception
        try:
            return call(self._client.verify)
        except (RequestException, HTTPError) as broken:
            failed = failure(broken)
        except HttpRequestError as refused:
            failed = _Refused(refused.response.status_code, _fields(refused.response.text))
        except (ValidationError, TypeError):  # the SDK cannot read what was answered
            failed = SendUncertain("unreadable_answer")
        raise failed  # outside of the handlers: their errors repeat the address

    def _open(self) -> None:
        self._owner = os.getpid()
        # of a broken connection the SDK makes as many attempts as its pool may keep
        options = HttpClientOptions(pool_maxsize=1, max_retries=0)
        self._client = Vonage(self._auth, options)
        self._session = self._client.http_client._session
        bound(
            self._session,
            connections=self._connections,
            read_timeout=self._read_timeout,
            hosts=(HOST,),
            sandbox=self._base_url,
        )


def _blames(problem: Mapping[str, Any], name: str) -> bool:
    """Whether the vendor names that field as wrong."""
    named = problem.get("invalid_parameters")
    entries = named if isinstance(named, list) else []
    told = (f".{one.get('name')}" for one in entries if isinstance(one, Mapping))
    return any(one.endswith(name) for one in told)


def _fields(text: str) -> Mapping[str, Any]:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, Mapping) else {}

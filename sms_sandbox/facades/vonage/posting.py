"""A request from Vonage to the application: its signature, and how often it is tried."""

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urldefrag

from sms_sandbox.callback import Callback, Failure
from sms_sandbox.facades.posting import ANY_FAILURE, carry
from sms_sandbox.facades.vonage.signature import (
    DEFAULT_METHOD,
    MD5_HASH,
    METHODS,
    bearer,
    canonical,
    sign,
)
from sms_sandbox.facades.vonage.wire import uuid_of
from sms_sandbox.inbox.hooks import Scene

RETRIES, PAUSE = 10, 60.0
"""Of the SMS API: further attempts, and seconds of the account's time before the first of them;
each further pause is twice as long, so that the last one comes after most of a day."""
NEWER_RETRIES, NEWER_PAUSE = 14, 5.0
"""Of the newer APIs, the same."""

_LOST: tuple[Failure, ...] = ("connection", "timeout", "5xx")
_AGENT = "Nexmo/MessagingHUB/v1.0"


def post_parameters(kind: str, url: str, parameters: Mapping[str, str], scene: Scene) -> Callback:
    """A callback of the SMS API: by GET in the query, by POST as a form; as JSON where the account
    says nothing. Signed as the account's ``signature_method`` names."""
    url, _ = urldefrag(url)
    content, method = _signed(parameters, scene), scene.settings.webhook_method
    if method is None:
        request = _in_json(kind, url, content)
    else:
        request = carry(kind, url, method, tuple(content.items()), {"User-Agent": _AGENT})
    return replace(request, retries=RETRIES, retry_on=ANY_FAILURE, pause=PAUSE)


def post_json(
    kind: str, url: str, content: Mapping[str, Any], scene: Scene, claims: Mapping[str, Any]
) -> Callback:
    """A webhook of the newer APIs: JSON by POST, with a JWT over it. ``claims`` name the sender's
    ``api_key`` or ``application_id``."""
    url, _ = urldefrag(url)
    request = _in_json(kind, url, content)
    headers = dict(request.headers)
    if scene.signing_key is not None:
        # Whoever judges the token lives in real time, whatever the clock of the account says.
        stamp = {"iat": int(time.time()), "jti": uuid_of(scene.tokens(16)), "iss": "Vonage"}
        token = bearer(scene.signing_key, request.body, stamp | dict(claims))
        headers["Authorization"] = f"Bearer {token}"
    return replace(
        request, headers=headers, retries=NEWER_RETRIES, retry_on=_LOST, pause=NEWER_PAUSE
    )


def _signed(parameters: Mapping[str, str], scene: Scene) -> dict[str, str]:
    secret = scene.signing_key
    if secret is None:
        return dict(parameters)
    wanted = (scene.settings.signature_method or "").casefold()
    method = wanted if wanted in METHODS else DEFAULT_METHOD
    stamp = {"timestamp": str(int(time.time())), "nonce": uuid_of(scene.tokens(16))}
    content = {**parameters, **stamp}
    signature = sign(method, secret, canonical(content))
    return {**content, "sig": signature if method == MD5_HASH else signature.upper()}


def _in_json(kind: str, url: str, content: Mapping[str, Any]) -> Callback:
    headers = {"User-Agent": _AGENT, "Content-Type": "application/json"}
    return Callback(kind=kind, url=url, headers=headers, body=json.dumps(content))

"""A request from MessageBird to the application: its token, and how often it is tried."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import SplitResult, urlsplit

from sms_sandbox.callback import Callback
from sms_sandbox.facades.messagebird.signature import ALGORITHMS, HEADER, LIFE, sign
from sms_sandbox.facades.posting import ANY_FAILURE, carry
from sms_sandbox.inbox.hooks import Scene

RETRIES = 3
PAUSE = 60.0
"""Seconds of the account's time before the first retry; each further pause is twice as long."""

# A retry shows the same token: it lives until the last of them has come.
_TOKEN_LIFE = LIFE + int(PAUSE) * (2**RETRIES - 1)


def post(
    kind: str, url: str, method: str, parameters: Sequence[tuple[str, str]], scene: Scene
) -> Callback:
    """The request as it goes out: the query by GET, a form by POST. Without a key (none was ever
    seen) it is unsigned."""
    parts = urlsplit(url)
    url = parts._replace(netloc=_host(parts), path=parts.path or "/", fragment="").geturl()
    request = carry(kind, url, method, parameters, {"User-Agent": "MessageBird"})
    headers = dict(request.headers)
    if scene.signing_key is not None:
        headers[HEADER] = _token(scene.signing_key, request.url, request.body, scene)
    return replace(request, headers=headers, retries=RETRIES, retry_on=ANY_FAILURE, pause=PAUSE)


def _host(parts: SplitResult) -> str:
    """Host and port as a request names them to its receiver, who hashes what it sees."""
    usual = ":443" if parts.scheme == "https" else ":80"
    return parts.netloc.lower().removesuffix(usual)


def _token(key: str, url: str, body: str, scene: Scene) -> str:
    wanted = (scene.settings.signature_method or "").upper()
    # Whoever receives it looks at a clock that nobody has moved.
    begins = int(scene.now if scene.real is None else scene.real)
    return sign(
        key,
        url,
        body.encode(),
        jti=str(uuid.UUID(hex=scene.tokens(16), version=4)),
        begins=begins,
        ends=begins + _TOKEN_LIFE,
        algorithm=wanted if wanted in ALGORITHMS else "HS256",
    )

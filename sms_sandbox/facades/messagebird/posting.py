"""A request from MessageBird to the application: its token, and how often it is tried."""

import uuid
from collections.abc import Sequence
from urllib.parse import SplitResult, urlencode, urlsplit

from sms_sandbox.callback import Callback
from sms_sandbox.facades.messagebird.signature import ALGORITHMS, HEADER, LIFE, sign
from sms_sandbox.inbox.hooks import Scene

RETRIES = 3
PAUSE = 60.0
"""Seconds of the account's time before the first retry; each further pause is twice as long."""

_FORM = "application/x-www-form-urlencoded"
# A retry shows the same token: it lives until the last of them has come.
_TOKEN_LIFE = LIFE + int(PAUSE) * (2**RETRIES - 1)


def post(
    kind: str, url: str, method: str, parameters: Sequence[tuple[str, str]], scene: Scene
) -> Callback:
    """The request as it goes out: the query by GET, a form by POST. Without a key (none was ever
    seen) it is unsigned."""
    parts = urlsplit(url)
    query, body = urlencode(parameters), ""
    headers = {"User-Agent": "MessageBird"}
    if method == "GET":
        query = f"{parts.query}&{query}" if parts.query else query
    else:
        query, body = parts.query, query
        headers["Content-Type"] = _FORM
    path = parts.path or "/"
    url = parts._replace(netloc=_host(parts), path=path, query=query, fragment="").geturl()
    if scene.signing_key is not None:
        headers[HEADER] = _token(scene.signing_key, url, body, scene)
    return Callback(
        kind=kind,
        method=method,
        url=url,
        headers=headers,
        body=body,
        retries=RETRIES,
        retry_on=("connection", "timeout", "4xx", "5xx", "other"),
        pause=PAUSE,
    )


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

"""A request from Plivo to the application: its signatures, and how often it is tried."""

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urldefrag

from sms_sandbox.callback import Callback
from sms_sandbox.facades.plivo.signature import sign_v2, sign_v3
from sms_sandbox.facades.posting import ANY_FAILURE, carry
from sms_sandbox.inbox.hooks import Scene

RETRIES = 3
PAUSE = 60.0
"""Seconds of the account's time before the first retry; each further pause is twice as long."""

_NONCE_DIGITS = 20


def post(
    kind: str, url: str, method: str, parameters: Sequence[tuple[str, str]], scene: Scene
) -> Callback:
    """The request as it goes out: a form by POST, the query by GET. Without a token (none was
    ever seen) it is unsigned."""
    url, _ = urldefrag(url)
    headers = {"User-Agent": "Plivo"}
    if scene.signing_key is not None:
        headers |= _signatures(scene.signing_key, method, url, parameters, scene)
    request = carry(kind, url, method, parameters, headers)
    return replace(request, retries=RETRIES, retry_on=ANY_FAILURE, pause=PAUSE)


def _signatures(
    token: str, method: str, url: str, parameters: Sequence[tuple[str, str]], scene: Scene
) -> dict[str, str]:
    """Both signatures, or the one that the account's ``signature_method`` names."""
    wanted = (scene.settings.signature_method or "").upper()
    nonce = str(int(scene.tokens(16), 16))[-_NONCE_DIGITS:].rjust(_NONCE_DIGITS, "0")
    signed = {
        "V2": sign_v2(token, url, nonce),
        "V3": sign_v3(token, method, url, parameters, nonce),
    }
    headers: dict[str, str] = {}
    for version in [wanted] if wanted in signed else list(signed):
        # Ma: by the main account's token. An account here has one token.
        headers[f"X-Plivo-Signature-{version}"] = signed[version]
        headers[f"X-Plivo-Signature-Ma-{version}"] = signed[version]
        headers[f"X-Plivo-Signature-{version}-Nonce"] = nonce
    return headers

"""A request from Twilio to the application: its headers, its signature, how often it is tried."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, cast
from urllib.parse import parse_qs, urldefrag

from sms_sandbox.callback import Callback, Failure
from sms_sandbox.facades.posting import ANY_FAILURE, carry
from sms_sandbox.facades.twilio.signature import Algorithm, sign
from sms_sandbox.inbox.hooks import Scene

Method = Literal["GET", "POST"]

_POLICIES: dict[str, tuple[Failure, ...]] = {
    "ct": ("connection",),
    "rt": ("timeout",),
    "4xx": ("4xx",),
    "5xx": ("5xx",),
    "all": ANY_FAILURE,
}
_MAX_RETRIES = 5
_FORM = "application/x-www-form-urlencoded; charset=UTF-8"


def post(
    kind: str,
    url: str,
    parameters: Sequence[tuple[str, str]],
    scene: Scene,
    method: Method = "POST",
) -> Callback:
    """The request as it goes out. Without a key (only an API key was ever seen) it is unsigned.
    A GET carries its parameters in the address, which is what is signed then."""
    url, fragment = urldefrag(url)
    headers = {
        "Accept": "*/*",
        "User-Agent": "TwilioProxy/1.1",
        "I-Twilio-Idempotency-Token": str(uuid.UUID(hex=scene.tokens(16))),
        "X-Home-Region": "us1",
    }
    request = carry(kind, url, method, parameters, headers, form=_FORM)
    if scene.signing_key is not None:
        signed = _signature(scene, request.url, () if method == "GET" else parameters)
        request = replace(request, headers={**request.headers, **signed})
    return _tuned(request, fragment)


def _signature(scene: Scene, url: str, parameters: Sequence[tuple[str, str]]) -> dict[str, str]:
    assert scene.signing_key is not None
    asked = (scene.settings.signature_method or "").upper().replace("-", "_")
    algorithm: Algorithm = "HMAC_SHA256" if asked == "HMAC_SHA256" else "HMAC_SHA1"
    headers = {"X-Twilio-Signature": sign(scene.signing_key, url, parameters, algorithm)}
    if algorithm == "HMAC_SHA256":
        headers["X-Twilio-Webhooks-Signature-Settings"] = f"key=sandbox,algorithm={algorithm}"
    return headers


def _tuned(request: Callback, fragment: str) -> Callback:
    """The fragment of the address tunes its delivery (``#rc=2&rp=all&ct=1000``): it is neither
    sent nor signed. Source: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides."""
    asked = {name: values[-1] for name, values in parse_qs(fragment).items()}
    policies = asked.get("rp", "ct").split(",")
    chosen = {failure for policy in policies for failure in _POLICIES.get(policy, ())}
    return replace(
        request,
        retries=_between(asked.get("rc"), 1, 0, _MAX_RETRIES),
        retry_on=cast(tuple[Failure, ...], tuple(sorted(chosen))),
        connect_timeout=_between(asked.get("ct"), 5_000, 100, 10_000) / 1000,
        total_timeout=min(
            _between(asked.get("rt"), 15_000, 100, 15_000),
            _between(asked.get("tt"), 15_000, 100, 15_000),
        )
        / 1000,
    )


def _between(text: str | None, default: int, low: int, high: int) -> int:
    if text is None or not (text.isascii() and text.isdigit()) or len(text) > 6:
        return default
    return min(high, max(low, int(text)))

"""Who asks: the access key id that signs a request names the account.

A signature does not show the secret, so it is judged only where the sandbox knows one: its
password, or the one that was configured for the key (with ``--strict`` there is no other key).
Its age is judged there too: elsewhere its date is anybody's word.
"""

import hmac
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Request

from sms_sandbox.facades.aws import signature
from sms_sandbox.facades.aws.errors import AwsError
from sms_sandbox.facades.aws.signature import Shown, Signed
from sms_sandbox.facades.aws.wire import PROVIDER
from sms_sandbox.facades.base import Room

_MAX_KEY = 64
_MOMENT = re.compile(r"([0-9]{8})T[0-9]{6}Z")
_STAMP = "%Y%m%dT%H%M%SZ"
LEEWAY = 900
"""Seconds by which the clocks of the sandbox and of who signs may differ, as SNS has it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who signed a request, and for which region."""

    account: str
    key: str
    region: str


def check(room: Room, request: Request, path: str, body: bytes, service: str) -> Caller:
    """Let the caller in, or raise ``AwsError``; ``path`` is as the caller wrote it."""
    header = request.headers.get("Authorization", "")
    if not header:
        raise AwsError("MissingAuthenticationToken", "Request is missing Authentication Token")
    try:
        shown = signature.parse(header)
    except ValueError as error:
        raise AwsError("IncompleteSignature", str(error)) from None
    _check_scope(shown, request.headers.get("X-Amz-Date", ""), service)
    known = room.settings.credential(PROVIDER, shown.key)
    if len(shown.key) > _MAX_KEY or (known is None and room.settings.strict):
        raise AwsError(
            "InvalidClientTokenId", "The security token included in the request is invalid."
        )
    secret = room.settings.password if known is None else known.secret
    if secret is not None:
        _check_age(request.headers.get("X-Amz-Date", ""))
        _check_signature(secret, shown, request, path, body)
    account = shown.key if known is None else known.account
    return Caller(room.inbox.account_of(account), shown.key, shown.region)


def _check_scope(shown: Shown, moment: str, service: str) -> None:
    if shown.service != service:
        raise AwsError(
            "SignatureDoesNotMatch",
            f"Credential should be scoped to correct service: '{service}'.",
        )
    signed_at = _MOMENT.fullmatch(moment)
    if signed_at is None:
        raise AwsError(
            "IncompleteSignature",
            "Authorization header requires existence of a 'X-Amz-Date' header, such as "
            "20261121T091657Z.",
        )
    if signed_at[1] != shown.date:
        raise AwsError(
            "SignatureDoesNotMatch",
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
            f"from HTTP: '{shown.date}' != '{signed_at[1]}'.",
        )
    if "host" not in shown.headers or "x-amz-date" not in shown.headers:
        raise AwsError("SignatureDoesNotMatch", "'Host' and 'X-Amz-Date' must be 'SignedHeaders'.")


def _check_age(moment: str) -> None:
    # Whoever signs lives in real time, whatever the clock of the account says.
    now = time.time()
    try:
        signed_at = datetime.strptime(moment, _STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise AwsError("IncompleteSignature", f"'X-Amz-Date' is no date: '{moment}'.") from None
    if signed_at < now - LEEWAY:
        raise AwsError(
            "SignatureDoesNotMatch",
            f"Signature expired: {moment} is now earlier than {_stamp(now - LEEWAY)} "
            f"({_stamp(now)} - {LEEWAY // 60} min.)",
        )
    if signed_at > now + LEEWAY:
        raise AwsError(
            "SignatureDoesNotMatch",
            f"Signature not yet current: {moment} is still later than {_stamp(now + LEEWAY)} "
            f"({_stamp(now)} + {LEEWAY // 60} min.)",
        )


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime(_STAMP)


def _check_signature(secret: str, shown: Shown, request: Request, path: str, body: bytes) -> None:
    signed = Signed(
        method=request.method,
        path=path,
        query=request.query_string.decode("latin-1"),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
    )
    if not hmac.compare_digest(signature.sign(secret, shown, signed), shown.signature):
        raise AwsError(
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service "
            "documentation for details.",
        )

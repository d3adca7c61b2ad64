"""AWS Signature Version 4 in the Authorization header.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass

ALGORITHM = "AWS4-HMAC-SHA256"

_CREDENTIAL = re.compile(
    r"(?P<key>\w{1,128})/(?P<date>[0-9]{8})/(?P<region>[a-z0-9-]{1,32})/(?P<service>[a-z0-9-]{1,32})"
    r"/aws4_request",
    re.ASCII,
)
_HEADERS = re.compile(r"[a-z0-9-]+(?:;[a-z0-9-]+)*")
_SIGNATURE = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What an Authorization header shows: who signs, for which region and service, and what."""

    key: str
    date: str
    region: str
    service: str
    headers: tuple[str, ...]
    signature: str

    @property
    def scope(self) -> str:
        """Where and when the signature is good."""
        return f"{self.date}/{self.region}/{self.service}/aws4_request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a signature covers: the request as its sender wrote it, header names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


def parse(header: str) -> Shown:
    """Read an Authorization header. Raises ``ValueError`` with a sentence that says what lacks."""
    algorithm, _, rest = header.partition(" ")
    if algorithm != ALGORITHM:
        raise ValueError(f"Unsupported AWS 'algorithm': use {ALGORITHM}.")
    parts = [part.strip().partition("=") for part in rest.split(",")]
    given = {name: value for name, equals, value in parts if equals}
    found = {
        name: pattern.fullmatch(given.get(name, ""))
        for name, pattern in (
            ("Credential", _CREDENTIAL),
            ("SignedHeaders", _HEADERS),
            ("Signature", _SIGNATURE),
        )
    }
    lacking = [
        f"Authorization header requires a well-formed '{name}' parameter."
        for name, match in found.items()
        if match is None
    ]
    credential = found["Credential"]
    if lacking or credential is None:
        raise ValueError(" ".join(lacking))
    return Shown(
        **credential.groupdict(),
        headers=tuple(given["SignedHeaders"].split(";")),
        signature=given["Signature"],
    )


def sign(secret: str, shown: Shown, request: Signed) -> str:
    """The signature that ``secret`` gives to a request in the scope and over the headers that
    ``shown`` names: 64 hexadecimal digits."""
    text = "\n".join(
        [
            ALGORITHM,
            request.headers.get("x-amz-date", ""),
            shown.scope,
            hashlib.sha256(_canonical(shown, request).encode()).hexdigest(),
        ]
    )
    key = f"AWS4{secret}".encode()
    for step in (shown.date, shown.region, shown.service, "aws4_request", text):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    return key.hex()


def _canonical(shown: Shown, request: Signed) -> str:
    query = sorted(part.partition("=")[::2] for part in request.query.split("&") if part)
    lines = [f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in shown.headers]
    return "\n".join(
        [
            request.method,
            request.path or "/",
            "&".join(f"{name}={value}" for name, value in query),
            *lines,
            "",
            ";".join(shown.headers),
            hashlib.sha256(request.body).hexdigest(),
        ]
    )

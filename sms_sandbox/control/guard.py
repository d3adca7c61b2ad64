"""Who may speak to the sandbox: this machine's own programs, never a web page from elsewhere."""

import base64
import binascii
import hmac
import re
from collections.abc import Mapping
from typing import Any

from sms_sandbox.errors import CrossSite, Misdirected, Unauthorized, UnsupportedMediaType
from sms_sandbox.facades import is_a_vendors
from sms_sandbox.settings import Settings, is_loopback

OPEN_PATHS = frozenset({"/healthz", "/readyz"})
"""What answers without the password: a container's health check has none."""

_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:/@\[\]]+)(?::\d{1,5})?")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def check_host(settings: Settings, host: str | None) -> None:
    """Refuse a Host that is neither ours nor a vendor's: a page that rebinds its name reaches
    nothing."""
    found = _HOST.fullmatch((host or "").casefold())
    name = found.group(1).rstrip(".") if found else ""
    if name and (_is_ours(settings, name) or is_a_vendors(name)):
        return
    raise Misdirected(
        "The Host header names a host that is not served here.",
        hint="Use the address that the sandbox printed at start, or start it with --allow-host.",
    )


def check_password(settings: Settings, path: str, authorization: str | None) -> None:
    """Ask for the password where one is set: HTTP Basic with any user name, or Bearer."""
    if settings.password is None or path in OPEN_PATHS:
        return
    shown = _shown_password(authorization or "")
    if shown is None or not hmac.compare_digest(shown, settings.password.encode()):
        raise Unauthorized(
            "This sandbox has a password.",
            hint="Send it by HTTP Basic with any user name, or as Authorization: Bearer.",
        )


def check_page(environ: Mapping[str, Any]) -> None:
    """Refuse what another site's page sends, to the façades as to all else: a form may carry a
    vendor's credentials. Its links may lead here."""
    if environ["REQUEST_METHOD"] in _READS:
        _refuse_foreign_read(environ)
    else:
        _refuse_foreign(environ)


def check_label(environ: Mapping[str, Any]) -> None:
    """Refuse a write to the control API that is not labelled JSON."""
    method = environ["REQUEST_METHOD"]
    if method in _READS or (method == "DELETE" and not _has_body(environ)):
        return
    label = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().casefold()
    if label != "application/json":
        raise UnsupportedMediaType(
            "Writes to the control API are JSON.", hint="Send Content-Type: application/json."
        )


def _has_body(environ: Mapping[str, Any]) -> bool:
    length = environ.get("CONTENT_LENGTH") or "0"
    return length.strip() != "0" or "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "")


def _refuse_foreign_read(environ: Mapping[str, Any]) -> None:
    """Another site's page cannot see the answer, but its streams would use up the places."""
    site, mode = environ.get("HTTP_SEC_FETCH_SITE", "none"), environ.get("HTTP_SEC_FETCH_MODE")
    if site not in ("none", "same-origin") and mode != "navigate":
        raise CrossSite()


def _refuse_foreign(environ: Mapping[str, Any]) -> None:
    origin = environ.get("HTTP_ORIGIN")
    own = environ.get("HTTP_HOST", "").casefold()
    foreign = origin is not None and _netloc(origin) != own
    if foreign or environ.get("HTTP_SEC_FETCH_SITE", "none") not in ("none", "same-origin"):
        raise CrossSite()


def _is_ours(settings: Settings, name: str) -> bool:
    if is_loopback(name):
        return True
    allowed = {host.strip("[]").casefold() for host in (*settings.allow_hosts, settings.host)}
    return name.strip("[]") in allowed - {"0.0.0.0", "::"}  # noqa: S104


def _netloc(origin: str) -> str | None:
    scheme, separator, rest = origin.casefold().partition("://")
    return rest if separator and scheme in ("http", "https") else None


def _shown_password(authorization: str) -> bytes | None:
    scheme, _, value = authorization.partition(" ")
    if scheme.casefold() == "bearer":
        return value.strip().encode("latin-1", "replace")
    if scheme.casefold() != "basic":
        return None
    try:
        decoded = base64.b64decode(value.strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded.partition(b":")[2]

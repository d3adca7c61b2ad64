"""Addresses of Vonage's that a phone or a browser opens, and those that it is sent back to."""

from urllib.parse import urlsplit

from flask import request

_MAX_URL = 2048


def own_url(path: str) -> str:
    """The address of ``path`` (below ``/vonage``) under the name that the present request used."""
    by_vendors_name = "sms_sandbox.path" in request.environ
    return request.host_url.rstrip("/") + ("" if by_vendors_name else "/vonage") + path


def is_address(text: str) -> bool:
    """Whether a device can be sent there: an absolute http or https address without a fragment
    (RFC 6749, section 3.1.2)."""
    try:
        parts = urlsplit(text)
        fits = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = text.isascii() and text.isprintable() and " " not in text and "\\" not in text
    known = parts.scheme.casefold() in ("http", "https") and bool(parts.hostname)
    bare = "#" not in text and parts.username is None
    return fits and plain and known and bare and len(text) <= _MAX_URL

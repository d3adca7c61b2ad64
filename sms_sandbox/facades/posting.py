"""A vendor's request to the application: where it may go, and how it carries its parameters."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode, urlsplit

from sms_sandbox.callback import Callback, Failure

ANY_FAILURE: tuple[Failure, ...] = ("connection", "timeout", "4xx", "5xx", "other")
"""What a vendor tries again after that gives up on nothing."""

MAX_URL = 2048
_FORM = "application/x-www-form-urlencoded"


def is_url(text: str, *, most: int = MAX_URL) -> bool:
    """Whether the sandbox could ask it: http or https, a host, at most ``most`` characters, none
    that must be escaped."""
    try:
        parts = urlsplit(text)
        fits = parts.port is None or parts.port > 0
    except ValueError:
        return False
    plain = text.isascii() and text.isprintable() and " " not in text
    known = parts.scheme.casefold() in ("http", "https") and bool(parts.hostname)
    return fits and plain and known and parts.username is None and len(text) <= most


def carry(
    kind: str,
    url: str,
    method: str,
    parameters: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    *,
    form: str = _FORM,
) -> Callback:
    """The request: by GET its parameters stand in the query, else in a form of the type ``form``.
    It is tried once."""
    text = urlencode(parameters)
    if method == "GET":
        url += ("&" if "?" in url else "?") + text if text else ""
        return Callback(kind=kind, method=method, url=url, headers=headers, body="")
    labelled = {**headers, "Content-Type": form}
    return Callback(kind=kind, method=method, url=url, headers=labelled, body=text)

"""A request as text, for whoever looks into the sandbox: its credentials blanked."""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

_HIDDEN_HEADERS = frozenset(
    {"authorization", "cookie", "proxy-authorization", "x-amz-security-token"}
)


def sent_headers(environ: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The headers of a WSGI request with their names as they are usually written."""
    for key, value in environ.items():
        name = _header(key)
        if name and (value or key.startswith("HTTP_")):
            yield name, value


@lru_cache(maxsize=512)
def _header(key: str) -> str:
    """What the header of a key in the environment is called; nothing where it is no header."""
    if key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        return key.replace("_", "-").title()
    if not key.startswith("HTTP_") or key in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
        return ""
    return key[5:].replace("_", "-").title()


def transcribe(method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> str:
    """The request line, the headers and the body, as they came."""
    lines = [f"{method} {target}"]
    for name, value in headers:
        lines.append(f"{name}: {'(hidden)' if name.casefold() in _HIDDEN_HEADERS else value}")
    return "\n".join([*lines, "", body.decode("utf-8", "replace")])

"""A request as text, for whoever looks into the sandbox: its credentials blanked."""

from collections.abc import Iterable

_HIDDEN_HEADERS = frozenset(
    {"authorization", "cookie", "proxy-authorization", "x-amz-security-token"}
)


def transcribe(method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes) -> str:
    """The request line, the headers and the body, as they came."""
    lines = [f"{method} {target}"]
    for name, value in headers:
        lines.append(f"{name}: {'(hidden)' if name.casefold() in _HIDDEN_HEADERS else value}")
    return "\n".join([*lines, "", body.decode("utf-8", "replace")])

"""Patterns that a request brings along, matched in time that grows with the text alone."""

from collections.abc import Callable, Sequence

from sms_sandbox.errors import InvalidRequest

MAX_PATTERN = 1000
_MEMORY = 1 << 20


def compile_regex(pattern: str, pointer: str, *, whole: bool = False) -> Callable[[str], bool]:
    """Whether a text holds (``whole``: is) what ``pattern`` means. RE2 needs no backtracking, so
    no pattern makes it slow. Raises ``InvalidRequest`` naming ``pointer``."""
    import re2

    if len(pattern) > MAX_PATTERN:
        raise InvalidRequest(
            f"The pattern is longer than {MAX_PATTERN} characters.",
            hint="Use a shorter pattern, or a plain text.",
            pointer=pointer,
        )
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options=options)
    except re2.error as error:
        raise InvalidRequest(
            f"The pattern cannot be used: {_reason(error)}.",
            hint="Patterns follow RE2: no look-around and no back-references.",
            pointer=pointer,
        ) from None
    look = compiled.fullmatch if whole else compiled.search
    return lambda text: look(text) is not None


def compile_stars(pattern: str) -> Callable[[str], bool]:
    """Whether a text is ``pattern``, where each ``*`` stands for any characters or none."""
    first, *rest = pattern.split("*")
    if not rest:
        return lambda text: text == first
    *middle, last = rest
    return lambda text: _fits(text, first, middle, last)


def _fits(text: str, first: str, middle: Sequence[str], last: str) -> bool:
    if len(text) < len(first) + len(last):
        return False
    if not (text.startswith(first) and text.endswith(last)):
        return False
    # The leftmost place of each part leaves the most room for the next.
    at, end = len(first), len(text) - len(last)
    for part in middle:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else "it is not a valid pattern"
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)

"""The parameters of a request, by what they are and not by how they are labelled: Vonage's own
SDKs send forms that say they are JSON."""

import json
import math
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from sms_sandbox.errors import InvalidRequest

MAX_FIELDS = 1000
"""Parameters of a request that are read; one more and it is refused."""
_HIDDEN = "(hidden)"


def read_parameters(query: bytes, body: bytes) -> dict[str, str]:
    """The parameters of address and body (a JSON object, else a form) as texts; the body's win,
    and JSON's ``null`` counts as left out. Raises ``InvalidRequest``."""
    found = _read_form(query)
    values = _read_object(body)
    found |= _read_form(body) if values is None else values
    for name, value in found.items():
        if not _is_text(name + value):
            raise InvalidRequest(
                "A parameter holds half a surrogate pair or a NUL.",
                hint="Send Unicode text.",
                pointer=f"/{name}" if _is_text(name) else None,
            )
    return found


def read_json(body: bytes) -> dict[str, Any]:
    """The JSON object of a body. Raises ``InvalidRequest``."""
    try:
        values = json.loads(body, parse_constant=_refuse_constant)
        is_text = _is_text(_strings(values))
    except (ValueError, RecursionError):
        raise InvalidRequest(
            "The body is not valid JSON.", hint="Send a JSON object.", pointer="/body"
        ) from None
    if not isinstance(values, dict):
        raise InvalidRequest("The body must be a JSON object.", hint="Send {...}.", pointer="/body")
    if not is_text:
        raise InvalidRequest(
            "A value holds half a surrogate pair or a NUL.",
            hint="Send Unicode text.",
            pointer="/body",
        )
    return values


def hide_in_query(name: str, query: bytes) -> bytes:
    """A query, or a form, without the value of one parameter, however its name is written."""
    return b"&".join(_hidden(name, pair) for pair in query.split(b"&"))


def hide_in_body(name: str, body: bytes) -> bytes:
    """A body without the value of one parameter: as JSON or as a form, as it would be read."""
    values = _object(body)
    if values is None:
        return hide_in_query(name, body)
    if name not in values:
        return body
    try:
        shown = json.dumps(values | {name: _HIDDEN}, ensure_ascii=False)
    except RecursionError:
        shown = _HIDDEN
    return shown.encode("utf-8", "replace")


def _hidden(name: str, pair: bytes) -> bytes:
    written = pair.partition(b"=")[0]
    found = unquote_plus(written.decode("utf-8", "replace"))
    return written + b"=" + _HIDDEN.encode() if found == name else pair


def _read_object(body: bytes) -> dict[str, str] | None:
    values = _object(body)
    if values is None:
        return None
    if len(values) > MAX_FIELDS:
        raise _too_many()
    try:
        return {name: _text(value) for name, value in values.items() if value is not None}
    except (ValueError, RecursionError):
        return None


def _object(text: bytes) -> dict[str, Any] | None:
    """The JSON object that a body is, if it is one."""
    if not text.lstrip().startswith(b"{"):
        return None
    try:
        values: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return values


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return str(int(value))
    return json.dumps(value)


def _read_form(text: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(
            text.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FIELDS
        )
    except ValueError:
        raise _too_many() from None
    return dict(pairs)


def _too_many() -> InvalidRequest:
    return InvalidRequest(
        f"The request has more than {MAX_FIELDS} parameters.", hint="Send fewer.", pointer="/body"
    )


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _strings(values: Any) -> str:
    """All texts within a JSON value, joined."""
    if isinstance(values, str):
        return values
    if isinstance(values, dict):
        return "".join(name + _strings(value) for name, value in values.items())
    return "".join(map(_strings, values)) if isinstance(values, list) else ""


def _refuse_constant(name: str) -> None:
    raise ValueError(name)

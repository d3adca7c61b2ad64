"""What End User Messaging checks of every field: its type, its length or size, its form."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sms_sandbox.facades.aws.errors import AwsError


@dataclass(frozen=True, slots=True)
class Shape:
    """A field's ``kind`` (str, int, bool, or dict from text to text). ``least`` and ``most`` bound
    a text's characters, a number, or a map's entries."""

    kind: type
    form: re.Pattern[str] | None = None
    least: int = 1
    most: int | None = None


def check(asked: Mapping[str, Any], shapes: Mapping[str, Shape], required: Iterable[str]) -> None:
    """Refuse what does not fit. Raises ``AwsError``; fields that nobody knows are left alone."""
    for name in required:
        if name not in asked:
            raise field_error(name, "it must be given", reason="MISSING_PARAMETER")
    for name, value in asked.items():
        shape = shapes.get(name)
        if shape is None:
            continue
        if not _is_of(shape.kind, value):
            raise AwsError(
                "SerializationException", f"The field {name} must be of type {_NAMES[shape.kind]}."
            )
        _check_bounds(name, value, shape)
        if shape.form is not None and not shape.form.fullmatch(value):
            raise field_error(name, "it does not have the form of such a value")


def field_error(name: str, rule: str, *, reason: str = "FIELD_VALIDATION_FAILED") -> AwsError:
    """The refusal that names a field."""
    return AwsError(
        "ValidationException",
        f"Invalid value for {name}: {rule}.",
        members={"Reason": reason, "Fields": [{"Name": name, "Message": rule}]},
    )


_NAMES = {str: "string", int: "integer", bool: "boolean", dict: "map of strings"}


def _is_of(kind: type, value: Any) -> bool:
    if kind is dict:
        return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    # In JSON true is no number, in Python it is.
    return isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def _check_bounds(name: str, value: Any, shape: Shape) -> None:
    if shape.most is None:
        return
    size = value if shape.kind is int else len(value)
    if size < shape.least:
        raise field_error(name, f"it must be at least {shape.least}")
    if size > shape.most:
        raise field_error(name, f"it must be at most {shape.most}")

"""The sandbox's control API: its operations, the shapes of its answers, the effects of faults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sms_sandbox.control import document
from sms_sandbox.control.faults import EFFECTS
from sms_sandbox.control.routes import ROOT, operations

from .markdown import table


def sandbox_api() -> str:
    """Every operation of the control API, from its OpenAPI document, and the shapes."""
    described = document.build(operations(), ROOT)
    parts = []
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            parts.append(_operation(f"{method.upper()} {ROOT}{path}", operation))
    parts.append("## Shapes\n\n")
    parts += [_shape(name, shape) for name, shape in described["components"]["schemas"].items()]
    return "".join(parts)


def fault_effects() -> str:
    """The fields of every effect."""
    rows = [
        [f"`{kind}`" if place == 0 else "", f"`{one.name}`", _field(one), one.description]
        for kind, fields_of_it in EFFECTS.items()
        for place, one in enumerate(fields_of_it.fields)
    ]
    bare = [[f"`{kind}`", "", "", "No fields."] for kind, one in EFFECTS.items() if not one.fields]
    return table(("Effect", "Field", "Type", "About"), [*rows, *bare])


def _field(one: Any) -> str:
    return _schema_text(one.kind.schema) + (", required" if one.required else "")


def _operation(title: str, operation: Mapping[str, Any]) -> str:
    parts = [f"### `{title}`\n\n{operation['summary']}.\n\n"]
    parameters = [
        [f"`{one['name']}`", one["in"], _schema_text(one["schema"]), one["description"]]
        for one in operation.get("parameters", ())
    ]
    if parameters:
        parts.append(table(("Value", "Where", "Type", "About"), parameters) + "\n")
    content = operation.get("requestBody", {}).get("content", {})
    body = content.get("application/json", {}).get("schema", {})
    if body.get("properties"):
        parts.append(table(("Field", "Type", "About"), list(_body_rows(body))) + "\n")
    answers = [[status, *_answer(one)] for status, one in operation["responses"].items()]
    parts.append(table(("Status", "Meaning", "Shape"), answers) + "\n")
    return "".join(parts)


def _body_rows(schema: Mapping[str, Any], prefix: str = "") -> Iterator[list[str]]:
    required = schema.get("required", ())
    for name, one in schema["properties"].items():
        kind = _schema_text(one) + (", required" if name in required else "")
        yield [f"`{prefix}{name}`", kind, one["description"]]
        if "properties" in one:
            yield from _body_rows(one, f"{prefix}{name}.")


def _answer(answer: Mapping[str, Any]) -> tuple[str, str]:
    for media, content in answer.get("content", {}).items():
        shape = content["schema"].get("$ref", "").rpartition("/")[2]
        return answer["description"], f"`{shape}`" if shape else f"`{media}`"
    return answer["description"], ""


def _schema_text(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"]) + _default_text(schema)
    kinds = schema.get("type", "object")
    kind = " or ".join(kinds) if isinstance(kinds, list) else kinds
    if kind == "array":
        kind = f"list of {_schema_text(schema['items'])}"
    if "maximum" in schema:
        kind += f" {schema.get('minimum', 0):,} to {schema['maximum']:,}"
    elif "maxLength" in schema:
        kind += f" of {schema.get('minLength', 0)} to {schema['maxLength']:,} characters"
    return kind + _default_text(schema)


def _default_text(schema: Mapping[str, Any]) -> str:
    return f" ({_json_word(schema['default'])})" if "default" in schema else ""


def _json_word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f"`{value}`"


def _shape(name: str, schema: Mapping[str, Any]) -> str:
    parts = schema.get("allOf", [schema])
    named = [one["$ref"].rpartition("/")[2] for one in parts if "$ref" in one]
    rows = [
        [f"`{field}`", _schema_text(one), "always" if field in part.get("required", ()) else ""]
        for part in parts
        for field, one in part.get("properties", {}).items()
    ]
    text = f"### {name}\n\n"
    text += "".join(f"All of `{other}`, and:\n\n" for other in named)
    return text + (table(("Field", "Type", "There"), rows) if rows else "A JSON object.\n") + "\n"

"""The OpenAPI 3.1 document, made from the same records that read the requests."""

import re
from collections.abc import Iterable
from typing import Any

from sms_sandbox.control.kinds import property_schema
from sms_sandbox.control.operation import Answer, Operation, problem
from sms_sandbox.control.schemas import SCHEMAS

_PATH_VALUE = re.compile(r"<([a-z_]+)>")
_PATH_MEANING = {
    "message_id": "The id of a message.",
    "attempt": "The id of a webhook attempt.",
    "account": "An account, by its name.",
    "fault_id": "The id of a fault rule.",
    "number": "A handset's number, with or without +.",
}


def build(operations: Iterable[Operation], root: str) -> dict[str, Any]:
    """The document of ``operations`` below ``root``."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        path = _PATH_VALUE.sub(r"{\1}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "SMS sandbox control API",
            "version": "1",
            "description": "Read, await and cause text messages in a local SMS gateway simulator.",
            "license": {"name": "BSD-3-Clause", "identifier": "BSD-3-Clause"},
        },
        "servers": [{"url": root}],
        "security": [{}, {"basic": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {str(status): _answer(one) for status, one in operation.answers.items()},
    }
    described["responses"]["default"] = _answer(problem("A refusal that says what to do"))
    if parameters := _parameters(operation):
        described["parameters"] = parameters
    if operation.body is not None:
        required = any(one.required for one in operation.body.fields)
        described["requestBody"] = {
            "required": required,
            "content": {"application/json": {"schema": operation.body.schema()}},
        }
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    in_path = [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_MEANING[name],
            "schema": {"type": "string"},
        }
        for name in _PATH_VALUE.findall(operation.path)
    ]
    in_query = []
    for one in operation.query.fields:
        schema = property_schema(one)
        description = schema.pop("description")
        if isinstance(one.default, tuple):
            del schema["default"]
        in_query.append(
            {"name": one.name, "in": "query", "description": description, "schema": schema}
        )
    return [*in_path, *in_query]


def _answer(answer: Answer) -> dict[str, Any]:
    described: dict[str, Any] = {"description": answer.description}
    if answer.schema is not None:
        reference = {"$ref": f"#/components/schemas/{answer.schema}"}
        described["content"] = {answer.media: {"schema": reference}}
    elif answer.media != "application/json":
        described["content"] = {answer.media: {"schema": {"type": "string"}}}
    return described

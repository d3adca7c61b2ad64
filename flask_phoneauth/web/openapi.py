"""The OpenAPI 3.1 document, made of the app's own routes, errors and settings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask import Flask, current_app, jsonify, request
from werkzeug.routing import Rule

from flask_phoneauth.errors import PhoneAuthError
from flask_phoneauth.sessions.state import current_live
from flask_phoneauth.settings import Settings
from flask_phoneauth.web.binding import HEADER
from flask_phoneauth.web.operations import NOTHING, OPERATIONS, PAGE, SCRIPT, Operation
from flask_phoneauth.web.shapes import (
    CHALLENGE_ID,
    DELIVERY,
    PROVIDER,
    SECRET,
    SESSION_ID,
    problem_of_codes,
    shapes,
)

BLUEPRINT = "phoneauth."
STATIC = "phoneauth.static"
JSON = "application/json"
PROBLEM = "application/problem+json"
FORM = "application/x-www-form-urlencoded"
_PATH_VALUE = re.compile(r"<(?:\w+:)?(\w+)>")
_PATH_SHAPES = {
    "challenge_id": CHALLENGE_ID,
    "session_id": SESSION_ID,
    "provider": PROVIDER,
    "delivery": DELIVERY,
}


def openapi() -> Any:
    """The document of this app (always JSON)."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    live = current_live()
    settings = live.parts.settings
    server = settings.public_url.rstrip("/") or request.script_root or "/"
    return jsonify(build(app, settings, server=server))


def build(app: Flask, settings: Settings, *, server: str) -> dict[str, Any]:
    """The document of an app's routes; `server` is the address that they stand under."""
    paths: dict[str, dict[str, Any]] = {}
    token = app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token")
    for rule in _rules(app):
        endpoint = rule.endpoint.removeprefix(BLUEPRINT)
        item = paths.setdefault(_PATH_VALUE.sub(r"{\1}", rule.rule), {})
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            operation = OPERATIONS[endpoint, method]
            item[method.lower()] = {
                "operationId": f"{endpoint}_{method.lower()}",
                **_operation(operation, _PATH_VALUE.findall(rule.rule), token),
            }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Phone-number login",
            "version": "1",
            "description": "Sign-up and login by a code in a text message.",
        },
        "servers": [{"url": server}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": shapes(settings), "securitySchemes": _schemes(app)},
    }


def _rules(app: Flask) -> Iterable[Rule]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(BLUEPRINT) and rule.endpoint != STATIC:
            yield rule


def _schemes(app: Flask) -> dict[str, Any]:
    names = {
        "session": app.config["SESSION_COOKIE_NAME"],
        "remember": app.config.get("REMEMBER_COOKIE_NAME", "remember_token"),
    }
    return {kind: {"type": "apiKey", "in": "cookie", "name": name} for kind, name in names.items()}


def _operation(operation: Operation, values: Iterable[str], token: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "summary": operation.summary,
        "responses": {**_successes(operation), **_problems(operation)},
    }
    if parameters := _parameters(operation, values):
        described["parameters"] = parameters
    if operation.body:
        described["requestBody"] = _body(operation, token)
    if operation.signed_in:
        described["security"] = [{"session": []}, {"remember": []}]
    return described


def _parameters(operation: Operation, values: Iterable[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in values:
        shape = {"type": "string", "pattern": _PATH_SHAPES[name]}
        found.append({"name": name, "in": "path", "required": True, "schema": shape})
    for name in operation.query:
        found.append({"name": name, "in": "query", "schema": {"type": "string"}})
    if operation.header:
        shape = {"type": "string", "pattern": SECRET}
        found.append({"name": HEADER, "in": "header", "schema": shape})
    return found


def _body(operation: Operation, token: str) -> dict[str, Any]:
    content: dict[str, Any] = {JSON: {"schema": _reference(operation.body)}}
    if operation.page:
        form = {
            "type": "object",
            "properties": {token: {"type": "string"}},
            "required": [token],
            "description": f"The fields of the JSON body, and the page's {token}.",
        }
        content[FORM] = {"schema": form}
    return {"required": True, "content": content}


def _successes(operation: Operation) -> dict[str, Any]:
    return {
        str(status): _success(operation, status, shape)
        for status, shape in sorted(operation.answers.items())
    }


def _success(operation: Operation, status: int, shape: str) -> dict[str, Any]:
    if status == 303:
        location = {"Location": {"required": True, "schema": {"type": "string"}}}
        return {"description": "For people: sent on to another page.", "headers": location}
    if shape == NOTHING:
        return {"description": "Done."}
    if shape == PAGE:
        return {"description": "The page.", "content": _page()}
    if shape == SCRIPT:
        script = {SCRIPT: {"schema": {"type": "string"}}}
        return {"description": "The script, in the vendor's own form.", "content": script}
    content = {JSON: {"schema": _reference(shape)}}
    if operation.page and (not operation.body or shape == "Silent"):
        content |= _page()
    return {"description": shape, "content": content}


def _problems(operation: Operation) -> dict[str, Any]:
    by_status: dict[int, list[type[PhoneAuthError]]] = {}
    for kind in dict.fromkeys(operation.problems):
        by_status.setdefault(kind.status, []).append(kind)
    return {
        str(status): _problem(kinds, page=operation.page)
        for status, kinds in sorted(by_status.items())
    }


def _problem(kinds: list[type[PhoneAuthError]], *, page: bool) -> dict[str, Any]:
    content = {PROBLEM: {"schema": problem_of_codes([kind.code for kind in kinds])}}
    described: dict[str, Any] = {
        "description": "; ".join(f"`{kind.code}`: {kind.title}" for kind in kinds),
        "content": content | _page() if page else content,
    }
    if kinds[0].status in (429, 503):
        wait = {"type": "integer", "minimum": 1}
        described["headers"] = {"Retry-After": {"required": True, "schema": wait}}
    return described


def _page() -> dict[str, Any]:
    return {PAGE: {"schema": {"type": "string"}}}


def _reference(shape: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{shape}"}

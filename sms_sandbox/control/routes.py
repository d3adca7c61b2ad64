"""Binds the operations to their URLs: reads each request once, answers, and hides its secrets."""

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Request, Response, jsonify, request

from sms_sandbox.control import (
    accounts,
    calls,
    clock,
    codes,
    document,
    events,
    faults,
    handsets,
    messages,
    numbers,
    webhooks,
)
from sms_sandbox.control.guard import check_label
from sms_sandbox.control.operation import Answer, Call, Operation, Result
from sms_sandbox.errors import BodyTooLarge, InvalidRequest
from sms_sandbox.inbox import Inbox
from sms_sandbox.transcript import sent_headers, transcribe

ROOT = "/api/v1"
MAX_BODY_BYTES = 1 << 20

_DOCUMENTED: tuple[Operation, ...] = (
    *messages.OPERATIONS,
    *calls.OPERATIONS,
    *webhooks.OPERATIONS,
    *codes.OPERATIONS,
    *faults.OPERATIONS,
    *handsets.OPERATIONS,
    *numbers.OPERATIONS,
    *events.OPERATIONS,
    *accounts.OPERATIONS,
    *clock.OPERATIONS,
)


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


_JSON = json.JSONDecoder(parse_constant=_refuse_constant)


def create_blueprint(inbox: Inbox) -> Blueprint:
    """The blueprint of the control API under ``/api/v1``."""
    blueprint = Blueprint("control", __name__, url_prefix=ROOT)
    for operation in operations():
        # Bound late, so that the document's own route is in the document.
        blueprint.add_url_rule(
            operation.path,
            endpoint=operation.name,
            view_func=_bind(operation, inbox),
            methods=[operation.method],
            provide_automatic_options=False,
        )
    return blueprint


def operations() -> tuple[Operation, ...]:
    """Every operation, the one that serves the document included."""
    return (
        *_DOCUMENTED,
        Operation(
            method="GET",
            path="/openapi.json",
            name="getDocument",
            summary="Get this document",
            view=lambda _call: document.build(operations(), ROOT),
            answers={200: Answer("The OpenAPI document", "Document")},
        ),
    )


def _bind(operation: Operation, inbox: Inbox) -> Callable[..., Response]:
    def view(**path: str) -> Response:
        # Every look through the proxy costs as much as a look into a dictionary ten times.
        incoming: Request = request._get_current_object()  # type: ignore[attr-defined]
        environ = incoming.environ
        check_label(environ)
        query = operation.query.read_query(_query(incoming))
        body = operation.body.read_object(_read_json(incoming)) if operation.body else {}
        _lead(inbox, query)
        _lead(inbox, body)
        call = Call(
            inbox=inbox,
            query=query,
            body=body,
            headers=incoming.headers,
            raw=lambda: _as_text(incoming),
            gone=environ.get("waitress.client_disconnected", lambda: False),
        )
        return _respond(operation.view(call, **path))

    return view


def _lead(inbox: Inbox, values: dict[str, Any]) -> None:
    """Put an account in place of its further name, wherever a request names it."""
    for one in (values, values.get("match")):
        if isinstance(one, dict) and isinstance(one.get("account"), str):
            one["account"] = inbox.account_of(one["account"])


def _respond(result: Result) -> Response:
    if isinstance(result, Response):
        return result
    content, status = result if isinstance(result, tuple) else (result, 200)
    response = jsonify(content)
    response.status_code = status
    return response


def _query(incoming: Request) -> dict[str, list[str]]:
    return dict(incoming.args.lists()) if incoming.environ.get("QUERY_STRING") else {}


def _read_json(incoming: Request) -> Any:
    if (incoming.content_length or 0) > MAX_BODY_BYTES:
        raise BodyTooLarge(
            "The body is larger than 1 MiB.", hint="A text message never needs that much."
        )
    data = incoming.get_data(cache=True)
    if not data:
        return {}
    try:
        return _JSON.decode(data.decode(json.detect_encoding(data), "surrogatepass"))
    except (ValueError, RecursionError):
        raise InvalidRequest(
            "The body is not JSON.", hint="Send one JSON object in UTF-8.", pointer=""
        ) from None


def _as_text(incoming: Request) -> str:
    return transcribe(
        incoming.method,
        incoming.full_path.rstrip("?"),
        sent_headers(incoming.environ),
        incoming.get_data(cache=True),
    )

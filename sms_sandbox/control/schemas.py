"""The shapes of the control API's answers, as JSON Schema."""

from typing import Any

from sms_sandbox.message import DIRECTIONS, STATUSES

_TEXT = {"type": "string"}
_WHOLE = {"type": "integer", "minimum": 0}
_TIME = {"type": "string", "format": "date-time"}
_ERROR_CODE = {"type": ["string", "integer", "null"]}
_MAYBE_TEXT = {"type": ["string", "null"]}


def _object(**properties: Any) -> dict[str, Any]:
    # A trailing underscore names a field that is a Python keyword: from_.
    named = {name.rstrip("_"): schema for name, schema in properties.items()}
    return {"type": "object", "required": list(named), "properties": named}


def _list(of: str) -> dict[str, Any]:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{of}"}}


_PROBLEM = {
    "type": "object",
    "description": "RFC 9457: what went wrong; `hint` says what to do.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": _TEXT,
        "hint": _TEXT,
        "retry_after": _WHOLE,
        "errors": {"type": "array", "items": _object(pointer=_TEXT, detail=_TEXT)},
    },
}

SCHEMAS: dict[str, Any] = {
    "Message": _object(
        id=_TEXT,
        account=_TEXT,
        provider=_TEXT,
        direction={"type": "string", "enum": list(DIRECTIONS)},
        from_=_TEXT,
        to=_TEXT,
        body=_TEXT,
        status={"type": "string", "enum": list(STATUSES)},
        error_code=_ERROR_CODE,
        segments={"type": "integer", "minimum": 1},
        encoding={"type": "string", "enum": ["GSM-7", "UCS-2"]},
        code=_MAYBE_TEXT,
        created_at=_TIME,
        updated_at=_TIME,
    ),
    "MessageList": _object(messages=_list("Message"), total=_WHOLE, cursor=_TEXT, next=_MAYBE_TEXT),
    "Deleted": _object(deleted=_WHOLE),
    "TimelineEntry": _object(
        status={"type": "string", "enum": list(STATUSES)},
        at=_TIME,
        after_ms={"type": "integer"},
        error_code=_ERROR_CODE,
    ),
    "Timeline": _object(timeline=_list("TimelineEntry")),
    "Code": _object(
        code=_TEXT,
        message_id=_TEXT,
        confidence={"type": "number", "minimum": 0, "maximum": 1},
        candidates={"type": "array", "items": _TEXT},
    ),
    "WaitResult": _object(messages=_list("Message"), cursor=_TEXT, waited_ms=_WHOLE),
    "NearMiss": _object(
        message={"$ref": "#/components/schemas/Message"},
        differs={"type": "array", "items": _TEXT},
    ),
    "Timeout": {
        "allOf": [
            {"$ref": "#/components/schemas/Problem"},
            _object(waited_ms=_WHOLE, arrived=_list("NearMiss"), hint=_TEXT),
        ]
    },
    "Webhook": {
        "type": "object",
        "description": "One attempt; `response` or `error` or both, `next_attempt_at` if there "
        "is to be another.",
        "required": ["id", "message_id", "kind", "url", "request", "milliseconds", "attempt", "at"],
        "properties": {
            "id": _TEXT,
            "message_id": _TEXT,
            "kind": _TEXT,
            "url": _TEXT,
            "request": _object(
                method=_TEXT,
                headers={"type": "object", "additionalProperties": _TEXT},
                body=_TEXT,
            ),
            "response": _object(status={"type": "integer"}, body=_TEXT),
            "error": _TEXT,
            "milliseconds": _WHOLE,
            "attempt": {"type": "integer", "minimum": 1},
            "at": _TIME,
            "next_attempt_at": _TIME,
        },
    },
    "WebhookList": _object(webhooks=_list("Webhook")),
    "QueuedWebhook": _object(
        id=_TEXT,
        message_id=_TEXT,
        kind=_TEXT,
        url=_TEXT,
        attempt={"type": "integer", "minimum": 1},
        next_attempt_at=_TIME,
    ),
    "Account": _object(id=_TEXT, messages=_WHOLE, last_message_at=_TIME),
    "AccountList": _object(accounts=_list("Account")),
    "Settings": _object(account=_MAYBE_TEXT, retention={"type": "integer", "minimum": 1}),
    "Document": {"type": "object"},
    "Problem": _PROBLEM,
}

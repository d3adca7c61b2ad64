"""The shapes of the control API's answers, as JSON Schema."""

from typing import Any

from sms_sandbox.handset import HANDSET_STATES
from sms_sandbox.message import DIRECTIONS, STATUSES

_TEXT = {"type": "string"}
_WHOLE = {"type": "integer", "minimum": 0}
_TIME = {"type": "string", "format": "date-time"}
_ERROR_CODE = {"type": ["string", "integer", "null"]}
_MAYBE_TEXT = {"type": ["string", "null"]}
_MAYBE_NUMBER = {"type": ["number", "null"]}


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
            "mutation": {
                "type": "string",
                "description": "What was done to it on purpose, by a fault rule or by hand.",
            },
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
    "Account": _object(
        id=_TEXT,
        messages=_WHOLE,
        last_message_at={"type": ["string", "null"], "format": "date-time"},
        aliases={"type": "array", "items": _TEXT},
    ),
    "AccountList": _object(accounts=_list("Account")),
    "Aliases": _object(id=_TEXT, aliases={"type": "array", "items": _TEXT}),
    "Clock": _object(frozen={"type": "boolean"}, now=_TIME),
    "MovedClock": {
        **_object(
            account=_MAYBE_TEXT, frozen={"type": "boolean"}, now=_TIME, ahead={"type": "number"}
        ),
        "description": "`account` null: the sandbox's own; `ahead`: seconds from real time.",
    },
    "ClockList": _object(clocks=_list("MovedClock")),
    "Settings": _object(
        account=_MAYBE_TEXT,
        inbound_url=_MAYBE_TEXT,
        status_url=_MAYBE_TEXT,
        webhook_method=_MAYBE_TEXT,
        signing_key={"type": ["string", "null"], "enum": ["set", None]},
        signature_method=_MAYBE_TEXT,
        redirect_uri=_MAYBE_TEXT,
        retention=_object(messages=_WHOLE, seconds=_MAYBE_NUMBER, bytes=_WHOLE),
        limits=_object(messages_per_second=_MAYBE_NUMBER, burst=_MAYBE_NUMBER),
        timings=_object(sent_after=_MAYBE_NUMBER, delivered_after=_MAYBE_NUMBER),
        operator=_object(
            mode=_MAYBE_TEXT,
            network=_MAYBE_TEXT,
            tokens=_MAYBE_TEXT,
            sim_dates=_MAYBE_TEXT,
            monitored_days=_MAYBE_NUMBER,
        ),
    ),
    "Fault": {
        "type": "object",
        "description": "A fault rule: `match` and `effect` as they were asked for, what is left "
        "of its time, how often it has struck, and whether it can strike again.",
        "required": ["id", "match", "effect", "hits", "enabled"],
        "properties": {
            "id": _TEXT,
            "match": {"type": "object"},
            "times": _WHOLE,
            "every": _WHOLE,
            "chance": {"type": "number", "minimum": 0, "maximum": 1},
            "seed": _WHOLE,
            "above_per_second": {"type": "number"},
            "effect": {"type": "object"},
            "expires_in": {"type": "number"},
            "hits": _WHOLE,
            "enabled": {"type": "boolean"},
        },
    },
    "FaultList": _object(faults=_list("Fault")),
    "Handset": _object(
        account=_TEXT,
        number=_TEXT,
        state={"type": "string", "enum": list(HANDSET_STATES)},
        opted_out={"type": "array", "items": _TEXT},
        sim_swapped_at=_TIME,
        nickname=_MAYBE_TEXT,
    ),
    "HandsetList": _object(handsets=_list("Handset")),
    "Call": {
        **_object(message_id=_TEXT, hears={"type": "boolean"}),
        "description": "A message that is a call; `hears`: it waits for keys.",
    },
    "CallList": _object(calls=_list("Call")),
    "Scheduled": {
        **_object(message_id=_TEXT, due_at=_TIME),
        "description": "A message that waits for its moment; `due_at`: by its account's clock.",
    },
    "ScheduledList": _object(scheduled=_list("Scheduled")),
    "Number": _object(
        kind={"type": "string", "enum": ["virtual", "scenario", "magic"]},
        number=_TEXT,
        example=_TEXT,
        means=_TEXT,
        name=_MAYBE_TEXT,
        provider=_MAYBE_TEXT,
    ),
    "NumberList": _object(numbers=_list("Number")),
    "Document": {"type": "object"},
    "Problem": _PROBLEM,
}

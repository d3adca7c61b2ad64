"""Codes and waits: what a test asks for after the application has sent something."""

from typing import Any

from flask import Response

from sms_sandbox import codes
from sms_sandbox.control import kinds
from sms_sandbox.control.kinds import Field, Fields
from sms_sandbox.control.operation import Answer, Call, Operation, Result, problem
from sms_sandbox.errors import InvalidRequest
from sms_sandbox.inbox import Match, Wish
from sms_sandbox.message import Message
from sms_sandbox.numbers import parse_number
from sms_sandbox.patterns import MAX_PATTERN

DEFAULT_TIMEOUT = 10.0
MAX_TIMEOUT = 120.0
_MAX_COUNT = 100

_ACCOUNT = Field("account", kinds.ACCOUNT, "Only this account's.")
_TIMEOUT = Field(
    "timeout",
    kinds.number_between(0, MAX_TIMEOUT),
    "How many seconds to wait at most.",
    default=DEFAULT_TIMEOUT,
)
_MATCH = Fields(
    Field("to", kinds.ADDRESS, "The recipient, with or without +."),
    Field("from", kinds.ADDRESS, "The sender, with or without +."),
    _ACCOUNT,
    Field("provider", kinds.text(32, minimum=1), "The provider."),
    Field("direction", kinds.DIRECTION, "From or to the application."),
    Field("status", kinds.STATUS, "The status that it has."),
    Field("has_code", kinds.FLAG, "Whether a code was found in it."),
    Field("body_contains", kinds.text(1000), "A part of the text."),
    Field("body_regex", kinds.text(MAX_PATTERN), "A pattern (RE2) that the text holds."),
)
_WAIT = Fields(
    Field("match", kinds.nested(_MATCH), "What to wait for."),
    Field(
        "count",
        kinds.number_between(1, _MAX_COUNT, whole=True),
        "How many messages to wait for.",
        default=1,
    ),
    _TIMEOUT,
    Field(
        "after",
        kinds.CURSOR,
        "A cursor: what is at or before it does not count; wins over claims.",
    ),
    Field("since", kinds.MOMENT, "Nothing older than this time."),
    Field("claim", kinds.FLAG, "Take the messages, so that no other wait gets them.", default=True),
    Field(
        "absent",
        kinds.FLAG,
        "Succeed if nothing matches in the time; 409 at once if something does.",
        default=False,
    ),
    Field(
        "order",
        kinds.one_of(("oldest", "newest")),
        "Which of several to take first.",
        default="oldest",
    ),
    Field("until_status", kinds.STATUS, "Wait until the message has reached this status."),
)


def newest(call: Call, number: str) -> Result:
    """The newest code, unclaimed or not."""
    found = call.inbox.newest_code(parse_number(number, "/number"), call.query["account"])
    return _code(found)


def newest_text(call: Call, number: str) -> Result:
    """The newest code alone, for a shell."""
    found = call.inbox.newest_code(parse_number(number, "/number"), call.query["account"])
    return Response(f"{found.code}\n", mimetype="text/plain")


def claim(call: Call, number: str) -> Result:
    """Wait for a code and take it."""
    match = Match(
        recipient=parse_number(number, "/number"), account=call.body["account"], has_code=True
    )
    outcome = call.inbox.wait(Wish(match=match), call.body["timeout"], call.gone)
    return _code(outcome.messages[0])


def wait(call: Call) -> Result:
    """Wait for messages."""
    body = call.body
    if body["absent"] and body["count"] > 1:
        raise InvalidRequest(
            "absent waits for none, so it takes no count.", hint="Leave one out.", pointer="/count"
        )
    wish = Wish(
        match=_match(body["match"]),
        count=body["count"],
        claim=body["claim"],
        absent=body["absent"],
        newest_first=body["order"] == "newest",
        until_status=body["until_status"],
        after=body["after"],
        since=body["since"],
    )
    outcome = call.inbox.wait(wish, body["timeout"], call.gone)
    return {
        "messages": [message.as_json() for message in outcome.messages],
        "cursor": str(outcome.cursor),
        "waited_ms": round(outcome.waited * 1000),
    }


def _match(values: dict[str, Any] | None) -> Match:
    if values is None:
        return Match()
    return Match(
        recipient=values["to"],
        sender=values["from"],
        account=values["account"],
        provider=values["provider"],
        direction=values["direction"],
        status=values["status"],
        has_code=values["has_code"],
        body_contains=values["body_contains"],
        body_regex=values["body_regex"],
    )


def _code(message: Message) -> Result:
    found = codes.extract(message.body)
    return {
        "code": message.code,
        "message_id": message.id,
        "confidence": found.confidence,
        "candidates": list(found.candidates),
    }


_NONE = problem("There is no code")
_LATE = Answer("Nothing matched in time", "Timeout", "application/problem+json")
_BUSY = problem("All waits are taken")

OPERATIONS = (
    Operation(
        method="GET",
        path="/codes/<number>",
        name="getCode",
        summary="Get a number's newest code without claiming it",
        view=newest,
        query=Fields(_ACCOUNT),
        answers={200: Answer("The code", "Code"), 404: _NONE},
    ),
    Operation(
        method="GET",
        path="/codes/<number>.txt",
        name="getCodeText",
        summary="Get a number's newest code as plain text",
        view=newest_text,
        query=Fields(_ACCOUNT),
        answers={200: Answer("The code and a line break", None, "text/plain"), 404: _NONE},
    ),
    Operation(
        method="POST",
        path="/codes/<number>/claim",
        name="claimCode",
        summary="Wait for a number's first unclaimed code, and claim it",
        view=claim,
        body=Fields(_TIMEOUT, _ACCOUNT),
        answers={200: Answer("The code", "Code"), 408: _LATE, 503: _BUSY},
    ),
    Operation(
        method="POST",
        path="/wait",
        name="wait",
        summary="Wait for messages, or for their absence",
        view=wait,
        body=_WAIT,
        answers={
            200: Answer("The messages in order; none for absent", "WaitResult"),
            408: _LATE,
            409: problem("A message came that should not"),
            503: _BUSY,
        },
    ),
)

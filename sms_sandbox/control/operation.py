"""One operation of the control API: its view, and all that the document says of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Response
from werkzeug.datastructures import Headers

from sms_sandbox.control.kinds import Fields
from sms_sandbox.inbox import Inbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request, read: ``query`` and ``body`` hold every known field, ``gone`` tells whether
    the client has hung up, ``raw`` is the request as text without its secrets."""

    inbox: Inbox
    query: Mapping[str, Any]
    body: Mapping[str, Any]
    headers: Headers
    raw: Callable[[], str]
    gone: Callable[[], bool]


Result = Response | tuple[Mapping[str, Any], int] | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: what it means, and the name of its schema or its media type."""

    description: str
    schema: str | None = None
    media: str = "application/json"


def problem(description: str) -> Answer:
    """The answer of a refusal that says what to do."""
    return Answer(description, "Problem", "application/problem+json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """``path`` is below the API's root, with path values in angle brackets as Flask has them."""

    method: str
    path: str
    name: str
    summary: str
    view: Callable[..., Result]
    query: Fields = field(default=Fields())
    body: Fields | None = None
    answers: Mapping[int, Answer]

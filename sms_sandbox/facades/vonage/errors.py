"""Vonage's refusals. Each family of APIs has a form of its own; most write a problem as JSON.

VonageError (knows its answer)
└── Problem: ``{"type", "title", "detail", "instance"}``, of Messages, Verify v2 and all the rest

What every family says in its own form: Denied (who asks?), Unserved (no such path or method), and
what the sandbox itself refuses (``SandboxError``).

Sources: https://developer.vonage.com/en/api-errors and the test data of Vonage's SDKs.
"""

import json
import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from flask import Response
from werkzeug.exceptions import RequestEntityTooLarge

from sms_sandbox.errors import FaultStruck, InvalidRequest, Refused, SandboxError, TurnedAway
from sms_sandbox.reasons import Failing

ERRORS = "https://developer.vonage.com/api-errors"

FAILINGS: Mapping[Failing, str | int] = {
    "unreachable": "2",
    "unknown_handset": "3",
    "landline": "9",
    "filtered": "6",
    "blocked": "4",
    "handset_full": "7",
    "no_route": "11",
    "expired": "12",
    "unknown": "1",
}
"""``err-code`` of a delivery receipt:
https://developer.vonage.com/en/messaging/sms/guides/delivery-receipts."""

_OF_STATUS: Mapping[int, tuple[str, str, str]] = {
    400: ("#bad-request", "Bad Request", "The request could not be understood."),
    401: ("#unauthorized", "Unauthorized", "You did not provide correct credentials."),
    402: (
        "/#low-balance",
        "Low balance",
        "This request could not be performed due to your account balance being low.",
    ),
    403: ("#forbidden", "Forbidden", "Your account does not have permission to do this."),
    404: ("#not-found", "Not Found", "The requested resource could not be found."),
    405: ("#method-not-allowed", "Method Not Allowed", "This path does not take that method."),
    409: ("#conflict", "Conflict", "The request conflicts with what is already there."),
    422: ("#invalid-params", "Invalid params", "The value of one or more parameters is invalid."),
    429: ("#throttled", "Rate Limit Hit", "Please wait, then retry your request"),
    500: ("#internal-error", "Internal Error", "An error has occurred in the Vonage platform."),
    503: ("#unavailable", "Service Unavailable", "The service is not available just now."),
}


class VonageError(Exception, ABC):
    """A refusal that knows its answer."""

    @abstractmethod
    def respond(self) -> Response:
        """The answer in the form of its family."""


class Denied(Exception):
    """Whoever asks may not: no credentials, wrong ones, a token that is not valid. ``why`` is a
    sentence that holds no secret."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class Unserved(Exception):
    """A path that nothing lives at (404), or that does not take this method (405)."""

    def __init__(self, status: int) -> None:
        self.status = status
        super().__init__(str(status))


class Problem(VonageError):
    """A problem; ``kind`` follows the address of Vonage's errors, ``members`` are added."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        title: str = "",
        kind: str = "",
        members: Mapping[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        usual_kind, usual_title, usual_detail = fitting(status)
        self.root = ERRORS
        self.status = status
        self.kind = kind or usual_kind
        self.title = title or usual_title
        self.detail = detail or usual_detail
        self.members = dict(members or {})
        self.retry_after = retry_after
        super().__init__(self.detail)

    def respond(self) -> Response:
        """The problem as ``application/problem+json``."""
        content = {
            "type": self.root + self.kind,
            "title": self.title,
            "detail": self.detail,
            "instance": uuid.uuid4().hex,
            **self.members,
        }
        return respond_json(
            content, self.status, media="application/problem+json", retry_after=self.retry_after
        )


def respond_json(
    content: Mapping[str, Any],
    status: int = 200,
    *,
    media: str = "application/json",
    retry_after: int | None = None,
) -> Response:
    """An answer in JSON, ``retry_after`` in whole seconds."""
    response = Response(json.dumps(content), status=status, content_type=media)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def fitting(status: int) -> tuple[str, str, str]:
    """Kind, title and detail for a status of which nothing more is known."""
    return _OF_STATUS.get(status) or _OF_STATUS[400 if status < 500 else 500]


def invalid(name: str, reason: str, *, kind: str = "#invalid-params") -> Problem:
    """The problem of one parameter that cannot be used."""
    members = {"invalid_parameters": [{"name": name, "reason": reason}]}
    return Problem(422, kind=kind, members=members)


def as_problem(error: Exception) -> VonageError:
    """A refusal as a problem: what Messages, Verify v2 and unknown paths answer."""
    if isinstance(error, VonageError):
        return error
    if isinstance(error, Denied):
        return Problem(401, f"You did not provide correct credentials. {error.why}".strip())
    if isinstance(error, Unserved):
        return Problem(error.status)
    if isinstance(error, RequestEntityTooLarge):
        return Problem(413, "The body is larger than 1 MiB.", title="Payload Too Large")
    assert isinstance(error, SandboxError)
    return _of_sandbox(error)


def _of_sandbox(error: SandboxError) -> Problem:
    if isinstance(error, FaultStruck):
        return Problem(error.status, error.text or "", retry_after=error.retry_after)
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, InvalidRequest):
        return invalid((error.pointer or "/body").removeprefix("/"), error.detail)
    if isinstance(error, TurnedAway):
        return Problem(error.status, f"{error.detail} {error.hint}", title=error.title)
    return Problem(503, error.detail, retry_after=error.retry_after or 1)


def _refused(error: Refused) -> Problem:
    if error.status == 429:
        return Problem(429, retry_after=error.retry_after)
    if error.status == 503:
        return Problem(503, error.detail, retry_after=error.retry_after)
    return invalid("to", error.detail)

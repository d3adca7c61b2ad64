"""MessageBird's refusals: a status, a code, a sentence and the parameter; and what is said of a
delivery that failed.

Sources: https://developers.messagebird.com/api/#api-errors and the answers in the SDKs' own
tests. The Python SDK reads the body of a refusal at 401, 404, 405 and 422 only, so what concerns
a request is said there. MessageBird documents the reasons of a delivery, and few of its numbers
and sentences: the others are the sandbox's own.
"""

from collections.abc import Mapping
from typing import Any

from sms_sandbox.errors import FaultStruck, InvalidRequest, Refused, SandboxError, TurnedAway
from sms_sandbox.reasons import Failing, Refusal

NOT_ALLOWED, MISSING, INVALID, NOT_FOUND, BAD, NO_BALANCE, NO_API, INTERNAL = (
    2, 9, 10, 20, 21, 25, 98, 99,
)  # fmt: skip
"""The codes that MessageBird documents."""

EXPIRED = 105
REASONS: Mapping[int, str] = {
    1: "unknown subscriber",
    5: "incorrect number",
    13: "carrier rejected",
    27: "unavailable subscriber",
    32: "capacity limit reached",
    34: "received network error",
    103: "opted out",
    104: "carrier rejected",
    EXPIRED: "expired",
    255: "generic delivery failure",
}
"""``statusErrorCode`` and ``statusReason`` of a message that is lost."""

DELIVERED = "successfully delivered"
PENDING = "pending DLR"

FAILINGS: Mapping[Failing, str | int] = {
    "unreachable": 27,
    "unknown_handset": 1,
    "landline": 5,
    "filtered": 104,
    "blocked": 13,
    "handset_full": 32,
    "no_route": 34,
    "expired": EXPIRED,
    "unknown": 255,
}
LATE: Mapping[Refusal, str | int] = {"landline": 5, "no_route": 34, "opted_out": 103}
"""What MessageBird does not say in its answer: it takes the message, and a report says why."""

_FITTING: Mapping[int, tuple[int, str]] = {
    401: (NOT_ALLOWED, "Request not allowed (incorrect access_key)"),
    402: (NO_BALANCE, "not enough balance"),
    403: (NOT_ALLOWED, "Request not allowed"),
    404: (NOT_FOUND, "not found"),
    405: (BAD, "Bad request (method not allowed)"),
    422: (INVALID, "Invalid parameters"),
    429: (BAD, "Bad request (too many requests)"),
    503: (INTERNAL, "service unavailable"),
}


class MessageBirdError(Exception):
    """A refusal; ``code`` and ``description`` fit the status where they are left out,
    ``retry_after`` are whole seconds."""

    def __init__(
        self,
        status: int,
        code: int | None = None,
        description: str | None = None,
        parameter: str | None = None,
        *,
        retry_after: int | None = None,
    ) -> None:
        usual = (BAD, "Bad request") if status < 500 else (INTERNAL, "internal error")
        fitting_code, fitting_text = _FITTING.get(status, usual)
        self.status = status
        self.code = fitting_code if code is None else code
        self.description = description or fitting_text
        self.parameter = parameter
        self.retry_after = retry_after
        super().__init__(self.description)

    def as_json(self) -> dict[str, Any]:
        """The body of the answer."""
        one = {"code": self.code, "description": self.description, "parameter": self.parameter}
        return {"errors": [one]}


def denied() -> MessageBirdError:
    """The refusal of whoever shows no key of an account."""
    return MessageBirdError(401, parameter="access_key")


def invalid(parameter: str, description: str) -> MessageBirdError:
    """The refusal of a value that cannot be used."""
    return MessageBirdError(422, INVALID, description, parameter)


def missing(parameter: str, description: str) -> MessageBirdError:
    """The refusal of a request without a value that it needs."""
    return MessageBirdError(422, MISSING, description, parameter)


def not_found(what: str) -> MessageBirdError:
    """The refusal for an id that names nothing."""
    return MessageBirdError(404, NOT_FOUND, f"{what} not found")


def in_messagebirds_words(error: SandboxError) -> MessageBirdError:
    """A refusal of the sandbox in MessageBird's form."""
    if isinstance(error, FaultStruck):
        return _struck(error)
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, InvalidRequest):
        parameter = (error.pointer or "").rpartition("/")[2] or None
        return MessageBirdError(422, INVALID, error.detail, parameter)
    if isinstance(error, TurnedAway):
        description = f"{error.detail} {error.hint}"
        return MessageBirdError(error.status, NOT_ALLOWED, description)
    return MessageBirdError(503, INTERNAL, error.detail, retry_after=error.retry_after or 1)


def reason_of(code: str | int | None) -> str:
    """What is said of a delivery that failed with a code, which a fault may have made up."""
    return REASONS.get(code, REASONS[255]) if isinstance(code, int) else REASONS[255]


def _struck(error: FaultStruck) -> MessageBirdError:
    code = error.vendor_code if isinstance(error.vendor_code, int) else None
    parameter = "access_key" if error.status == 401 else None
    return MessageBirdError(
        error.status, code, error.text, parameter, retry_after=error.retry_after
    )


def _refused(error: Refused) -> MessageBirdError:
    if error.status in (429, 503):
        return MessageBirdError(error.status, retry_after=error.retry_after)
    return MessageBirdError(422, INVALID, error.detail, "recipients")

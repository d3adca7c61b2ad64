"""Plivo's refusals: a status and a sentence, and the delivery codes that come later.

Source: https://docs.plivo.com/docs/messaging/api/response. Plivo documents the statuses, its
delivery codes and few sentences; the others are the sandbox's own.
"""

from collections.abc import Mapping

from sms_sandbox.errors import FaultStruck, InvalidRequest, Refused, SandboxError, TurnedAway
from sms_sandbox.reasons import Failing, Refusal

UNAUTHORIZED = (
    "Could not verify your access level for that URL.\nYou have to login with proper credentials"
)
"""The body of a 401: plain text, unlike every other refusal."""

TOO_MANY = "too many requests"
TOO_LONG = "110"
DELIVERED = "000"
"""The code of a delivery that has not failed."""

FAILINGS: Mapping[Failing, str | int] = {
    "unreachable": "80",
    "unknown_handset": "70",
    "landline": "50",
    "filtered": "30",
    "blocked": "100",
    "handset_full": "80",
    "no_route": "90",
    "expired": "420",
    "unknown": "1000",
}
LATE: Mapping[Refusal, str | int] = {"landline": "50", "no_route": "90", "opted_out": "200"}
"""What Plivo does not say in its answer: it takes the message, and its code says why it failed."""

TEXTS: Mapping[str, str] = {
    "10": "Invalid message",
    "20": "Network error",
    "30": "Spam detected",
    "40": "Invalid source number",
    "50": "Invalid destination number",
    "60": "Loop detected",
    "70": "Destination permanently unavailable",
    "80": "Destination temporarily unavailable",
    "90": "No route available",
    "100": "Prohibited by carrier",
    TOO_LONG: "Message too long",
    "200": "Source number blocked by STOP from destination number",
    "201": "Outbound messages from US toll-free numbers to Canadian destination numbers blocked",
    "300": "Failed to dispatch message",
    "420": "Message expired",
    "450": "Destination country barred",
    "900": "Insufficient credit",
    "910": "Account disabled",
    "1000": "Unknown error",
}

_OF_STATUS: Mapping[int, str] = {
    400: "A parameter is missing or is invalid",
    402: "Insufficient Credit",
    403: "Forbidden",
    404: "not found",
    405: "HTTP method is not allowed",
    429: TOO_MANY,
    500: "internal server error",
    503: "service unavailable",
}


class PlivoError(Exception):
    """A refusal with one sentence; ``retry_after`` are whole seconds."""

    def __init__(self, status: int, text: str = "", *, retry_after: int | None = None) -> None:
        self.status = status
        self.text = text or fitting(status)
        self.retry_after = retry_after
        super().__init__(self.text)


def fitting(status: int) -> str:
    """The sentence for a status of which nothing more is known."""
    return _OF_STATUS.get(status) or _OF_STATUS[400 if status < 500 else 500]


def in_plivos_words(error: SandboxError) -> PlivoError:
    """A refusal of the sandbox in Plivo's form."""
    if isinstance(error, FaultStruck):
        return PlivoError(error.status, error.text or "", retry_after=error.retry_after)
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, InvalidRequest):
        return PlivoError(400, error.detail)
    if isinstance(error, TurnedAway):
        return PlivoError(error.status, f"{error.detail} {error.hint}")
    return PlivoError(503, error.detail, retry_after=error.retry_after or 1)


def _refused(error: Refused) -> PlivoError:
    if error.status == 429:
        return PlivoError(429, TOO_MANY, retry_after=error.retry_after)
    if error.status == 503:
        return PlivoError(503, error.detail, retry_after=error.retry_after)
    # Plivo's 403 of a POST: the account may not send to that country.
    return PlivoError(403 if error.reason == "no_route" else 400, error.detail)

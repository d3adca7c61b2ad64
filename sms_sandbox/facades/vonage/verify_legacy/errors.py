"""The refusals of Verify v1: HTTP 200, and a status that is not 0.

Sources: https://developer.vonage.com/en/api/verify and the test data of vonage-python.
"""

from collections.abc import Mapping

from flask import Response
from werkzeug.exceptions import RequestEntityTooLarge

from sms_sandbox.errors import InvalidRequest
from sms_sandbox.facades.vonage.errors import VonageError, respond_json
from sms_sandbox.facades.vonage.statuses import StatusError

_TEXTS: Mapping[str, str] = {
    "1": "Throttled",
    "2": "Your request is incomplete and missing some mandatory parameters",
    "3": "Invalid value for one or more parameters",
    "4": "Bad Credentials",
    "5": "Internal Error",
    "6": "The Vonage platform was unable to process this message",
    "7": "The number you are trying to verify is blacklisted for verification",
    "9": "Partner quota exceeded",
    "15": "The destination number is not in a supported network",
    "16": "The code provided does not match the expected value",
    "17": "The wrong code was provided too many times",
    "101": "No response found",
}


class VerifyError(StatusError):
    """A status with its sentence; ``members`` are added."""

    texts = _TEXTS
    forbidden = "15"
    unreachable = ("15", "")

    def __init__(
        self,
        status: str,
        text: str = "",
        *,
        members: Mapping[str, str] | None = None,
        http: int = 200,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(status, text, http=http, retry_after=retry_after)
        self.members = dict(members or {})

    def respond(self) -> Response:
        """The answer that names the status."""
        content = {**self.members, "status": self.status, "error_text": self.text}
        return respond_json(content, self.http, retry_after=self.retry_after)


def missing(name: str) -> VerifyError:
    """The refusal where a parameter is left out."""
    text = f"Your request is incomplete and missing the mandatory parameter `{name}`"
    return VerifyError("2", text)


def invalid(name: str) -> VerifyError:
    """The refusal where a parameter cannot be used."""
    return VerifyError("3", f"Invalid value for param: {name}")


def unknown(request_id: str) -> VerifyError:
    """There is no such request, or it is over."""
    text = f"The requestId '{request_id[:64]}' does not exist or its no longer active."
    return VerifyError("6", text)


def refuse(error: Exception) -> VonageError:
    """A refusal in the form of Verify v1."""
    if isinstance(error, RequestEntityTooLarge):
        return VerifyError("3", "The body is larger than 1 MiB.")
    if isinstance(error, InvalidRequest):
        return VerifyError("3", error.detail)
    return VerifyError.of(error)

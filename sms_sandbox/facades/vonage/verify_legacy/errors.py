"""The refusals of Verify v1: HTTP 200, and a status that is not 0.

Sources: https://developer.vonage.com/en/api/verify and the test data of vonage-python.
"""

from collections.abc import Mapping

from flask import Response
from werkzeug.exceptions import RequestEntityTooLarge

from sms_sandbox.errors import FaultStruck, InvalidRequest, Refused, SandboxError
from sms_sandbox.facades.vonage.errors import Denied, VonageError, as_problem, respond_json

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
_OF_STATUS: Mapping[int, str] = {401: "4", 402: "9", 403: "15", 429: "1"}


class VerifyError(VonageError):
    """A status with its sentence; ``http`` where a fault breaks the HTTP too."""

    def __init__(
        self,
        status: str,
        text: str = "",
        *,
        members: Mapping[str, str] | None = None,
        http: int = 200,
        retry_after: int | None = None,
    ) -> None:
        self.status = status
        self.text = text or _TEXTS[status]
        self.members = dict(members or {})
        self.http = http
        self.retry_after = retry_after
        super().__init__(self.text)

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
    if isinstance(error, VonageError):
        return error
    if isinstance(error, Denied):
        return VerifyError("4")
    if isinstance(error, RequestEntityTooLarge):
        return VerifyError("3", "The body is larger than 1 MiB.")
    return _of_sandbox(error)


def _of_sandbox(error: Exception) -> VonageError:
    if isinstance(error, FaultStruck):
        return _struck(error)
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, InvalidRequest):
        return VerifyError("3", error.detail)
    if isinstance(error, SandboxError) and error.status == 503:
        return VerifyError("5", error.detail, http=503, retry_after=error.retry_after or 1)
    return as_problem(error)


def _struck(error: FaultStruck) -> VerifyError:
    code = str(error.vendor_code)
    if code in _TEXTS:
        return VerifyError(code, error.text or "")
    status = _OF_STATUS.get(error.status, "5" if error.status >= 500 else "3")
    return VerifyError(status, error.text or "", http=error.status, retry_after=error.retry_after)


def _refused(error: Refused) -> VerifyError:
    if error.reason in ("throttled", "queue_full"):
        return VerifyError("1", retry_after=error.retry_after)
    if error.reason == "unavailable":
        return VerifyError("5", error.detail, http=503, retry_after=error.retry_after)
    return VerifyError("7") if error.reason == "opted_out" else VerifyError("15")

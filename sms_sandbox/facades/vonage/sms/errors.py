"""The SMS API's refusals: HTTP 200, and a status of its own in each message.

Source: https://developer.vonage.com/en/messaging/sms/guides/troubleshooting-sms
"""

from collections.abc import Mapping

from flask import Response
from werkzeug.exceptions import RequestEntityTooLarge

from sms_sandbox.errors import FaultStruck, InvalidRequest, Refused, SandboxError
from sms_sandbox.facades.vonage.errors import Denied, VonageError, as_problem, respond_json
from sms_sandbox.reasons import Refusal

TEXTS: Mapping[str, str] = {
    "1": "You are sending SMS faster than the account limit.",
    "2": "Your request is incomplete and missing some mandatory parameters",
    "3": "The value of one or more parameters is invalid",
    "4": "Bad Credentials",
    "5": "Internal Error",
    "6": "Invalid Message",
    "7": "Number barred",
    "8": "Partner account barred",
    "9": "Partner quota violation",
    "10": "Too many existing binds",
    "11": "Account not enabled for HTTP",
    "12": "Message too long",
    "14": "Invalid Signature",
    "15": "Invalid sender address",
    "22": "Invalid network code",
    "23": "Invalid callback URL",
    "29": "Non-Whitelisted Destination",
    "32": "Signature And API Secret Disallowed",
    "33": "Number De-activated",
}
LATE: Mapping[Refusal, str | int] = {"landline": "9", "no_route": "11"}
"""What the API does not say in its answer: it takes the message, and the receipt says why not."""

_OF_STATUS = {401: "4", 402: "9", 403: "8", 429: "1"}


class SmsError(VonageError):
    """One message with a status that is not 0; ``http`` where a fault breaks the HTTP too."""

    def __init__(
        self, status: str, text: str = "", *, http: int = 200, retry_after: int | None = None
    ) -> None:
        self.status = status
        self.text = text or TEXTS[status]
        self.http = http
        self.retry_after = retry_after
        super().__init__(self.text)

    def respond(self) -> Response:
        """The answer that names the status."""
        failed = {"status": self.status, "error-text": self.text}
        content = {"message-count": "1", "messages": [failed]}
        return respond_json(content, self.http, retry_after=self.retry_after)


def missing(name: str) -> SmsError:
    """The refusal where a parameter is left out."""
    return SmsError("2", f"Missing {name} param")


def invalid(name: str, why: str = "") -> SmsError:
    """The refusal where a parameter cannot be used."""
    return SmsError("3", f"Invalid value for parameter: {name}{why and f' ({why})'}")


def refuse(error: Exception) -> VonageError:
    """A refusal in the SMS API's form."""
    if isinstance(error, VonageError):
        return error
    if isinstance(error, Denied):
        return SmsError("4")
    if isinstance(error, RequestEntityTooLarge):
        return SmsError("12")
    return _of_sandbox(error)


def _of_sandbox(error: Exception) -> VonageError:
    if isinstance(error, FaultStruck):
        return _struck(error)
    if isinstance(error, Refused):
        return _refused(error)
    if isinstance(error, InvalidRequest):
        return invalid((error.pointer or "/body").removeprefix("/"), error.detail)
    if isinstance(error, SandboxError) and error.status == 503:
        return SmsError("5", error.detail, http=503, retry_after=error.retry_after or 1)
    return as_problem(error)


def _struck(error: FaultStruck) -> SmsError:
    code = str(error.vendor_code)
    if code in TEXTS:
        # The API says so with HTTP 200, whatever status the rule had to name.
        return SmsError(code, error.text or "")
    status = _OF_STATUS.get(error.status, "5" if error.status >= 500 else "3")
    return SmsError(status, error.text or "", http=error.status, retry_after=error.retry_after)


def _refused(error: Refused) -> SmsError:
    if error.reason in ("throttled", "queue_full"):
        return SmsError("1", retry_after=error.retry_after)
    if error.reason == "unavailable":
        return SmsError("5", error.detail, http=503, retry_after=error.retry_after)
    return SmsError("7") if error.reason == "opted_out" else invalid("to")

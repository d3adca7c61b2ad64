"""The SMS API's refusals: HTTP 200, and a status of its own in each message.

Source: https://developer.vonage.com/en/messaging/sms/guides/troubleshooting-sms
"""

from collections.abc import Mapping

from flask import Response
from werkzeug.exceptions import RequestEntityTooLarge

from sms_sandbox.errors import InvalidRequest
from sms_sandbox.facades.vonage.errors import VonageError, respond_json
from sms_sandbox.facades.vonage.statuses import StatusError
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


class SmsError(StatusError):
    """One message with a status that is not 0."""

    texts = TEXTS
    forbidden = "8"
    unreachable = ("3", "Invalid value for parameter: to")

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
    if isinstance(error, RequestEntityTooLarge):
        return SmsError("12")
    if isinstance(error, InvalidRequest):
        return invalid((error.pointer or "/body").removeprefix("/"), error.detail)
    return SmsError.of(error)

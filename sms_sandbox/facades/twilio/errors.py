"""Twilio's refusals, by its error codes: https://www.twilio.com/docs/api/errors."""

from collections.abc import Mapping
from typing import Any

_TEXTS: Mapping[int, tuple[int, str]] = {
    20001: (400, "Unknown parameters: {detail}"),
    20003: (401, "Authenticate"),
    20007: (400, "Page size too large"),
    20009: (409, "Cannot delete this resource before it is complete"),
    20404: (404, "The requested resource {path} was not found"),
    20503: (503, "Service is unavailable"),
    21211: (400, "Invalid 'To' Phone Number: {to}"),
    21212: (
        400,
        "The 'From' number {sender} is not a valid phone number, shortcode, or alphanumeric "
        "sender ID.",
    ),
    21265: (400, "'To' number cannot be a Short Code: {to}"),
    21266: (400, "'To' and 'From' number cannot be the same: {to}"),
    21408: (
        400,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' "
        "number: {to}",
    ),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (
        400,
        "The From phone number {sender} is not a valid, SMS-capable inbound phone number or "
        "short code for your account.",
    ),
    21609: (400, "The 'StatusCallback' URL {url} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "SMS queue is full."),
    21612: (
        400,
        "The 'To' phone number: {to}, is not currently reachable using the 'From' phone number: "
        "{sender} via SMS.",
    ),
    21614: (400, "To number: {to}, is not a mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21619: (400, "A text message body or media urls must be specified."),
    21705: (400, "The Messaging Service is invalid"),
    30400: (400, "Parameters are not valid"),
    30409: (400, "This message cannot be canceled"),
}

DELIVERY_TEXTS: Mapping[int, str] = {
    21610: "Attempt to send to unsubscribed recipient",
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30010: "Message price exceeds max price",
    30017: "Carrier network congestion",
    30022: "US A2P 10DLC - Rate Limits Exceeded",
    30032: "Toll-Free Number Has Not Been Verified",
    30034: "US A2P 10DLC - Message from an Unregistered Number",
    30036: "Validity Period Expired",
    30038: "OTP Message Body Filtered",
    30410: "Provider Timeout Error",
    30450: "Message delivery blocked",
    30453: "Message couldn't be delivered",
    30454: "Account exceeded the messages limit",
}
"""What ``error_message`` says of a message that was not delivered, by ``error_code``."""


class TwilioError(Exception):
    """A refusal with one of Twilio's codes; ``values`` fill its text."""

    def __init__(self, code: int, text: str | None = None, **values: str) -> None:
        self.code = code
        self.status, template = _TEXTS[code]
        self.text = text or template.format(**values)
        super().__init__(self.text)

    def as_json(self) -> dict[str, Any]:
        """The body, key for key as Twilio has it."""
        return {
            "code": self.code,
            "message": self.text,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


def masked(number: str) -> str:
    """A number as Twilio repeats it: without its last four characters."""
    return number[:-4] + "XXXX" if len(number) > 4 else "XXXX"

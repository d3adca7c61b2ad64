"""Twilio's refusals, by its error codes: https://www.twilio.com/docs/api/errors."""

from collections.abc import Mapping
from typing import Any

from sms_sandbox.errors import FaultStruck, Refused, TurnedAway
from sms_sandbox.reasons import Refusal

_TEXTS: Mapping[int, tuple[int, str]] = {
    20001: (400, "Unknown parameters: {detail}"),
    20003: (401, "Authenticate"),
    20006: (400, "Page number out of range"),
    20007: (400, "Page size too large"),
    20009: (409, "Cannot delete this resource before it is complete"),
    20403: (403, "Forbidden"),
    20404: (404, "The requested resource {path} was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service is unavailable"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url is not a valid URL: {url}"),
    21210: (
        400,
        "The source phone number provided, {sender}, is not yet verified for your account. You may "
        "only make calls from phone numbers that you've verified or purchased from Twilio.",
    ),
    21211: (400, "Invalid 'To' Phone Number: {masked_to}"),
    21212: (
        400,
        "The 'From' number {sender} is not a valid phone number, shortcode, or alphanumeric "
        "sender ID.",
    ),
    21213: (400, "No 'From' number is specified"),
    21214: (400, "'To' phone number cannot be reached"),
    21215: (
        400,
        "Account not authorized to call {to}. Perhaps you need to enable some international "
        "permissions: https://www.twilio.com/console/voice/calls/geo-permissions/low-risk",
    ),
    21216: (400, "Account not allowed to call {to}"),
    21217: (400, "Phone number: {to} is not valid"),
    21220: (400, "Call is not in-progress. Cannot redirect."),
    21265: (400, "'To' number cannot be a Short Code: {to}"),
    21266: (400, "'To' and 'From' number cannot be the same: {masked_to}"),
    21408: (
        400,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' "
        "number: {masked_to}",
    ),
    21421: (400, "PhoneNumber is invalid: {number}"),
    21422: (400, "PhoneNumber is not available: {number}"),
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
        "{sender} via {way}.",
    ),
    21614: (400, "To number: {to}, is not a mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit."),
    21619: (400, "A text message body or media urls must be specified."),
    21620: (400, "Invalid media URL(s)"),
    21623: (400, "Number of media files exceeds allowed limit"),
    21701: (400, "The Messaging Service does not exist"),
    21704: (400, "The Messaging Service contains no phone numbers"),
    21705: (400, "The Messaging Service is invalid"),
    21710: (409, "Phone Number or Short Code is already in the Messaging Service"),
    21712: (409, "Phone Number or Short Code is associated with another Messaging Service"),
    30400: (400, "Parameters are not valid"),
    30409: (400, "This message cannot be canceled"),
    35111: (400, "SendAt cannot be empty for ScheduleType 'fixed'"),
    35114: (400, "SendAt time must be between 900 seconds and 3024000 seconds in the future"),
    35118: (400, "MessagingServiceSid is required to schedule a message"),
    60200: (400, "Invalid parameter: {name}"),
    60202: (429, "Max check attempts reached"),
    60203: (429, "Max send attempts reached"),
    60205: (403, "SMS is not supported by landline phone number"),
    60206: (400, "'Amount' & 'Payee' params are required"),
    60207: (400, "Max rate limits per service reached"),
    60208: (400, "Rate limit with that UniqueName already exists"),
    60209: (400, "UniqueName format is invalid"),
    60210: (400, "Max Buckets per Rate limit reached"),
    60211: (400, "Bucket with the given Interval already exists"),
    60214: (400, "Call channel is not supported when using PSD2"),
    60217: (400, "Invalid Service configuration"),
    60221: (400, "No target verification specified"),
    60223: (400, "Delivery channel disabled: {name}"),
    60605: (403, "Verification delivery attempt blocked"),
}

# What production said before it masked numbers, and test credentials still say.
_FORMER_TEXTS: Mapping[int, str] = {
    21211: "The 'To' number {to} is not a valid phone number.",
    21266: "'To' and 'From' number cannot be the same: {to}",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To' "
    "number: {to}.",
    21610: "The message From/To pair violates a blacklist rule.",
}
_FORMER_DETAILS: Mapping[int, str] = {20003: "Your AccountSid or AuthToken was incorrect."}

_REFUSALS: Mapping[Refusal, int] = {
    "invalid_number": 21211,
    "landline": 21614,
    "no_route": 21612,
    "opted_out": 21610,
    "queue_full": 21611,
    "throttled": 20429,
    "unavailable": 20500,
}
_CALL_REFUSALS: Mapping[Refusal, int] = {
    "invalid_number": 21217,
    "landline": 21214,
    "no_route": 21215,
    "opted_out": 21216,
    "queue_full": 20429,
    "throttled": 20429,
    "unavailable": 20500,
}
_OF_STATUS: Mapping[int, int] = {401: 20003, 403: 20403, 404: 20404, 429: 20429, 503: 20503}
_LONGEST_CODE = 9

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
    """A refusal with one of Twilio's codes. ``values`` fill its text: ``to`` and ``sender`` as
    they were given, masked where Twilio masks them."""

    def __init__(
        self, code: int, text: str | None = None, *, retry_after: int | None = None, **values: str
    ) -> None:
        self.code = code
        self.status, template = _TEXTS[code]
        self.retry_after = retry_after
        values = {"way": "SMS", "masked_to": masked(values.get("to", ""))} | values
        self.text = text or template.format(**values)
        self._former = text or _FORMER_TEXTS.get(code, template).format(**values)
        super().__init__(self.text)

    def as_json(self, *, former: bool = False) -> dict[str, Any]:
        """The body, key for key as Twilio has it; ``former``: with the texts of its older
        production, which its test credentials still give."""
        body: dict[str, Any] = {
            "code": self.code,
            "message": self._former if former else self.text,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
        if former and self.code in _FORMER_DETAILS:
            body["detail"] = _FORMER_DETAILS[self.code]
        return body


def of_refusal(error: Refused, to: str, sender: str, *, is_call: bool = False) -> TwilioError:
    """What Twilio says where the network takes a message, or a call, not at all."""
    codes = _CALL_REFUSALS if is_call else _REFUSALS
    return TwilioError(codes[error.reason], to=to, sender=sender, retry_after=error.retry_after)


def of_fault(error: FaultStruck) -> TwilioError:
    """A fault rule's refusal in Twilio's form: its own code and text, else fitting ones."""
    fitting = _OF_STATUS.get(error.status, 20001 if error.status < 500 else 20500)
    refusal = TwilioError(fitting, error.text or _TEXTS[fitting][1].partition(":")[0])
    refusal.status = error.status
    refusal.retry_after = error.retry_after
    code = str(error.vendor_code or "")
    if code.isascii() and code.isdigit() and len(code) <= _LONGEST_CODE:
        refusal.code = int(code)
    return refusal


def of_stranger(error: TurnedAway) -> TwilioError:
    """The sandbox's own refusal of a browser, with its cure, in Twilio's form."""
    refusal = TwilioError(20403, f"{error.detail} {error.hint}")
    refusal.status = error.status
    return refusal


def masked(number: str) -> str:
    """A number as Twilio repeats it: without its last four characters."""
    return number[:-4] + "XXXX" if len(number) > 4 else "XXXX"

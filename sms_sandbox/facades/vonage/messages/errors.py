"""The codes of the Messages API, and its problems.

Source: https://developer.nexmo.com/api-errors/messages-olympus
"""

from collections.abc import Mapping

from sms_sandbox.facades.vonage import errors
from sms_sandbox.facades.vonage.errors import Problem
from sms_sandbox.reasons import Refusal

BARRED = "1050"
"""A handset that takes nothing from this sender."""

LATE: Mapping[Refusal, str | int] = {"landline": "9", "no_route": "11", "opted_out": BARRED}
"""What the API does not say in its answer: it takes the message, and its webhook says why not."""

INVALID = "/messages#1150"
_CODES = "https://developer.nexmo.com/api-errors/messages-olympus"

_OF_SMS: Mapping[str, int] = {
    "1": 1330,
    "2": 1180,
    "3": 1190,
    "4": 1200,
    "5": 1330,
    "6": 1210,
    "7": 1220,
    "8": 1230,
    "9": 1240,
    "10": 1250,
    "11": 1260,
    "12": 1270,
    "13": 1280,
    "14": 1290,
    "15": 1300,
    "16": 1310,
}
"""What the SMS API's ``err-code`` is called here."""

_TITLES: Mapping[int, str] = {
    1000: "Throttled",
    1010: "Missing params",
    1020: "Invalid params",
    1030: "Internal error",
    1040: "Invalid message",
    1050: "Number barred",
    1060: "Partner account barred",
    1070: "Partner quota exceeded",
    1080: "Account not enabled for REST",
    1090: "Message too long",
    1100: "Communication Failed",
    1120: "Illegal Sender Address - rejected",
    1130: "Invalid TTL",
    1140: "Facility not allowed",
    1160: "Non White-listed Destination",
    1170: "Invalid or Missing Msisdn Param",
    1180: "Absent Subscriber Temporary",
    1190: "Absent Subscriber Permanent",
    1200: "Call Barred by User",
    1210: "Anti-Spam Rejection",
    1220: "Handset Busy",
    1230: "Network Error",
    1240: "Illegal Number",
    1250: "Illegal Message",
    1260: "Unroutable",
    1270: "Destination Unreachable",
    1280: "Subscriber Age Restriction",
    1290: "Number Blocked by Carrier",
    1300: "Pre-Paid Insufficient Funds",
    1310: "Gateway Quota Exceeded",
    1330: "Unknown",
}
_UNKNOWN = 1330


def invalid(name: str, reason: str) -> Problem:
    """The problem of one parameter that cannot be used."""
    return errors.invalid(name, reason, kind=INVALID)


def describe(code: str | int | None, instance: str) -> dict[str, str | int]:
    """Why a message is lost, as a status webhook says it; ``code`` is of either API."""
    text = str(_UNKNOWN if code is None else code)
    number = _OF_SMS.get(text) or (int(text) if text in map(str, _TITLES) else _UNKNOWN)
    return {
        "type": f"{_CODES}#{number}",
        "title": number,
        "detail": _TITLES[number],
        "instance": instance,
    }

"""What MessageBird's resources share on the wire: addresses, numbers, money, moments."""

import re
from datetime import UTC, datetime
from decimal import Decimal

from sms_sandbox.errors import InvalidRequest
from sms_sandbox.numbers import parse_number

PROVIDER = "messagebird"
HOST = "https://rest.messagebird.com"
"""Where the addresses in answers lead, as at MessageBird itself."""
MOBILE_COUNTRY_CODE = "001"
MOBILE_NETWORK_CODE = "01"
OPERATOR = "SMS Sandbox"
"""The network that the ITU keeps for tests."""
CURRENCY = "EUR"
RATE = Decimal("0.05")
"""Euros for one part of a message; the sandbox's own figure."""

_ID = re.compile(r"[0-9a-f]{32}")
_NAME = re.compile(r"(?=.*\S)[A-Za-z0-9 ]{1,11}")
_SHORT_CODE = re.compile(r"[0-9]{3,6}")


def is_id(text: str) -> bool:
    """Whether a text has the form of one of MessageBird's ids."""
    return bool(_ID.fullmatch(text))


def read_number(value: object) -> str | None:
    """A recipient in E.164, or ``None``; SDKs write it as a number or as a text."""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        return None
    if isinstance(value, int) and not 0 < value < 10**15:
        return None
    try:
        return parse_number(str(value).strip()[:64], "")
    except InvalidRequest:
        return None


def read_sender(text: str) -> str | None:
    """An originator as the inbox has it: a number in E.164, a short code, or a name of at most 11
    letters, digits and blanks; or ``None``."""
    digits = text.removeprefix("+")
    if digits.isascii() and digits.isdigit():
        return read_number(digits) or (digits if _SHORT_CODE.fullmatch(digits) else None)
    return text if _NAME.fullmatch(text) else None


def shown(address: str) -> str:
    """An address as MessageBird writes a sender: numbers have no plus."""
    return address.removeprefix("+")


def digits(number: str) -> int:
    """A number as MessageBird writes a recipient: as a JSON number."""
    return int(number.removeprefix("+"))


def time(moment: float) -> str:
    """``moment`` (seconds since 1970) as ``2022-07-01T16:16:51+00:00``."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="seconds")


def read_time(text: str) -> float | None:
    """A moment of RFC 3339 in seconds since 1970, or ``None``."""
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        # An offset may lead out of the years that there are.
        return moment.astimezone(UTC).timestamp()
    except (ValueError, OverflowError):
        return None


def href(noun: str, one: str) -> str:
    """The address of one resource."""
    return f"{HOST}/{noun}/{one}"

"""What Plivo's resources share on the wire: ids, numbers, money, moments."""

import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal

PROVIDER = "plivo"
MOBILE_COUNTRY_CODE = "001"
MOBILE_NETWORK_CODE = "01"
CARRIER = "SMS Sandbox"
"""The network that the ITU keeps for tests."""

_STRIPPED = re.compile(r"[/\-.+()\s]+")
_NUMBER = re.compile(r"[1-9][0-9]{6,14}")
_NOT_OF_SENDERS = re.compile(r"[^A-Za-z0-9]+")
_MAX_NAME = 11


def uuid_of(digits: str) -> str:
    """Thirty-two hexadecimal digits as Plivo writes an id."""
    return str(uuid.UUID(hex=digits, version=4))


def is_uuid(text: str) -> bool:
    """Whether a text has the form of one of Plivo's ids."""
    return bool(re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text))


def parse_number(text: str) -> str | None:
    """A destination in E.164, or ``None``; what Plivo strips off is stripped off."""
    digits = _STRIPPED.sub("", text)
    return f"+{digits}" if _NUMBER.fullmatch(digits) else None


def parse_sender(text: str) -> str | None:
    """A source as the inbox has it: a number in E.164, a short code or a name; or ``None``."""
    squeezed = _NOT_OF_SENDERS.sub("", text)
    if squeezed.isdigit():
        return parse_number(squeezed) or (squeezed if 3 <= len(squeezed) <= 6 else None)
    return squeezed if 0 < len(squeezed) <= _MAX_NAME else None


def shown(address: str) -> str:
    """An address as Plivo writes it: numbers have no plus."""
    return address.removeprefix("+")


def masked(number: str) -> str:
    """A number that was not to be logged, as ``141XXXXX528``."""
    return f"{number[:3]}{'X' * (len(number) - 6)}{number[-3:]}" if len(number) > 6 else "XXX"


def money(amount: Decimal) -> str:
    """Dollars with five decimals."""
    return f"{amount:.5f}"


def record_time(moment: float) -> str:
    """``moment`` (seconds since 1970) as ``2017-05-22 21:36:14+00:00``."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S+00:00")


def event_time(moment: float) -> str:
    """``moment`` as callbacks write it: ``2017-05-22 21:36:14.865388``."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def session_time(moment: float) -> str:
    """``moment`` as Verify writes it: ``2023-07-18T08:46:14.865388Z``."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

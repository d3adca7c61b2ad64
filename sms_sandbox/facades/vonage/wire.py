"""What Vonage's APIs share on the wire: ids, numbers, money, moments."""

import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal

PROVIDER = "vonage"
NETWORK = "00101"
"""The network that the ITU keeps for tests."""

_NUMBER = re.compile(r"\+?([1-9][0-9]{6,14})")
_DIGITS = re.compile(r"\+?([0-9]{3,15})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .&_=/-]{0,10}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def uuid_of(digits: str) -> str:
    """Thirty-two hexadecimal digits as Vonage writes an id."""
    return str(uuid.UUID(hex=digits, version=4))


def is_uuid(text: str) -> bool:
    """Whether a text has the form of an id: a message's, a request's, an application's."""
    return bool(_UUID.fullmatch(text))


def parse_number(text: str) -> str | None:
    """A number in E.164, or ``None``; Vonage writes it without a plus, and takes one."""
    found = _NUMBER.fullmatch(text)
    return f"+{found[1]}" if found and text.isascii() else None


def parse_sender(text: str) -> str | None:
    """A sender as the inbox has it: a number in E.164, a short code or a name; or ``None``."""
    squeezed = text.strip()
    digits = _DIGITS.fullmatch(squeezed)
    if digits is not None and squeezed.isascii():
        is_short = len(digits[1]) <= 6
        return digits[1] if is_short else parse_number(squeezed)
    return squeezed if _NAME.fullmatch(squeezed) else None


def shown(address: str) -> str:
    """An address as Vonage writes it: numbers have no plus."""
    return address.removeprefix("+")


def money(amount: Decimal) -> str:
    """Euros with eight decimals."""
    return f"{amount:.8f}"


def moment(at: float) -> str:
    """``at`` (seconds since 1970) as ``2020-01-01T14:00:03.010Z``."""
    text = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def legacy_moment(at: float) -> str:
    """``at`` as the older APIs write it: ``2020-01-01 12:00:00``."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")

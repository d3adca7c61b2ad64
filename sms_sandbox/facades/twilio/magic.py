"""Twilio's test numbers (https://www.twilio.com/docs/iam/test-credentials). Here they act for
every account; any other sender is taken for the account's own."""

from collections.abc import Mapping

from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.numbers import MagicNumber

Table = Mapping[str, int]

MESSAGE_TO: Table = {
    "+15005550001": 21211,
    "+15005550002": 21612,
    "+15005550003": 21408,
    "+15005550004": 21610,
    "+15005550009": 21614,
}
MESSAGE_FROM: Table = {"+15005550001": 21212, "+15005550007": 21606, "+15005550008": 21611}
CALL_TO: Table = {
    "+15005550001": 21217,
    "+15005550002": 21214,
    "+15005550003": 21215,
    "+15005550004": 21216,
}
CALL_FROM: Table = {"+15005550001": 21212, "+15005550007": 21210}
BOUGHT: Table = {"+15005550000": 21422, "+15005550001": 21421}

_ROLES = (
    ("a message to it", MESSAGE_TO),
    ("a message from it", MESSAGE_FROM),
    ("a call to it", CALL_TO),
    ("a call from it", CALL_FROM),
    ("buying it", BOUGHT),
)


def refuse(recipient: str, sender: str, to: Table, from_: Table, way: str = "SMS") -> None:
    """Raise the ``TwilioError`` that a number stands for, the sender's first; ``way`` is how it
    would have been reached."""
    code = from_.get(sender) or to.get(recipient)
    if code is not None:
        raise TwilioError(code, to=recipient, sender=sender, way=way)


def magic_numbers() -> tuple[MagicNumber, ...]:
    """Every test number with what it stands for."""
    numbers = sorted({number for _, table in _ROLES for number in table})
    return tuple(MagicNumber(number, PROVIDER, _means(number)) for number in numbers)


def _means(number: str) -> str:
    roles = [f"{role}: {table[number]}" for role, table in _ROLES if number in table]
    return f"Twilio's error, {', '.join(roles)}"

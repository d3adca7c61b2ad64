"""What a wait looks for, and in which fields a message differs from it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sms_sandbox.message import Direction, Message, Status
from sms_sandbox.numbers import comparison_key
from sms_sandbox.patterns import compile_regex
from sms_sandbox.storage import Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Conditions that must all hold; ``None`` asks nothing. Build it with ``Match.of``."""

    recipient: str | None = field(default=None, repr=False)
    sender: str | None = field(default=None, repr=False)
    account: str | None = None
    provider: str | None = None
    direction: Direction | None = None
    status: Status | None = None
    has_code: bool | None = None
    body_contains: str | None = field(default=None, repr=False)
    body_regex: str | None = field(default=None, repr=False)
    _found: Callable[[str], bool] | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.body_regex is not None:
            object.__setattr__(self, "_found", compile_regex(self.body_regex, "/match/body_regex"))

    def differences(self, message: Message) -> tuple[str, ...]:
        """The names of the conditions that ``message`` does not meet, as the API spells them."""
        checks = {
            "to": _same_number(self.recipient, message.recipient),
            "from": _same_number(self.sender, message.sender),
            "account": self.account in (None, message.account),
            "provider": self.provider in (None, message.provider),
            "direction": self.direction in (None, message.direction),
            "status": self.status in (None, message.status),
            "has_code": self.has_code in (None, message.code is not None),
            "body_contains": self.body_contains is None or self.body_contains in message.body,
            "body_regex": self._found is None or self._found(message.body),
        }
        return tuple(name for name, holds in checks.items() if not holds)

    def filter(self) -> Filter:
        """The part of the conditions that storage can answer by its indexes."""
        return Filter(recipient=self.recipient, sender=self.sender, account=self.account)


def _same_number(wanted: str | None, actual: str) -> bool:
    return wanted is None or comparison_key(wanted) == comparison_key(actual)

"""Which messages a caller means: a frozen filter and the conditions that it stands for."""

from dataclasses import dataclass, field

from sms_sandbox.message import Direction, Status
from sms_sandbox.numbers import comparison_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """All conditions must hold; ``None`` asks nothing. ``before`` and ``after`` are places
    in arrival order (both exclusive), ``since`` is seconds since 1970."""

    account: str | None = None
    recipient: str | None = field(default=None, repr=False)
    sender: str | None = field(default=None, repr=False)
    provider: str | None = None
    status: Status | None = None
    direction: Direction | None = None
    has_code: bool | None = None
    claimed: bool | None = None
    text: str | None = field(default=None, repr=False)
    before: int | None = None
    after: int | None = None
    since: float | None = None

    def is_open(self) -> bool:
        """Whether nothing is asked, so that every message is meant."""
        return self == Filter()

    def equalities(self) -> dict[str, object]:
        """What must be equal: each indexed column (or expression) with its value, those first
        that mostly mean fewest."""
        wanted = {
            "recipient_key": None if self.recipient is None else comparison_key(self.recipient),
            "sender_key": None if self.sender is None else comparison_key(self.sender),
            "account": self.account,
            "status": self.status,
            "provider": self.provider,
            "direction": self.direction,
            "(code IS NULL)": None if self.has_code is None else not self.has_code,
        }
        return {column: value for column, value in wanted.items() if value is not None}

    def others(self) -> list[tuple[str, list[object]]]:
        """The further conditions, each with its values."""
        parts: list[tuple[str, list[object]]] = []
        if self.claimed is not None:
            # Spelled out, so that the index of what is not claimed yet may serve.
            parts.append((f"claimed = {int(self.claimed)}", []))
        if self.before is not None:
            parts.append(("seq < ?", [self.before]))
        if self.after is not None:
            parts.append(("seq > ?", [self.after]))
        if self.since is not None:
            parts.append(("created_at >= ?", [self.since]))
        return parts

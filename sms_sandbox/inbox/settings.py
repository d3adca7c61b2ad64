"""What a user sets in a vendor's own console, kept for each account: where inbound messages and
callbacks go, how they are signed, how fast and how many messages pass, how long they are kept."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, Self


@dataclass(frozen=True, slots=True)
class Retention:
    """How much is kept: ``messages``, their age in ``seconds``, their texts' ``bytes``; the
    oldest go first. ``None``: no limit of one's own."""

    messages: int | None = None
    seconds: float | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How many messages an account may send: ``messages_per_second`` on average, ``burst`` at
    once; ``None``: no limit."""

    messages_per_second: float | None = None
    burst: int | None = None


@dataclass(frozen=True, slots=True)
class Timings:
    """When a message moves on, in seconds from its arrival; ``None``: as the sandbox does."""

    sent_after: float | None = None
    delivered_after: float | None = None


@dataclass(frozen=True, slots=True)
class Operator:
    """How the mobile operator behaves that vendors verify numbers with; ``None``: as usual.

    ``mode``: ``vonage`` looks at a virtual number's digits alone, ``camara`` first whether it is
    the device's. ``network``: ``off`` recognises no device, ``unsupported`` offers nothing.
    ``tokens``: what is wrong with each that is given out. ``sim_dates`` that are ``hidden`` may
    not be told, and changes of a SIM are known for ``monitored_days``."""

    mode: Literal["vonage", "camara"] | None = None
    network: Literal["on", "off", "unsupported"] | None = None
    tokens: Literal["good", "expired", "no_scope", "no_number", "wrong_amr"] | None = None
    sim_dates: Literal["shown", "hidden"] | None = None
    monitored_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSettings:
    """The settings of one account, or those of all others; ``None`` says nothing.

    ``webhook_method`` and ``status_url`` hold for messages that name none of their own;
    ``signing_key`` signs in place of the account's secret.
    """

    inbound_url: str | None = None
    status_url: str | None = None
    webhook_method: Literal["GET", "POST"] | None = None
    signing_key: str | None = field(default=None, repr=False)
    signature_method: str | None = None
    redirect_uri: str | None = None
    retention: Retention = Retention()
    limits: Limits = Limits()
    timings: Timings = Timings()
    operator: Operator = Operator()

    def over(self, everyone: "AccountSettings") -> "AccountSettings":
        """These settings, and ``everyone``'s where they say nothing."""
        said = {
            one.name: value
            for one in fields(self)
            if (value := getattr(self, one.name)) != one.default
        }
        return replace(everyone, **said)

    def changed(self, values: Mapping[str, Any]) -> "AccountSettings":
        """These settings with ``values`` in place of theirs; an empty text or object clears."""
        given = {name: value for name, value in values.items() if value is not None}
        return AccountSettings.from_json(self.to_json() | given)

    def to_json(self) -> dict[str, Any]:
        """What is said, as JSON values; the opposite of ``from_json``."""
        return {name: value for name, value in asdict(self).items() if _says(value)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Settings from JSON values."""
        nested = {
            "retention": Retention,
            "limits": Limits,
            "timings": Timings,
            "operator": Operator,
        }
        return cls(
            **{
                name: nested[name](**value) if name in nested else value
                for name, value in values.items()
                if _says(value)
            }
        )


def _says(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_says(one) for one in value.values())
    return value is not None and value != ""

"""The sandbox's settings: one frozen record, checked once, from switches and ``SMS_SANDBOX_*``."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field

from sms_sandbox.errors import SettingsError

DEFAULT_PORT = 8025
DEFAULT_RETENTION = 10_000
DEFAULT_ACCOUNT = "default"
MEMORY = ":memory:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one sandbox is served.

    ``db`` is a file or ``:memory:``; ``retention`` is how many messages are kept; ``sent_after``
    and ``delivered_after`` are seconds of sandbox time from a message's arrival;
    ``webhook_allow`` are networks (CIDR) that callbacks may reach though they are private. Raises
    ``SettingsError`` with the cure for a value that cannot be used.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    db: str = MEMORY
    password: str | None = field(default=None, repr=False)
    allow_hosts: tuple[str, ...] = ()
    webhook_allow: tuple[str, ...] = ()
    retention: int = DEFAULT_RETENTION
    sent_after: float = 0.2
    delivered_after: float = 0.8
    max_waits: int = 48
    max_streams: int = 32

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise SettingsError("The port must be a number from 0 to 65535; 0 takes a free one.")
        if not 1 <= self.retention <= 10_000_000:
            raise SettingsError("The retention must be a number from 1 to 10,000,000 messages.")
        if not self.db:
            raise SettingsError("The database needs a file name or :memory:.")
        if self.password == "":
            raise SettingsError("The password is empty: give one, or leave the switch out.")
        for cidr in self.webhook_allow:
            _check_network(cidr)
        if not is_loopback(self.host) and self.password is None:
            raise SettingsError(
                f"Binding to {self.host} lets other machines read every message: "
                "give --password, or bind to 127.0.0.1."
            )


def from_environment(environ: Mapping[str, str], **switches: object) -> Settings:
    """Settings from ``SMS_SANDBOX_*``, overridden by the ``switches`` that are not ``None``."""
    values: dict[str, object] = {}
    for name in ("host", "db", "password"):
        if (text := environ.get(f"SMS_SANDBOX_{name.upper()}")) is not None:
            values[name] = text
    for name in ("port", "retention"):
        if text := environ.get(f"SMS_SANDBOX_{name.upper()}"):
            values[name] = _integer(f"SMS_SANDBOX_{name.upper()}", text)
    for name, field_name in (("ALLOW_HOST", "allow_hosts"), ("WEBHOOK_ALLOW", "webhook_allow")):
        if text := environ.get(f"SMS_SANDBOX_{name}"):
            values[field_name] = tuple(part.strip() for part in text.split(",") if part.strip())
    values.update({name: value for name, value in switches.items() if value is not None})
    return Settings(**values)  # type: ignore[arg-type]


def is_loopback(host: str) -> bool:
    """Whether ``host`` (a name or an address, without a port) can only mean this machine."""
    name = host.strip("[]").rstrip(".").casefold()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _check_network(cidr: str) -> None:
    try:
        ipaddress.ip_network(cidr)
    except ValueError:
        raise SettingsError(
            f"{cidr!r} is not a network: write it as 192.168.1.0/24, host bits zero."
        ) from None


def _integer(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise SettingsError(f"{name} must be a whole number.") from None

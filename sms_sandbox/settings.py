"""The sandbox's settings: one frozen record, checked once, from switches and ``SMS_SANDBOX_*``."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from sms_sandbox.errors import SettingsError

DEFAULT_PORT = 8025
DEFAULT_RETENTION = 10_000
DEFAULT_RETENTION_BYTES = 2 << 30
DEFAULT_ACCOUNT = "default"
MEMORY = ":memory:"
ERROR_TEXTS = ("current", "former")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A vendor's credential that was configured: its ``name`` opens ``account`` with ``secret``."""

    provider: str
    name: str
    secret: str = field(repr=False)
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How one sandbox is served.

    ``db`` is a file or ``:memory:``; ``seed`` makes ids reproducible; with ``strict`` only the
    ``credentials`` are let in. ``retention`` is how many messages are kept, ``retention_bytes``
    how much text, ``retention_seconds`` for how long; ``sent_after`` and ``delivered_after`` are
    seconds of sandbox time from a message's arrival; ``webhook_allow`` are networks (CIDR) that
    callbacks may reach though they are private; ``error_texts`` chooses between the vendors'
    ``current`` sentences and their ``former`` ones, where they have changed. Raises
    ``SettingsError`` with the cure for a value that cannot be used.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    db: str = MEMORY
    password: str | None = field(default=None, repr=False)
    seed: int | None = None
    allow_hosts: tuple[str, ...] = ()
    webhook_allow: tuple[str, ...] = ()
    strict: bool = False
    credentials: tuple[Credential, ...] = ()
    retention: int = DEFAULT_RETENTION
    retention_bytes: int = DEFAULT_RETENTION_BYTES
    retention_seconds: float | None = None
    sent_after: float = 0.2
    delivered_after: float = 0.8
    error_texts: str = "current"
    max_waits: int = 48
    max_streams: int = 32

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise SettingsError("The port must be a number from 0 to 65535; 0 takes a free one.")
        if not 1 <= self.retention <= 10_000_000:
            raise SettingsError("The retention must be a number from 1 to 10,000,000 messages.")
        if self.retention_bytes < 1:
            raise SettingsError("The retention in bytes must be at least 1.")
        if self.retention_seconds is not None and not self.retention_seconds > 0:
            raise SettingsError("The retention in seconds must be above 0.")
        if self.strict and not self.credentials:
            raise SettingsError(
                "Strict without a credential lets nobody in: give --credentials FILE."
            )
        if self.error_texts not in ERROR_TEXTS:
            raise SettingsError(f"The error texts must be {' or '.join(ERROR_TEXTS)}.")
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

    def credential(self, provider: str, name: str) -> Credential | None:
        """The configured credential of this name."""
        wanted = (provider, name)
        return next((one for one in self.credentials if (one.provider, one.name) == wanted), None)


def from_environment(environ: Mapping[str, str], **switches: object) -> Settings:
    """Settings from ``SMS_SANDBOX_*``, overridden by the ``switches`` that are not ``None``."""
    values: dict[str, object] = {}
    for name in ("host", "db", "password", "error_texts"):
        if (text := environ.get(f"SMS_SANDBOX_{name.upper()}")) is not None:
            values[name] = text
    for name in ("port", "retention", "retention_bytes", "retention_seconds", "seed"):
        if text := environ.get(f"SMS_SANDBOX_{name.upper()}"):
            values[name] = _integer(f"SMS_SANDBOX_{name.upper()}", text)
    if text := environ.get("SMS_SANDBOX_STRICT"):
        values["strict"] = _flag("SMS_SANDBOX_STRICT", text)
    if text := environ.get("SMS_SANDBOX_CREDENTIALS"):
        values["credentials"] = read_credentials(text)
    for name, field_name in (("ALLOW_HOST", "allow_hosts"), ("WEBHOOK_ALLOW", "webhook_allow")):
        if text := environ.get(f"SMS_SANDBOX_{name}"):
            values[field_name] = tuple(part.strip() for part in text.split(",") if part.strip())
    values.update({name: value for name, value in switches.items() if value is not None})
    return Settings(**values)  # type: ignore[arg-type]


def read_credentials(name: str) -> tuple[Credential, ...]:
    """The credentials of a file: ``PROVIDER NAME SECRET [ACCOUNT]`` on each line, the account
    being the name where it is left out; ``#`` opens a remark. Raises ``SettingsError``."""
    try:
        text = Path(name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The credentials in {name} cannot be read ({error}).") from None
    found: list[Credential] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if not 3 <= len(words) <= 4:
            raise SettingsError(
                f"{name}, line {number}: write PROVIDER NAME SECRET, and ACCOUNT where it differs."
            )
        provider, key, secret, account = (*words, words[1])[:4]
        found.append(Credential(provider=provider, name=key, secret=secret, account=account))
    return tuple(found)


@lru_cache(maxsize=256)
@lru_cache(maxsize=64)
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


def _flag(name: str, text: str) -> bool:
    value = {"1": True, "true": True, "0": False, "false": False}.get(text.casefold())
    if value is None:
        raise SettingsError(f"{name} must be true or false.")
    return value


def _integer(name: str, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise SettingsError(f"{name} must be a whole number.") from None

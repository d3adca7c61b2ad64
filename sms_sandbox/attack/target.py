"""What may be attacked: an application on this machine, and nothing else."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from sms_sandbox.errors import SettingsError

DEFAULT_PREFIX = "/auth"
_HTTP_PORT = 80


@dataclass(frozen=True, slots=True)
class Target:
    """Where the application's login is: ``prefix`` is what its paths begin with."""

    host: str
    port: int
    prefix: str = DEFAULT_PREFIX

    @property
    def many_sources(self) -> bool:
        """Whether requests may come from all of 127.0.0.0/8, each as another visitor's."""
        return ":" not in self.host


def read_target(url: str) -> Target:
    """The login below an address; a path in it replaces ``/auth``.

    Raises ``SettingsError`` for whatever is not plain http on this machine.
    """
    host, port = loopback(url, "--url")
    return Target(host, port, urlsplit(url).path.rstrip("/") or DEFAULT_PREFIX)


def loopback(url: str, switch: str) -> tuple[str, int]:
    """Host and port of an address on this machine; raises ``SettingsError`` for any other."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or _HTTP_PORT
    except ValueError:
        host, port, parts = "", 0, urlsplit("")
    if parts.scheme != "http" or not _is_loopback(host):
        raise SettingsError(
            f"Attacks reach this machine only: give {switch} an address as http://127.0.0.1:5000, "
            "where an application of your own runs with the sandbox."
        )
    return ("127.0.0.1" if host == "localhost" else host), port


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

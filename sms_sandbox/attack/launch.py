"""One attack from its switches: checked, driven, and what it found."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sms_sandbox.attack.bounds import Bounds
from sms_sandbox.attack.enumerating import enumerate_accounts
from sms_sandbox.attack.findings import Finding
from sms_sandbox.attack.guess import guess
from sms_sandbox.attack.lockout import lockout
from sms_sandbox.attack.numbers import Numbers
from sms_sandbox.attack.pump import pump
from sms_sandbox.attack.race import race
from sms_sandbox.attack.scene import Scene
from sms_sandbox.attack.target import loopback, read_target
from sms_sandbox.attack.visitor import Crowd
from sms_sandbox.client import SandboxClient
from sms_sandbox.errors import SettingsError

SECONDS = 120.0
"""Long enough to wait twice for another message, as a stranger has to."""
TRIES = 5
MOST_SECONDS = 3600.0
MOST_TRIES = 20


@dataclass(frozen=True, slots=True)
class Attack:
    """A way to attack, its usual ``count`` and the largest one."""

    drive: Callable[[Scene], list[Finding]]
    count: int
    most: int


ATTACKS = {
    "guess": Attack(guess, 200, 1000),
    "pump": Attack(pump, 500, 2000),
    "race": Attack(race, 50, 200),
    "enumerate": Attack(enumerate_accounts, 8, 30),
    "lockout": Attack(lockout, 50, 200),
}


def run(
    name: str,
    *,
    url: str,
    sandbox: str,
    password: str | None = None,
    account: str | None = None,
    number: str | None = None,
    count: int | None = None,
    tries: int = TRIES,
    seconds: float = SECONDS,
    bounds: Iterable[str] = (),
) -> list[Finding]:
    """Drive one of ``ATTACKS`` against the application at ``url``.

    Raises ``SettingsError`` for what cannot be attacked so, ``AttackStopped`` where the attack
    comes to nothing, and what ``SandboxClient`` raises.
    """
    attack = ATTACKS[name]
    count = attack.count if count is None else count
    _between("--count", count, attack.most)
    _between("--tries", tries, MOST_TRIES)
    _between("--seconds", seconds, MOST_SECONDS)
    target = read_target(url)
    loopback(sandbox, "--sandbox")
    with SandboxClient(sandbox, password=password) as inbox:
        scene = Scene(
            crowd=Crowd(target, seconds=seconds),
            inbox=inbox,
            account=account,
            numbers=Numbers(number),
            bounds=Bounds.named(bounds),
            count=count,
            tries=tries,
        )
        return attack.drive(scene)


def _between(switch: str, value: float, most: float) -> None:
    if not 1 <= value <= most:
        raise SettingsError(f"{switch} is 1 to {most:g} here, not {value:g}.")

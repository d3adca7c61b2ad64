"""Time moved by hand: the clock of one account or of the sandbox, and what becomes due by it."""

from dataclasses import dataclass
from typing import Any

from sms_sandbox.clock import SANDBOX, OwnClock
from sms_sandbox.errors import InvalidRequest, TooManyAccounts
from sms_sandbox.inbox import move
from sms_sandbox.inbox.accounts import MAX_ACCOUNTS
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.message import rfc3339
from sms_sandbox.storage import clocks, due

EARLIEST, LATEST = 0.0, 32_503_680_000.0
"""The moments that a clock may show: 1970 to 2999."""
_ROUNDING = 0.001
"""Seconds by which a clock may miss real time and is still right."""


def load(parts: Parts) -> None:
    """Take up the clocks that were moved before a restart."""
    with parts.database.read() as connection:
        for name, own in clocks.every(connection).items():
            parts.clock.put(name, own)


@dataclass(frozen=True, slots=True)
class Dial:
    """A clock that was moved by hand: of ``account`` (``None``: the sandbox's), what it shows
    (seconds since 1970), and by how many seconds that is ahead of real time."""

    account: str | None
    frozen: bool
    now: float
    ahead: float

    def as_json(self) -> dict[str, Any]:
        """The object that the control API shows."""
        return {
            "account": self.account,
            "frozen": self.frozen,
            "now": rfc3339(self.now),
            "ahead": round(self.ahead, 3) + 0.0,  # no -0.0
        }


def moved(parts: Parts) -> list[Dial]:
    """Every clock that was moved by hand, the sandbox's first."""
    base = parts.clock.real()
    return [
        Dial(name or None, one.frozen, one.now(base), one.now(base) - base)
        for name, one in sorted(parts.clock.moved().items())
    ]


def show(parts: Parts, account: str | None) -> tuple[bool, float]:
    """Whether a clock stands still, and what it shows."""
    return parts.clock.is_frozen(account), parts.clock.now(account)


def set_clock(parts: Parts, account: str | None, *, frozen: bool, now: float | None) -> None:
    """Stop a clock or let it run, where it is or from ``now``; what is due by then happens.

    Raises ``InvalidRequest`` for a moment that has passed, unless the account is still empty;
    ``TooManyAccounts``.
    """
    name = _name(parts, account)
    with parts.clock.hand(name):
        shown = parts.clock.now(account)
        back = now is not None and now < shown
        _check(parts, account, shown if now is None else now, back=back)
        _move(parts, name, shown if now is None else now, frozen=frozen, back=back)


def advance(parts: Parts, account: str | None, seconds: float) -> None:
    """Move a clock forward, frozen or running; what is due by then happens. Raises
    ``InvalidRequest``, ``TooManyAccounts``."""
    name = _name(parts, account)
    with parts.clock.hand(name):
        frozen, now = show(parts, account)
        _check(parts, account, now + seconds)
        _move(parts, name, now + seconds, frozen=frozen)


def give_back(parts: Parts, account: str | None) -> None:
    """Let a clock show real time again; what is due by then happens. Raises ``InvalidRequest``
    where it is ahead, unless the account is still empty; ``TooManyAccounts``."""
    name = _name(parts, account)
    with parts.clock.hand(name):
        own = parts.clock.moved()
        obeyed = own.get(name) or own.get(SANDBOX)
        real = parts.clock.real()
        ahead = 0.0 if obeyed is None else obeyed.now(real) - real
        if obeyed is None or (abs(ahead) < _ROUNDING and not obeyed.frozen):
            return
        _check(parts, account, real, back=ahead > 0)
        _move(parts, name, real, frozen=False, back=ahead > 0)


def forget(parts: Parts, account: str | None) -> None:
    """Give an account the sandbox's time again, or with ``None`` all of them the real time."""
    with parts.lock:
        with parts.database.write() as connection:
            clocks.forget(connection, account)
        parts.clock.forget(account)
    parts.clock.tell()


def _name(parts: Parts, account: str | None) -> str:
    """The clock that a hand moves, a new one if there is room for it."""
    name = SANDBOX if account is None else account
    moved = parts.clock.moved()
    if name not in moved and len(moved) >= MAX_ACCOUNTS:
        raise TooManyAccounts(MAX_ACCOUNTS, "clocks of accounts")
    return name


def _move(parts: Parts, name: str, moment: float, *, frozen: bool, back: bool = False) -> None:
    """Move a clock from one planned moment to the next, so that all that follows from one
    happens then and not at the end."""
    # Made before the steps: a running clock does not lose the time that they take.
    goal = parts.clock.set_to(moment, frozen=frozen)
    with parts.lock:
        shown = moment if back else parts.clock.now(name)
        _keep(parts, name, parts.clock.set_to(shown, frozen=frozen))
    while (at := _next_moment(parts, name)) is not None and at < moment:
        parts.clock.put(name, parts.clock.set_to(max(at, parts.clock.now(name)), frozen=frozen))
        move.advance_due(parts)
    with parts.lock:
        reached = parts.clock.now(name)
        _keep(
            parts, name, goal if reached <= moment else parts.clock.set_to(reached, frozen=frozen)
        )
    move.advance_due(parts)
    parts.clock.tell()


def _check(parts: Parts, account: str | None, moment: float, *, back: bool = False) -> None:
    if not EARLIEST <= moment < LATEST:
        raise InvalidRequest(
            "The clock would leave the years 1970 to 2999.", hint="Choose a nearer moment."
        )
    with parts.database.read() as connection:
        if back and not clocks.is_unused(connection, account):
            raise InvalidRequest(
                f"The clock shows {rfc3339(parts.clock.now(account))}; it moves forward only.",
                hint="Give a later moment, or set the clock first: "
                "POST /api/v1/reset empties an account and gives it the sandbox's time.",
                pointer="/now",
            )


def _next_moment(parts: Parts, name: str) -> float | None:
    with parts.database.read() as connection:
        return due.first_moment(connection, name)


def _keep(parts: Parts, name: str, own: OwnClock) -> None:
    with parts.database.write() as connection:
        clocks.put(connection, name, own)
        if name != SANDBOX:
            due.adopt(connection, name)
    parts.clock.put(name, own)

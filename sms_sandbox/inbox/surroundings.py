"""What stands around the messages: fault rules, handsets, accounts, clocks, what is kept."""

from collections.abc import Collection, Mapping
from typing import Any

from sms_sandbox.handset import Handset
from sms_sandbox.inbox import arrivals, clocks
from sms_sandbox.inbox.faults import Fault
from sms_sandbox.inbox.parts import Parts
from sms_sandbox.inbox.retention import Retainer
from sms_sandbox.inbox.settings import AccountSettings, Retention
from sms_sandbox.storage import counts


class Surroundings:
    """The inbox's verbs that are not about a message; ``Inbox`` has them all."""

    _parts: Parts
    _retention: Retainer

    def faults(self, account: str | None) -> list[Fault]:
        """The fault rules of one account, or all with ``None``, in their order."""
        with self._parts.lock:
            return self._parts.faults.listed(account)

    def fault(self, fault_id: str) -> Fault:
        """One fault rule. Raises ``UnknownFault``."""
        with self._parts.lock:
            return self._parts.faults.get(fault_id)

    def add_fault(self, asked: Mapping[str, Any], account: str | None) -> Fault:
        """Add a fault rule behind the others. Raises ``InvalidRequest``, ``TooManyFaults``."""
        with self._parts.lock:
            return self._parts.faults.add(asked, account)

    def switch_fault(self, fault_id: str, *, enabled: bool) -> Fault:
        """Switch a fault rule on or off. Raises ``UnknownFault``."""
        with self._parts.lock:
            return self._parts.faults.switch(fault_id, enabled=enabled)

    def remove_fault(self, fault_id: str) -> None:
        """Take a fault rule away. Raises ``UnknownFault``."""
        with self._parts.lock:
            self._parts.faults.remove(fault_id)

    def clear_faults(self, account: str | None) -> int:
        """Take away the fault rules of one account, or all; returns how many."""
        with self._parts.lock, self._parts.database.write() as connection:
            return self._parts.faults.clear(connection, account)

    def handset(self, account: str, number: str) -> Handset:
        """The handset of a number in an account."""
        return self._parts.handsets.get(account, number)

    def known_handsets(self, account: str | None, limit: int) -> list[tuple[str, str]]:
        """Account and number of the handsets that something was set for, of one account or all."""
        with self._parts.lock:
            return self._parts.handsets.known(account, limit)

    def put_handset(self, account: str, number: str, changes: Mapping[str, object]) -> Handset:
        """Change some of a handset's ``state``, ``opted_out`` (senders), ``sim_swapped_at`` and
        ``nickname``. Switched on, it gets what has waited for it."""
        arrivals.put_handset(self._parts, account, number, changes)
        return self.handset(account, number)

    def opt(self, account: str, number: str, sender: str, out: bool) -> None:
        """Let a handset decline what ``sender`` sends (``*``: what anyone does), or take it
        again."""
        with self._parts.lock, self._parts.database.write() as connection:
            self._parts.handsets.opt(connection, account, number, sender, out=out)

    def opted_out(self, account: str, *, after: str = "", limit: int) -> list[str]:
        """At most ``limit`` numbers of an account that decline some sender's messages, behind
        ``after`` in their order."""
        with self._parts.lock:
            return self._parts.handsets.opted_out(account, after=after, limit=limit)

    def named_accounts(self) -> set[str]:
        """Every account that has settings or further names."""
        return self._parts.accounts.named()

    def account_of(self, name: str) -> str:
        """The account that a credential's name, or a name of one's own, means."""
        return self._parts.accounts.account_of(name)

    def admits(
        self, provider: str, name: str, account: str, secret: str, *, signs: bool = False
    ) -> bool:
        """Whether a credential opens ``account``: with its first secret or the configured one.
        ``signs``: its secret signs the account's callbacks too."""
        return self._parts.accounts.admits(provider, name, account, secret, signs=signs)

    def account_settings(self, account: str | None) -> AccountSettings:
        """The settings of an account, completed by those of all; ``None``: those of all."""
        return self._parts.accounts.settings(account)

    def put_account_settings(self, account: str | None, values: Mapping[str, Any]) -> None:
        """Change the settings of one account or of all: what ``values`` say, as JSON values.
        What is over a lower limit goes at once."""
        self._parts.accounts.put(account, values)
        self._retention.prune(account)
        self._retention.expire()

    def aliases(self, account: str) -> list[str]:
        """The further names of an account, sorted."""
        return self._parts.accounts.aliases(account)

    def put_aliases(self, account: str, names: Collection[str]) -> None:
        """Replace the further names of an account. Raises ``AliasTaken``."""
        self._parts.accounts.put_aliases(account, names)

    def clock(self, account: str | None) -> tuple[bool, float]:
        """Whether the clock of an account (``None``: the sandbox's) stands still, and what it
        shows."""
        return clocks.show(self._parts, account)

    def give_clock_back(self, account: str | None) -> None:
        """Let a clock show real time again; make every move that is due then. Raises
        ``InvalidRequest`` for one that is ahead, unless the account is still empty."""
        clocks.give_back(self._parts, account)
        self._retention.expire()

    def moved_clocks(self) -> list[clocks.Dial]:
        """Every clock that was moved by hand, the sandbox's first."""
        return clocks.moved(self._parts)

    def set_clock(self, account: str | None, *, frozen: bool, now: float | None = None) -> None:
        """Stop a clock or let it run; make every move that is due then. Raises
        ``InvalidRequest`` for a moment that has passed."""
        clocks.set_clock(self._parts, account, frozen=frozen, now=now)
        self._retention.expire()

    def advance_clock(self, account: str | None, seconds: float) -> None:
        """Move a clock forward; make every move that is due then."""
        clocks.advance(self._parts, account, seconds)
        self._retention.expire()

    def stored_bytes(self, account: str | None) -> int:
        """The size of the messages of one account or of all, with their requests."""
        with self._parts.database.read() as connection:
            return counts.bytes_of(connection, account)

    def retention(self, account: str | None) -> Retention:
        """How much is kept, of one account or of all together."""
        return self._retention.limit(account)

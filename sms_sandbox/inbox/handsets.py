"""The handsets: what is known of them, kept in storage and in memory, and what one that is off,
full or blocked does to a message that reaches it."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from sqlite3 import Connection

from sms_sandbox.clock import Clocks
from sms_sandbox.handset import EVERY_SENDER, Handset
from sms_sandbox.numbers import comparison_key, scenario_of, sim_swapped_at
from sms_sandbox.reasons import Failing
from sms_sandbox.storage import Database
from sms_sandbox.storage import handsets as table
from sms_sandbox.storage.handsets import Stored

MAX_OPTED_OUT = 100
"""How many senders a handset remembers to have opted out of; the first goes first."""

MAX_HANDSETS = 100_000
"""How many handsets all accounts keep together; one of the account that came first goes first."""

_FAILS: Mapping[str, Failing] = {"full": "handset_full", "blocked": "blocked"}


class Handsets:
    """Every handset of which something is known. Changes are made under the inbox's lock."""

    def __init__(self, database: Database, clock: Clocks) -> None:
        self._clock = clock
        self._known: dict[str, dict[str, Stored]] = {}
        with database.read() as connection:
            for account, number, known in table.load(connection):
                self._known.setdefault(account, {})[number] = known

    def get(self, account: str, number: str) -> Handset:
        """One handset; of a number that nothing is known of, its default."""
        key = comparison_key(number)
        known = self._known.get(account, {}).get(key) or Stored()
        swapped = known.sim_swapped_at
        return Handset(
            state=known.state,
            opted_out=frozenset(known.opted_out),
            sim_swapped_at=self._usual_swap(account, key) if swapped is None else swapped,
            nickname=known.nickname,
        )

    def put(
        self, connection: Connection, account: str, number: str, changes: Mapping[str, object]
    ) -> None:
        """Change some of ``state``, ``opted_out``, ``sim_swapped_at`` and ``nickname``."""
        key = comparison_key(number)
        handsets = dict(self._known.get(account, {}))
        known = replace(handsets.pop(key, Stored()), **changes)  # type: ignore[arg-type]
        known = replace(known, opted_out=known.opted_out[-MAX_OPTED_OUT:])
        # Behind the others: the one that was put longest ago goes first. A new mapping, since
        # requests look into it without the lock.
        self._known[account] = handsets | {key: known}
        table.put(connection, account, key, known)
        if len(self._known[account]) > table.KEPT:
            self._drop_first(connection, account)
        elif sum(map(len, self._known.values())) > MAX_HANDSETS:
            self._drop_first(connection, next(iter(self._known)))

    def opt(
        self, connection: Connection, account: str, number: str, sender: str, *, out: bool
    ) -> None:
        """Let a handset decline what ``sender`` sends (``*``: what anyone does), or take it
        again."""
        key = sender if sender == EVERY_SENDER else comparison_key(sender)
        known = self._look_up(account, number) or Stored()
        others = tuple(one for one in known.opted_out if one != key)
        self.put(connection, account, number, {"opted_out": (*others, key) if out else others})

    def has_opted_out(self, account: str, number: str, sender: str) -> bool:
        """Whether a handset declines what this sender sends."""
        known = self._look_up(account, number)
        if known is None:
            return False
        return EVERY_SENDER in known.opted_out or comparison_key(sender) in known.opted_out

    def opted_out(self, account: str, *, after: str, limit: int) -> list[str]:
        """At most ``limit`` numbers that decline some sender's messages, behind ``after`` in
        their order."""
        known = self._known.get(account, {})
        numbers = sorted(f"+{number}" for number, one in known.items() if one.opted_out)
        return [number for number in numbers if number > after][:limit]

    def known(self, account: str | None, limit: int) -> list[tuple[str, str]]:
        """Account and number of at most ``limit`` handsets that something is known of, of one
        account or of all, the one put last first within its account."""
        names = list(self._known) if account is None else [account]
        found = ((name, f"+{one}") for name in names for one in reversed(self._known.get(name, {})))
        return list(islice(found, limit))

    def is_off(self, account: str, number: str) -> bool:
        """Whether what reaches the handset has to wait."""
        known = self._look_up(account, number)
        return known is not None and known.state == "off"

    def refusal(self, account: str, number: str) -> Failing | None:
        """Why a message that reaches the handset is not delivered, if it is not."""
        known = self._look_up(account, number)
        return None if known is None else _FAILS.get(known.state)

    def forget(self, connection: Connection, account: str | None) -> None:
        """Forget what is known of the handsets of one account, or of all."""
        table.forget(connection, account)
        if account is None:
            self._known.clear()
        else:
            self._known.pop(account, None)

    def _drop_first(self, connection: Connection, account: str) -> None:
        oldest, *others = self._known[account].items()
        self._known[account] = dict(others)
        if not others:
            del self._known[account]
        table.delete(connection, account, oldest[0])

    def _look_up(self, account: str, number: str) -> Stored | None:
        # Most accounts have none: every message asks, and a number takes time to read.
        handsets = self._known.get(account)
        return handsets.get(comparison_key(number)) if handsets else None

    def _usual_swap(self, account: str, key: str) -> float:
        now = self._clock.now(account)
        scenario = scenario_of(key)
        return now if scenario is not None and scenario.sim_swapped else sim_swapped_at(now)

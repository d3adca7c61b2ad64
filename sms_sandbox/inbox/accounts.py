"""Accounts: their settings, their further names, and who may open them."""

import hmac
import logging
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from sms_sandbox.errors import AliasTaken, TooManyAccounts
from sms_sandbox.inbox.settings import AccountSettings
from sms_sandbox.settings import Settings
from sms_sandbox.storage import Database, accounts, credentials

_log = logging.getLogger(__name__)

_NOTHING_SAID = AccountSettings()
MAX_ACCOUNTS = 10_000
"""How many accounts may have settings of their own, and how many further names there may be."""


class Accounts:
    """What is known of accounts; settings and names are held in memory, since every message
    asks for them."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._configured = settings
        self._database = database
        self._lock = threading.RLock()
        with database.read() as connection:
            rows = accounts.settings(connection)
            self._lead(accounts.aliases(connection))
        self._take({name: AccountSettings.from_json(row) for name, row in rows.items()})
        self._claim_configured()

    def settings(self, account: str | None) -> AccountSettings:
        """The settings of an account, completed by those of all; ``None``: those of all."""
        everyone = self._own.get(accounts.EVERYONE, _NOTHING_SAID)
        own = None if account is None else self._own.get(account)
        return everyone if own is None else own.over(everyone)

    def own(self, account: str | None) -> AccountSettings:
        """What was set for just this account, or with ``None`` for all."""
        return self._own.get(_key(account), _NOTHING_SAID)

    def put(self, account: str | None, values: Mapping[str, Any]) -> None:
        """Change what ``values`` say, keep the rest."""
        with self._lock:
            if _key(account) not in self._own and len(self._own) >= MAX_ACCOUNTS:
                raise TooManyAccounts(MAX_ACCOUNTS, "accounts with settings")
            changed = self.own(account).changed(values)
            with self._database.write() as connection:
                accounts.put_settings(connection, _key(account), changed.to_json())
            self._take({**self._own, _key(account): changed})

    @property
    def limits_age(self) -> bool:
        """Whether somebody's messages are kept for a time only."""
        return self._limits_age

    def named(self) -> set[str]:
        """Every account that has settings or further names."""
        return ({*self._own} - {accounts.EVERYONE}) | {*self._names}

    def account_of(self, name: str) -> str:
        """The account that a credential's name, or a name of one's own, means."""
        return self._aliases.get(name, name)

    def aliases(self, account: str) -> list[str]:
        """The further names of an account, sorted."""
        return list(self._names.get(account, ()))

    def put_aliases(self, account: str, names: Iterable[str]) -> None:
        """Replace the further names of an account. Raises ``AliasTaken``."""
        wanted = sorted(set(names))
        with self._lock:
            others = {a: to for a, to in self._aliases.items() if to != account}
            for name in wanted:
                self._refuse_taken(name, account, others)
            if wanted and account in others:
                raise AliasTaken(
                    f"{account} is itself a further name of {others[account]}.",
                    hint="Give the names to that account.",
                )
            if len(others) + len(wanted) > MAX_ACCOUNTS:
                raise TooManyAccounts(MAX_ACCOUNTS, "further names")
            with self._database.write() as connection:
                accounts.put_aliases(connection, account, wanted)
            self._lead(others | dict.fromkeys(wanted, account))

    def admits(
        self, provider: str, name: str, account: str, secret: str, *, signs: bool = False
    ) -> bool:
        """Whether a credential opens ``account`` with ``secret``. The first secret that it shows
        is its own, unless it was configured or the sandbox is strict; ``signs``: it signs the
        account's callbacks too."""
        hindrance = self._hindrance(provider, name, account, secret, signs=signs)
        if hindrance is not None:
            # the vendor's own answer says no more than that it refuses
            _log.warning("%s %s is refused: %s", provider, name, hindrance)
        return hindrance is None

    def _hindrance(
        self, provider: str, name: str, account: str, secret: str, *, signs: bool
    ) -> str | None:
        """Why a credential does not open ``account``, and what helps; ``None`` where it does."""
        known = self._configured.credential(provider, name)
        if known is not None:
            right = hmac.compare_digest(known.secret.encode(), secret.encode())
            opens = right and account in (known.account, self.account_of(known.account))
            return None if opens else "the file of credentials gives it another secret or account."
        if self._configured.strict:
            return "the sandbox is strict, and its file of credentials does not have it."
        with self._database.read() as connection:
            found = credentials.check(connection, provider, name, account, secret)
        if found is None:
            with self._database.write() as connection:
                credentials.claim(connection, provider, name, account, secret, signs=signs)
                found = credentials.check(connection, provider, name, account, secret)
        if found:
            return None
        return (
            "the first secret that it showed was another one. To begin anew: "
            f"sms-sandbox reset --account {account}"
        )

    def forget(self, account: str | None) -> None:
        """Forget settings, names, secrets and records of one account, or of all."""
        with self._lock:
            with self._database.write() as connection:
                accounts.forget(connection, account)
                for name in (account,) if account is None else (account, *self.aliases(account)):
                    credentials.forget(connection, name)
            gone = set(self._own) if account is None else {account}
            self._take({name: one for name, one in self._own.items() if name not in gone})
            left = {a: to for a, to in self._aliases.items() if account not in (None, to)}
            self._lead(left)
            self._claim_configured()

    def _take(self, own: Mapping[str, AccountSettings]) -> None:
        self._own = own
        self._limits_age = any(one.retention.seconds is not None for one in own.values())

    def _lead(self, aliases: Mapping[str, str]) -> None:
        self._aliases = aliases
        names: dict[str, list[str]] = {}
        for alias in sorted(aliases):
            names.setdefault(aliases[alias], []).append(alias)
        self._names = names

    def _refuse_taken(self, name: str, account: str, others: Mapping[str, str]) -> None:
        if name == account:
            raise AliasTaken(f"{name} is the account's own name.", hint="Leave it out.")
        if name in others:
            raise AliasTaken(
                f"{name} is a further name of {others[name]} already.",
                hint=f"PUT /api/v1/accounts/{others[name]}/aliases without it first.",
            )
        if name != account and name in self._names:
            raise AliasTaken(
                f"{name} has further names of its own.",
                hint=f"Give them to {account} instead: a name leads to one account.",
            )

    def _claim_configured(self) -> None:
        """Let the configured secrets sign: a credential that is its account's name does so."""
        if not self._configured.credentials:
            return
        with self._database.write() as connection:
            for one in self._configured.credentials:
                signs = one.name == one.account
                credentials.claim(
                    connection, one.provider, one.name, one.account, one.secret, signs=signs
                )


def _key(account: str | None) -> str:
    return accounts.EVERYONE if account is None else account

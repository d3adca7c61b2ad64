"""How fast an account may send: a bucket of tokens that fills by the account's own clock."""

import math
import threading

from sms_sandbox.bucket import Bucket, take
from sms_sandbox.clock import Clocks
from sms_sandbox.errors import Refused
from sms_sandbox.inbox.accounts import Accounts


class Throttle:
    """The buckets of the accounts that have a limit; a frozen clock fills none."""

    def __init__(self, clock: Clocks, accounts: Accounts) -> None:
        self._clock = clock
        self._accounts = accounts
        self._lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}

    def spend(self, account: str) -> None:
        """Take the token of one message. Raises ``Refused`` where none is left."""
        limits = self._accounts.settings(account).limits
        rate = limits.messages_per_second
        if rate is None:
            return
        room = float(limits.burst or max(1, math.ceil(rate)))
        now = self._clock.now(account)
        with self._lock:
            bucket, enough = take(self._buckets.get(account), rate, room, now)
            self._buckets[account] = bucket
        if not enough:
            raise Refused(
                "throttled",
                f"The account sends more than {rate:g} messages a second.",
                retry_after=math.ceil((1.0 - bucket[0]) / rate),
            )

    def forget(self, account: str | None) -> None:
        """Fill the bucket of one account, or all."""
        with self._lock:
            for name in [name for name in self._buckets if account in (None, name)]:
                del self._buckets[name]

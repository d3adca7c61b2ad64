"""One signed request, as the actions see it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sms_sandbox.errors import Refused
from sms_sandbox.facades.aws.errors import AwsError
from sms_sandbox.facades.aws.login import Caller
from sms_sandbox.facades.aws.wire import PROVIDER, uuid_of
from sms_sandbox.facades.base import Room
from sms_sandbox.message import Draft


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks for what. ``transcript`` is the request as text, for whoever looks into the
    sandbox."""

    room: Room
    caller: Caller
    parameters: Mapping[str, str] = field(repr=False)
    transcript: Callable[[], str] = field(repr=False)

    @property
    def account(self) -> str:
        """The account that the request acts on."""
        return self.caller.account

    @property
    def region(self) -> str:
        """The region that the request is signed for."""
        return self.caller.region

    @property
    def now(self) -> float:
        """The account's present moment, in seconds since 1970."""
        return self.room.clock.now(self.account)

    def next_id(self) -> str:
        """A message id that nobody has had yet."""
        return uuid_of(self.room.ids.hex(self.account, 16))

    def accept(self, draft: Draft, not_valid: AwsError) -> None:
        """Hand a message to the inbox; a number that no network knows is refused by
        ``not_valid``. Raises ``AwsError``, ``Refused``, ``FaultStruck``, ``InvalidRequest``."""
        try:
            self.room.inbox.accept(draft)
        except Refused as refused:
            if refused.reason == "invalid_number":
                raise not_valid from None
            raise

    def strike(self, number: str = "") -> None:
        """Let the fault rules act on an action that is no message. Raises ``FaultStruck``."""
        self.room.inbox.strike(provider=PROVIDER, account=self.account, to=number)


def own_number(account: str) -> str:
    """The number that an account sends from where it names no sender: one of those kept for
    fiction, the same each time."""
    digest = hashlib.sha256(account.encode()).digest()
    return f"+12015550{100 + digest[0] % 100}"

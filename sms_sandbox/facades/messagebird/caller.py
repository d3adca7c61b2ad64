"""One request to MessageBird: who asks, and what for."""

from dataclasses import dataclass, field

from flask import request

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.messagebird import login
from sms_sandbox.facades.messagebird.wire import PROVIDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """``key`` is the access key that asks, ``account`` what it opens."""

    room: Room
    key: str = field(repr=False)
    account: str = field(repr=False)

    @property
    def now(self) -> float:
        """The present moment of the account (seconds since 1970)."""
        return self.room.clock.now(self.account)

    @property
    def is_test(self) -> bool:
        """Whether nothing that it sends is to go out."""
        return login.is_test(self.key)

    def new_id(self) -> str:
        """The next id of the account."""
        return self.room.ids.hex(self.account, 16)

    def strike(self, number: str) -> None:
        """Let the fault rules act on a request that brings no message. Raises ``FaultStruck``."""
        self.room.inbox.strike(provider=PROVIDER, account=self.account, to=number)


def enter(room: Room) -> Caller:
    """The caller of the present request. Raises ``MessageBirdError`` for a wrong key."""
    key, account = login.check(room, request.headers.get("Authorization"))
    return Caller(room=room, key=key, account=account)

"""Who asks one of the newer APIs, whose addresses name no account and whose answers carry
absolute addresses."""

from dataclasses import dataclass

from flask import request

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.twilio import login
from sms_sandbox.facades.twilio.errors import TwilioError


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One request: its ``account``, its ``path`` as it is on Twilio's own host, and the ``base``
    that the answer's addresses begin with."""

    room: Room
    account: str
    base: str
    path: str

    @property
    def now(self) -> float:
        """The present moment of the account (seconds since 1970)."""
        return self.room.clock.now(self.account)

    def new_sid(self, prefix: str) -> str:
        """The next id of the account: two letters and 32 hexadecimal digits."""
        return prefix + self.room.ids.hex(self.account, 16)

    def not_found(self) -> TwilioError:
        """What Twilio says of a path that leads nowhere."""
        return TwilioError(20404, path=self.path)


def enter(room: Room, prefix: str) -> Caller:
    """The caller of the present request. Raises ``TwilioError`` for wrong credentials."""
    path = request.path.removeprefix(prefix)
    account = login.enter(room, request.authorization)
    return Caller(room=room, account=account, base=_base(prefix), path=path)


def _base(prefix: str) -> str:
    # Who comes under Twilio's own name has a path without the sandbox's prefix, and https.
    host = request.host.partition(":")[0].rstrip(".").casefold()
    if host.endswith(".twilio.com"):
        return f"https://{host}"
    return request.host_url.rstrip("/") + prefix

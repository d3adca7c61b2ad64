"""One request to Plivo: who asks, for what, and how it is answered."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from flask import Response, g, request

from sms_sandbox.facades import asking
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.plivo import login
from sms_sandbox.facades.plivo.wire import PROVIDER, uuid_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """``auth_id`` is the credential that asks, ``account`` what it opens, ``address`` where the
    request comes from."""

    room: Room
    auth_id: str
    account: str
    address: str = field(default="", repr=False)

    @property
    def now(self) -> float:
        """The present moment of the account (seconds since 1970)."""
        return self.room.clock.now(self.account)

    @property
    def root(self) -> str:
        """The account's path on Plivo's own host."""
        return f"/v1/Account/{self.auth_id}"

    def new_uuid(self) -> str:
        """The next id of the account."""
        return uuid_of(self.room.ids.hex(self.account, 16))

    def strike(self, number: str) -> None:
        """Let the fault rules act on a request that brings no message. Raises ``FaultStruck``."""
        self.room.inbox.strike(provider=PROVIDER, account=self.account, to=number)


def enter(room: Room, auth_id: str | None) -> Caller:
    """The caller of the present request, whose path names ``auth_id`` or none. Raises
    ``PlivoError`` for wrong credentials."""
    name, account = login.check(room, request.authorization, auth_id)
    return Caller(room=room, auth_id=name, account=account, address=request.remote_addr or "")


def begin(room: Room) -> None:
    """Give the present request its id."""
    # Requests draw at their own pace: a row of their own keeps seeded messages in order.
    g.plivo_api_id = uuid_of(room.ids.hex("", 16, "api"))


def answer(content: dict[str, Any], status: int = 200) -> Response:
    """A JSON answer with the id of its request."""
    # A request that the sandbox itself turns away has not begun here.
    api_id = g.get("plivo_api_id") or str(uuid.uuid4())
    return asking.answer({"api_id": api_id, **content}, status)

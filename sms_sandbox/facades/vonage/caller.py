"""One request to Vonage: who asks, and what for."""

from dataclasses import dataclass, field

from flask import request

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage import application, login
from sms_sandbox.facades.vonage.errors import Denied
from sms_sandbox.facades.vonage.parameters import hide_in_body, hide_in_query
from sms_sandbox.facades.vonage.wire import PROVIDER, uuid_of
from sms_sandbox.transcript import sent_headers, transcribe

BLANKED = "api_secret"
"""The secret that the older APIs take among the parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """``account`` is what the credential opens: an API key, or an application's id."""

    room: Room = field(repr=False)
    account: str
    api_key: str | None = None
    application_id: str | None = None

    @property
    def now(self) -> float:
        """The present moment of the account (seconds since 1970)."""
        return self.room.clock.now(self.account)

    def new_uuid(self) -> str:
        """The next id of the account."""
        return uuid_of(self.room.ids.hex(self.account, 16))

    def strike(self, number: str) -> None:
        """Let the fault rules act on a request that brings no message. Raises ``FaultStruck``."""
        self.room.inbox.strike(provider=PROVIDER, account=self.account, to=number)


def enter(room: Room) -> Caller:
    """The caller of the present request, by an application's JWT (``Authorization: Bearer``) or
    by an API key and secret (``Basic``). Raises ``Denied``."""
    shown = request.authorization
    if shown is not None and shown.type == "bearer":
        return enter_application(room)
    return enter_account(room)


def enter_account(room: Room) -> Caller:
    """The caller by API key and secret, by HTTP Basic alone. Raises ``Denied``."""
    key, account = login.check_basic(room, request.authorization)
    return Caller(room=room, account=account, api_key=key)


def enter_application(room: Room) -> Caller:
    """The caller by an application's JWT alone. Raises ``Denied``."""
    shown = request.authorization
    if shown is None or shown.type != "bearer":
        raise Denied("Send the application's JWT as Authorization: Bearer.")
    name, account = application.check(room, shown.token or "")
    return Caller(room=room, account=account, application_id=name)


def transcript() -> str:
    """The present request as text, its credentials blanked."""
    query = hide_in_query(BLANKED, request.query_string).decode("utf-8", "replace")
    target = f"{request.path}?{query}" if query else request.path
    body = hide_in_body(BLANKED, request.get_data())
    return transcribe(request.method, target, sent_headers(request.environ), body)

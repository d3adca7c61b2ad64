"""The two who meet at the operator: the application, and the device whose number it asks about."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from flask import request

from sms_sandbox.errors import InvalidRequest
from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage import application, login
from sms_sandbox.facades.vonage.caller import enter_application
from sms_sandbox.facades.vonage.errors import Denied
from sms_sandbox.facades.vonage.parameters import read_json
from sms_sandbox.facades.vonage.wire import PROVIDER, is_uuid
from sms_sandbox.inbox.settings import Operator

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
"""What an application may sign in place of a Bearer token: RFC 7523, section 2.2."""

_NUMBER = re.compile(r"\+?([1-9][0-9]{6,14})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An application (its UUID) and the account that it opens."""

    room: Room = field(repr=False)
    application: str
    account: str

    @property
    def now(self) -> float:
        """The present moment of the account (seconds since 1970)."""
        return self.room.clock.now(self.account)

    @property
    def operator(self) -> Operator:
        """How the account wants its operator to behave."""
        return self.room.inbox.account_settings(self.account).operator

    @property
    def redirect_uri(self) -> str | None:
        """Where the account has configured that devices are sent back to."""
        return self.room.inbox.account_settings(self.account).redirect_uri

    def strike(self, number: str, path: str) -> None:
        """Let the fault rules act on an operation about ``number``; its ``path`` (below
        ``/vonage``) is what a rule's ``body`` is compared with. Raises ``FaultStruck``."""
        self.room.inbox.strike(provider=PROVIDER, account=self.account, to=number, body=path)


def signed(room: Room) -> Party:
    """The application by its JWT. Raises ``Denied``."""
    caller = enter_application(room)
    return Party(room=room, application=caller.application_id or "", account=caller.account)


def signed_or_asserting(room: Room, form: dict[str, str]) -> Party:
    """The application by its JWT, or by the client assertion of the form. Raises ``Denied``."""
    if "client_assertion" not in form:
        return signed(room)
    if form.get("client_assertion_type") != ASSERTION:
        raise Denied(f"The client_assertion_type must be {ASSERTION}.")
    name, account = application.check(room, form["client_assertion"], named_by="sub")
    return Party(room=room, application=name, account=account)


def named(room: Room, name: str) -> Party:
    """The application that a device brings the name of; nobody has signed. Raises ``Denied``."""
    if not is_uuid(name):
        raise Denied("The client_id must be the application's UUID.")
    if room.settings.password is not None and room.settings.credential(PROVIDER, name) is None:
        raise Denied("This application was not configured.")
    account = room.inbox.account_of(login.account_of(room, name))
    return Party(room=room, application=name, account=account)


def parse_device(text: str) -> str | None:
    """A ``login_hint`` (a number, ``tel:`` before it or not) as E.164, or ``None``."""
    found = _NUMBER.fullmatch(text.strip().removeprefix("tel:"))
    return f"+{found[1]}" if found and text.isascii() else None


def json_object() -> dict[str, Any] | None:
    """The JSON object in the present request's body, whatever its label; ``None``: there is
    none, or it holds what is no Unicode text."""
    try:
        return read_json(request.get_data())
    except InvalidRequest:
        return None


def form() -> dict[str, str]:
    """The parameters of a form. vonage-python labels its forms JSON: a body that is a JSON object
    is read as one, any other as a form."""
    values = json_object()
    if values is not None:
        return {name: one for name, one in values.items() if isinstance(one, str)}
    try:
        found = parse_qs(request.get_data().decode("utf-8", "replace"), max_num_fields=50)
    except ValueError:
        return {}
    return {name: one[0] for name, one in found.items()}

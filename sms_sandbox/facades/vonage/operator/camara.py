"""What CAMARA's APIs have in common: the access token, the correlator, the JSON object, the
number that is meant.

Source: CAMARA's "API design guide" and "API access and user consent", commonalities 0.6.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from flask import Response, request

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage.errors import respond_json
from sms_sandbox.facades.vonage.operator import grants, party
from sms_sandbox.facades.vonage.operator.errors import (
    CORRELATOR,
    CamaraError,
    correlated,
    is_correlator,
)
from sms_sandbox.facades.vonage.operator.grants import Grant
from sms_sandbox.facades.vonage.operator.party import Party
from sms_sandbox.facades.vonage.operator.scopes import Right, rights_of

_STRICT = re.compile(r"\+[1-9][0-9]{4,14}")
_LENIENT = re.compile(r"\+?[1-9][0-9]{4,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request to a CAMARA API: who asks, by which token, for what. ``path`` is below
    ``/vonage``; ``current``: it is of CAMARA 2.x, which is stricter than what Vonage offers."""

    party: Party
    grant: Grant
    secret: str = field(repr=False)
    path: str
    current: bool
    values: dict[str, Any] = field(repr=False)

    @property
    def number(self) -> str:
        """The number that the token speaks for; empty: none."""
        return self.grant.number

    def spend(self) -> None:
        """Use the token up, if it speaks for a number. Raises ``CamaraError`` if somebody was
        faster."""
        if not self.grant.number:
            return
        one = self.party
        with one.room.database.write() as connection:
            if grants.spend(connection, one.room, one.account, "token", self.secret) is None:
                raise CamaraError(401)

    def text(self, name: str, most: int) -> str | None:
        """A text of 1 to ``most`` characters, or ``None`` if it is left out."""
        value = self.values.get(name)
        if name in self.values and not (isinstance(value, str) and 0 < len(value) <= most):
            raise CamaraError(400, detail=f"{name} must be a text of 1 to {most} characters.")
        return value

    def phone_number(self) -> str | None:
        """``phoneNumber`` in E.164, or ``None`` if it is left out."""
        value = self.text("phoneNumber", 32)
        if value is None:
            return None
        if not (_STRICT if self.current else _LENIENT).fullmatch(value):
            raise CamaraError(400, detail="phoneNumber must be + and 5 to 15 digits.")
        return value if value.startswith("+") else f"+{value}"

    def only(self, *names: str) -> None:
        """Refuse every other property. Raises ``CamaraError``."""
        strange = next((name for name in self.values if name not in names), None)
        if strange is not None:
            raise CamaraError(400, detail=f"{strange[:64]!r} is not a property of the body.")


def ask(room: Room, path: str, right: Right, *, current: bool, body: bool = True) -> Ask:
    """The present request, whose token must give ``right``. Raises ``CamaraError``, ``Denied``."""
    shown = request.headers.get(CORRELATOR)
    if shown is not None and not is_correlator(shown):
        raise CamaraError(400, detail=f"{CORRELATOR} holds signs that it must not.")
    authorization = request.authorization
    if authorization is None or authorization.type != "bearer":
        raise CamaraError(401)
    secret = authorization.token or ""
    one = _holder(room, secret)
    with room.database.read() as connection:
        grant = grants.look(connection, room, one.account, "token", secret)
    if grant is None:
        raise CamaraError(401)
    if right not in (rights_of(grant.scope) or ()):
        raise CamaraError(403)
    values = _object() if body else {}
    return Ask(party=one, grant=grant, secret=secret, path=path, current=current, values=values)


def answer(content: dict[str, Any] | None, status: int = 200) -> Response:
    """The answer in JSON, or without a body, with its request's ``x-correlator``."""
    if content is None:
        return correlated(Response(status=status))
    return correlated(respond_json(content, status))


def _holder(room: Room, secret: str) -> Party:
    name = grants.application_of(secret)
    if name is None:
        raise CamaraError(401)
    return party.named(room, name)


def _object() -> dict[str, Any]:
    values = party.json_object()
    if values is None:
        raise CamaraError(400, detail="The body must be a JSON object.")
    return values

"""Codes, states and tokens: each a secret that is kept as its hash, lives for a while and, but
for tokens that speak for no number, works once."""

import hashlib
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from sms_sandbox.facades.base import Room
from sms_sandbox.storage import records
from sms_sandbox.storage.records import Record

Kind = Literal["state", "login", "callback", "code", "request", "token"]
"""``state``: an address that network enablement gave out. ``login``: a device under way through
the operator's redirects, ``callback``: on its way back. ``code``: what the application gets at the
end. ``request``: an ``auth_req_id``. ``token``: an access token."""

LONG, SHORT = 300.0, 60.0
"""Seconds of the account's time that what is given out is good for. Tokens: CAMARA lets none live
longer."""
LIVES: Mapping[Kind, float] = {
    "state": LONG,
    "login": SHORT,
    "callback": SHORT,
    "code": SHORT,
    "request": LONG,
    "token": LONG,
}

_PROVIDER = "vonage"
_MAX_SECRET = 200
_NAMED = re.compile(r"([A-Za-z0-9_-]{1,64})\.([0-9a-f]{48})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a secret stands for. ``number`` (E.164; empty: nobody's) is whose device it is,
    ``redirect_uri``, ``state`` and ``challenge`` (RFC 7636) are the application's, ``amr`` how the
    device was recognised, ``expires_at`` seconds since 1970."""

    application: str
    scope: str
    number: str = field(default="", repr=False)
    redirect_uri: str = ""
    state: str = field(default="", repr=False)
    challenge: str = ""
    amr: str = "network"
    expires_at: float = 0.0


def give(connection: sqlite3.Connection, room: Room, account: str, kind: Kind, grant: Grant) -> str:
    """A new secret for ``grant``."""
    secret = f"{grant.application}.{_digits(room, account)}"
    now = room.clock.now(account)
    record = Record(
        provider=_PROVIDER,
        account=account,
        kind=_kind(kind),
        id=_hash(secret),
        created_at=now,
        updated_at=now,
        data=asdict(grant),
    )
    records.insert(connection, record)
    return secret


def look(
    connection: sqlite3.Connection, room: Room, account: str, kind: Kind, secret: str
) -> Grant | None:
    """What a secret stands for while it lives."""
    if len(secret) > _MAX_SECRET:
        return None
    found = records.get(connection, _PROVIDER, account, _kind(kind), _hash(secret))
    if found is None:
        return None
    grant = Grant(**found.data)
    return grant if room.clock.now(account) < grant.expires_at else None


def spend(
    connection: sqlite3.Connection, room: Room, account: str, kind: Kind, secret: str
) -> Grant | None:
    """What a secret stands for, if it lives; from now on it is worth nothing."""
    grant = look(connection, room, account, kind, secret)
    if len(secret) <= _MAX_SECRET:
        records.delete(connection, _PROVIDER, account, _kind(kind), _hash(secret))
    return grant


def application_of(secret: str) -> str | None:
    """The application that a secret names; ``None`` for what can be no secret of ours."""
    found = _NAMED.fullmatch(secret)
    return None if found is None else found.group(1)


def lives_until(room: Room, account: str, kind: Kind) -> float:
    """When a secret that is given out now is worth nothing any more."""
    return room.clock.now(account) + LIVES[kind]


def _digits(room: Room, account: str) -> str:
    # With a seed these can be guessed, as every id then: whoever gives one wants that.
    return room.ids.hex(account, 24, "grant")


def _kind(kind: Kind) -> str:
    return f"operator_{kind}"


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()

"""Who asks: HTTP Basic with an auth id and its token."""

import hmac
import re

from werkzeug.datastructures import Authorization

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.plivo.errors import UNAUTHORIZED, PlivoError
from sms_sandbox.facades.plivo.wire import PROVIDER

_AUTH_ID = re.compile(r"[MS]A[A-Za-z0-9]{18}")
_MAX_TOKEN = 256


def check(room: Room, shown: Authorization | None, auth_id: str | None) -> tuple[str, str]:
    """The auth id of the caller and its account. Raises ``PlivoError`` if it is none, shows a
    wrong token, or asks for another ``auth_id`` than its own.

    The first token that an auth id shows is its token. Where the sandbox has a password, that is
    the token of all.
    """
    if shown is None or shown.type != "basic" or not shown.username:
        raise _denied()
    name, token = shown.username, shown.password or ""
    if not _AUTH_ID.fullmatch(name) or auth_id not in (None, name):
        raise _denied()
    if not 0 < len(token) <= _MAX_TOKEN or not _fits_password(room, token):
        raise _denied()
    known = room.settings.credential(PROVIDER, name)
    account = name if known is None else known.account
    if not room.inbox.admits(PROVIDER, name, account, token, signs=True):
        raise _denied()
    return name, room.inbox.account_of(account)


def _denied() -> PlivoError:
    return PlivoError(401, UNAUTHORIZED)


def _fits_password(room: Room, token: str) -> bool:
    password = room.settings.password
    return password is None or hmac.compare_digest(token.encode(), password.encode())

"""Who asks by an API key and its secret: HTTP Basic, and where an API takes it, its parameters."""

import hmac
import re

from werkzeug.datastructures import Authorization

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage.errors import Denied
from sms_sandbox.facades.vonage.wire import PROVIDER

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MAX_SECRET = 256


def check_basic(room: Room, shown: Authorization | None) -> tuple[str, str]:
    """The API key of an ``Authorization: Basic`` header and its account. Raises ``Denied``."""
    if shown is None or shown.type != "basic":
        raise Denied("Send the API key and its secret by HTTP Basic.")
    return check(room, shown.username or "", shown.password or "")


def check(room: Room, key: str, secret: str) -> tuple[str, str]:
    """The API key and the account that it opens. Raises ``Denied`` for a wrong secret.

    The first secret that a key shows is its secret. Where the sandbox has a password, that is the
    secret of all.
    """
    account = account_of(room, key)
    if not 0 < len(secret) <= _MAX_SECRET or not _fits_password(room, secret):
        raise Denied("The API secret is not this key's.")
    if not room.inbox.admits(PROVIDER, key, account, secret, signs=True):
        raise Denied("The API secret is not this key's.")
    return key, room.inbox.account_of(account)


def account_of(room: Room, key: str) -> str:
    """The account that an API key or an application's id names, before aliases. Raises ``Denied``
    for what is none, and with ``--strict`` for one that was not configured."""
    known = room.settings.credential(PROVIDER, key)
    if not _KEY.fullmatch(key) or (known is None and room.settings.strict):
        raise Denied("There is no such API key.")
    return key if known is None else known.account


def _fits_password(room: Room, secret: str) -> bool:
    password = room.settings.password
    return password is None or hmac.compare_digest(password.encode(), secret.encode())

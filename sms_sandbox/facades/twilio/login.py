"""Who asks: HTTP Basic with an account's SID and token, or with an API key and its secret."""

import hmac
import re

from werkzeug.datastructures import Authorization

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.storage import credentials

_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_KEY = re.compile(r"SK[0-9a-fA-F]{32}")
_PROVIDER = "twilio"
_MAX_SECRET = 256


def check(room: Room, shown: Authorization | None, account: str, path: str) -> None:
    """Let the caller into ``account``, or raise ``TwilioError``.

    The first secret that an account or a key shows is its secret. Where the sandbox has a
    password, that is the secret of all.
    """
    if shown is None or shown.type != "basic" or not shown.username:
        raise TwilioError(20003)
    name, secret = shown.username, shown.password or ""
    is_account = bool(_ACCOUNT.fullmatch(name))
    if not (is_account or _KEY.fullmatch(name)):
        raise TwilioError(20003, "Authentication Error - invalid username")
    if not 0 < len(secret) <= _MAX_SECRET or not _fits_password(room, secret):
        raise TwilioError(20003)
    if not _ACCOUNT.fullmatch(account) or (is_account and name != account):
        raise TwilioError(20404, path=path)
    if not _opens(room, name, account, secret, signs=is_account):
        raise TwilioError(20003)


def _fits_password(room: Room, secret: str) -> bool:
    password = room.settings.password
    return password is None or hmac.compare_digest(secret.encode(), password.encode())


def _opens(room: Room, name: str, account: str, secret: str, *, signs: bool) -> bool:
    with room.database.read() as connection:
        right = credentials.check(connection, _PROVIDER, name, account, secret)
    if right is None:
        with room.database.write() as connection:
            credentials.claim(connection, _PROVIDER, name, account, secret, signs=signs)
            right = credentials.check(connection, _PROVIDER, name, account, secret)
    return bool(right)

"""Who asks: HTTP Basic with an account's SID and token, or with an API key and its secret."""

import hmac
import re

from werkzeug.datastructures import Authorization

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.twilio.errors import TwilioError
from sms_sandbox.facades.twilio.wire import PROVIDER
from sms_sandbox.storage import credentials

_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_KEY = re.compile(r"SK[0-9a-fA-F]{32}")
_MAX_SECRET = 256


def check(room: Room, shown: Authorization | None, account: str, path: str) -> None:
    """Let the caller into ``account``, or raise ``TwilioError``.

    The first secret that an account or a key shows is its secret. Where the sandbox has a
    password, that is the secret of all.
    """
    name, secret = _read(room, shown)
    is_account = bool(_ACCOUNT.fullmatch(name))
    if not _ACCOUNT.fullmatch(account) or (is_account and name != account):
        raise TwilioError(20404, path=path)
    if not room.inbox.admits(PROVIDER, name, account, secret, signs=is_account):
        raise TwilioError(20003)


def enter(room: Room, shown: Authorization | None) -> str:
    """The account of a caller whose path names none, or raise ``TwilioError``.

    A key opens the account that it first came with. One that never came with any has an account
    of its own, with the key's digits, until it does.
    """
    name, secret = _read(room, shown)
    account = name
    if _KEY.fullmatch(name):
        configured = room.settings.credential(PROVIDER, name)
        with room.database.read() as connection:
            known = credentials.account_of(connection, PROVIDER, name)
        account = configured.account if configured else known or "AC" + name[2:]
        name = name if configured or known else account
    signs = name == account
    if not room.inbox.admits(PROVIDER, name, account, secret, signs=signs):
        raise TwilioError(20003)
    return room.inbox.account_of(account)


def _read(room: Room, shown: Authorization | None) -> tuple[str, str]:
    """The user name and the secret that a caller shows. Raises ``TwilioError``."""
    if shown is None or shown.type != "basic" or not shown.username:
        raise TwilioError(20003)
    name, secret = shown.username, shown.password or ""
    if not (_ACCOUNT.fullmatch(name) or _KEY.fullmatch(name)):
        raise TwilioError(20003, "Authentication Error - invalid username")
    if not 0 < len(secret) <= _MAX_SECRET or not _fits_password(room, secret):
        raise TwilioError(20003)
    return name, secret


def _fits_password(room: Room, secret: str) -> bool:
    password = room.settings.password
    return password is None or hmac.compare_digest(secret.encode(), password.encode())

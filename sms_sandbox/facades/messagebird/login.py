"""Who asks: an access key in ``Authorization: AccessKey KEY``."""

import hmac
import re

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.messagebird.errors import denied
from sms_sandbox.facades.messagebird.wire import PROVIDER
from sms_sandbox.settings import Credential

_SCHEME = "accesskey"
_KEY = re.compile(r"([A-Za-z0-9_-]{1,64})(?::(.{1,256}))?")
_TEST = "test_"


def check(room: Room, authorization: str | None) -> tuple[str, str]:
    """The access key of the caller and its account. Raises ``MessageBirdError`` if it is none.

    A key is name and secret in one; here a secret of its own may stand behind it and a colon. The
    first one that a key shows is its secret, and signs what goes to the application. Where the
    sandbox has a password, that is the secret of all.
    """
    scheme, _, shown = (authorization or "").partition(" ")
    found = _KEY.fullmatch(shown.strip())
    if scheme.casefold() != _SCHEME or found is None:
        raise denied()
    name, behind = found[1], found[2]
    if not _fits_password(room, behind):
        raise denied()
    known = room.settings.credential(PROVIDER, name)
    account = name if known is None else known.account
    secret = behind or _secret_of(name, known)
    if not room.inbox.admits(PROVIDER, name, account, secret, signs=True):
        raise denied()
    return name, room.inbox.account_of(account)


def is_test(key: str) -> bool:
    """Whether a key is one for tests: what it sends goes no further than ``sent``."""
    return key.startswith(_TEST)


def _secret_of(name: str, known: Credential | None) -> str:
    """The secret of a key that shows none: what is configured beside it is its signing key, which
    no request has to show."""
    return name if known is None else known.secret


def _fits_password(room: Room, shown: str | None) -> bool:
    wanted = room.settings.password
    if wanted is None:
        return True
    return hmac.compare_digest((shown or "").encode("utf-8", "replace"), wanted.encode())

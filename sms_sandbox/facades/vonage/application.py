"""Who asks by an application's token: a JWT that its private key has signed.

Source: https://developer.vonage.com/en/getting-started/concepts/authentication. The sandbox knows
no application's public key but those of the credentials file, in base64 (the lines between
``BEGIN PUBLIC KEY`` and ``END PUBLIC KEY``, joined): only of those it can judge the signature.
"""

import base64
import binascii
import json
import time
from typing import Any

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage import login
from sms_sandbox.facades.vonage.errors import Denied
from sms_sandbox.facades.vonage.wire import PROVIDER, is_uuid

LEEWAY = 60
"""Seconds by which two machines' clocks may differ."""
LIFE = 900
"""Seconds for which a token holds that names no end."""
LONGEST_LIFE = 86_400
"""Seconds after its ``iat`` in which a token ends, whatever its ``exp`` says; until then it may
come again: https://api.support.vonage.com/hc/en-us/articles/360000958407."""
_MAX_TOKEN = 8192
_MAX_JTI = 256
_END_OF_TIME = 1e11


def check(room: Room, token: str, *, named_by: str = "application_id") -> tuple[str, str]:
    """The id of the application that signed ``token`` (``named_by``: the claim that it stands
    in), and its account. Raises ``Denied``.

    With ``--strict`` or a password only configured applications are let in.
    """
    header, claims = _read(token)
    if header.get("alg") != "RS256":
        raise Denied("The token's alg must be RS256.")
    application = claims.get(named_by)
    if not isinstance(application, str) or not is_uuid(application):
        raise Denied(f"The token's {named_by} must be the application's UUID.")
    _check_claims(claims)
    _check_signature(room, application, token)
    return application, room.inbox.account_of(login.account_of(room, application))


def _read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified."""
    parts = token.split(".")
    if len(token) > _MAX_TOKEN or len(parts) != 3 or not all(parts):
        raise Denied("The token is no signed JWT.")
    return _decode(parts[0]), _decode(parts[1])


def _decode(part: str) -> dict[str, Any]:
    try:
        padded = part + "=" * (-len(part) % 4)
        values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise Denied("The token is no signed JWT.") from None
    if not isinstance(values, dict):
        raise Denied("The token is no signed JWT.")
    return values


def _check_claims(claims: dict[str, Any]) -> None:
    # Whoever signs lives in real time, whatever the clock of the account says.
    now = time.time()
    issued = _moment(claims, "iat")
    if issued is None:
        raise Denied("The token's iat is missing: the second in which it was made.")
    if issued > now + LEEWAY or (_moment(claims, "nbf") or 0) > now + LEEWAY:
        raise Denied("The token is not valid yet.")
    ends = _moment(claims, "exp")
    ends = issued + LIFE if ends is None else min(ends, issued + LONGEST_LIFE)
    if ends < now - LEEWAY:
        raise Denied("The token has expired.")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _MAX_JTI:
        raise Denied("The token's jti is missing: an id of its own.")


def _moment(claims: dict[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not is_number or not 0 <= value < _END_OF_TIME:
        raise Denied(f"The token's {name} must be a number of seconds.")
    return float(value)


def _check_signature(room: Room, application: str, token: str) -> None:
    known = room.settings.credential(PROVIDER, application)
    if known is None:
        if room.settings.strict or room.settings.password is not None:
            raise Denied("This application was not configured.")
        return
    # Few sandboxes need it, and it would cost all of them a part of their start.
    import jwt

    key = f"-----BEGIN PUBLIC KEY-----\n{known.secret}\n-----END PUBLIC KEY-----\n"
    try:
        jwt.PyJWS().decode(token, key, algorithms=["RS256"])
    except jwt.InvalidTokenError:
        raise Denied("The token's signature is not this application's.") from None
    except jwt.PyJWTError:
        raise Denied("The public key of this application in the credentials is none.") from None

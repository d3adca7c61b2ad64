"""Number verification: is this the number of the device that opened the address?

Sources: CAMARA NumberVerification 0.3.1 (as Vonage offers it) and 2.1.0, Vonage's rules for the
virtual numbers +990.
"""

import hashlib
import re

from flask import Response, request

from sms_sandbox.facades.base import Room
from sms_sandbox.facades.vonage.errors import Unserved
from sms_sandbox.facades.vonage.operator import camara
from sms_sandbox.facades.vonage.operator.camara import Ask
from sms_sandbox.facades.vonage.operator.errors import NOT_BY_NETWORK, CamaraError
from sms_sandbox.numbers import comparison_key, verdict

VONAGE, CAMARA = "/camara/number-verification/v031", "/camara/number-verification/v2"

_HASH = re.compile(r"[a-fA-F0-9]{64}")
_NOT_BY_NETWORK = "Client must authenticate via the mobile network to use this service"
_NO_CONTEXT = "phoneNumber cannot be deducted from access token context."


def verify(room: Room, *, current: bool) -> Response:
    """Whether the number, or its hash, is the device's. Raises ``CamaraError``,
    ``FaultStruck``."""
    path = f"{CAMARA if current else VONAGE}/verify"
    asked = camara.ask(room, path, "verify", current=current)
    asked.only("phoneNumber", "hashedPhoneNumber")
    number = asked.phone_number()
    digest = asked.text("hashedPhoneNumber", 128)
    if (number is None) == (digest is None):
        raise CamaraError(400, detail="Give either phoneNumber or hashedPhoneNumber.")
    if digest is not None and not _HASH.fullmatch(digest):
        raise CamaraError(400, detail="hashedPhoneNumber must be a SHA-256 in 64 hex digits.")
    _recognise(asked)
    meant = number if number is not None else _unhashed(asked.number, digest or "")
    asked.party.strike(meant or asked.number, path)
    asked.spend()
    return camara.answer({"devicePhoneNumberVerified": _is_verified(asked, meant)})


def share(room: Room, *, current: bool) -> Response:
    """The number of the device itself. Raises ``CamaraError``, ``FaultStruck``."""
    # Whoever only looks shall use nothing up.
    if request.method == "HEAD":
        raise Unserved(405)
    path = f"{CAMARA if current else VONAGE}/device-phone-number"
    asked = camara.ask(room, path, "share", current=current, body=False)
    _recognise(asked)
    asked.party.strike(asked.number, path)
    asked.spend()
    if verdict(asked.number) == "error":
        raise CamaraError(403, NOT_BY_NETWORK, _NOT_BY_NETWORK)
    return camara.answer({"devicePhoneNumber": asked.number})


def _recognise(asked: Ask) -> None:
    """Raises ``CamaraError`` for a token that its mobile network has not given to a device."""
    if asked.grant.amr and asked.grant.amr != "network":
        raise CamaraError(403, NOT_BY_NETWORK, _NOT_BY_NETWORK)
    if not asked.number:
        if asked.current:
            raise CamaraError(403, NOT_BY_NETWORK, _NOT_BY_NETWORK)
        raise CamaraError(403, "NUMBER_VERIFICATION.INVALID_TOKEN_CONTEXT", _NO_CONTEXT)


def _unhashed(number: str, digest: str) -> str | None:
    """The device's number, if this is its hash."""
    return number if hashlib.sha256(number.encode()).hexdigest() == digest.casefold() else None


def _is_verified(asked: Ask, meant: str | None) -> bool:
    """What the digits of a virtual number say; of any other, whether it is the device's. Where
    the account's mode is ``camara``, a virtual number must be the device's as well."""
    if meant is None:
        return False
    same = comparison_key(meant) == comparison_key(asked.number)
    said = verdict(meant)
    if said is None or (asked.party.operator.mode == "camara" and not same):
        return same
    if said == "error":
        raise CamaraError(403, NOT_BY_NETWORK, _NOT_BY_NETWORK)
    return said == "verified"

"""What an application may ask the operator for, in the two spellings that are about.

Vonage writes ``dpv:FraudPreventionAndDetection#check-sim-swap``, CAMARA 2.x
``dpv:FraudPreventionAndDetection sim-swap:check``; ``openid`` may stand before either.
"""

from collections.abc import Iterable
from typing import Literal, get_args

Right = Literal["verify", "share", "sim_check", "sim_date", "one_time_password"]

RIGHTS: tuple[Right, ...] = get_args(Right)
MAX_SCOPE = 1024
"""Characters of a scope; it is kept with each secret that is given out."""
PURPOSE = "dpv:"
"""What a scope's purpose begins with; alone it gives no right."""

_GIVES: dict[str, tuple[Right, ...]] = {
    "number-verification-verify-read": ("verify",),
    "number-verification:verify": ("verify",),
    "number-verification-share-read": ("share",),
    "number-verification:device-phone-number:read": ("share",),
    "check-sim-swap": ("sim_check",),
    "sim-swap:check": ("sim_check",),
    "retrieve-sim-swap-date": ("sim_date",),
    "sim-swap:retrieve-date": ("sim_date",),
    "sim-swap": ("sim_check", "sim_date"),
    "one-time-password-sms:send-validate": ("one_time_password",),
}


def rights_of(scope: str) -> tuple[Right, ...] | None:
    """What a scope (its words apart by spaces) gives a right to; ``None`` if one of its words
    means nothing, or it is no scope (RFC 6749, section 3.3)."""
    if len(scope) > MAX_SCOPE or not (scope.isascii() and scope.isprintable()):
        return None
    found: set[Right] = set()
    for word in scope.split():
        purpose, mark, name = word.partition("#") if word.startswith(PURPOSE) else ("", "", word)
        if word == "openid" or (purpose and not mark):
            continue
        if name not in _GIVES:
            return None
        found.update(_GIVES[name])
    return _in_order(found)


def _in_order(rights: Iterable[Right]) -> tuple[Right, ...]:
    wanted = set(rights)
    return tuple(one for one in RIGHTS if one in wanted)

"""What can go wrong: the extension's problems with their cures, and what a provider raises."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask_phoneauth import errors

from .markdown import table

CURES: Mapping[str, str] = {
    "invalid_request": "Send the fields of the HTTP reference; `errors` points at the wrong one.",
    "invalid_code": "Type the code of the newest message. Without `tries_left` the try was not "
    "counted: the request did not show the browser's cookie or the challenge secret.",
    "not_signed_in": "Sign in.",
    "fresh_login_required": "Sign in again, then repeat the request.",
    "cross_site": "Send it from your own site, or name the origin in `ALLOWED_ORIGINS`. Behind a "
    "proxy, set `PUBLIC_URL`.",
    "csrf": "Load the page again and send its form.",
    "number_not_verified": "Use another virtual number (an odd one is never verified), or the "
    "number of this very device.",
    "sim_changed": "Give the account a verified e-mail address where its user is still signed in, "
    "or wait until `SIM_SWAP_HOURS` have passed since the change.",
    "unbound_callback": "Begin again, and let the same browser (or the program with its "
    "`verifier`) come back.",
    "country_blocked": "Use a number of a country in `ALLOWED_REGIONS`.",
    "line_type_blocked": "Use the number of a mobile phone. `BLOCKED_LINE_TYPES`, "
    "`BLOCKED_PREFIXES` and the app's `number_policy` decide.",
    "risk_challenge": "Solve the puzzle and ask again with its answer in `risk_token`.",
    "risk_refused": "Ask later, or from elsewhere; the app's `risk` hook decides.",
    "unknown_challenge": "Ask for a new code, and send the cookie or the secret that came with it.",
    "unknown_session": "List the sessions again: it has ended, or is another user's.",
    "number_taken": "Use another number, or sign in with this one.",
    "expired": "Ask for a new code.",
    "too_many_tries": "Ask for a new code.",
    "used": "Ask for a new code, if nobody is signed in yet.",
    "unsupported_media_type": "Label the body as what it is.",
    "invalid_phone": "Follow `detail`; mostly the country code is missing.",
    "cooldown": "Wait for `retry_after` seconds; the code sent before is still good.",
    "rate_limited": "Wait for `retry_after` seconds.",
    "locked": "Wait for `retry_after` seconds.",
    "budget_exhausted": "Wait for `retry_after` seconds.",
    "bad_signature": "Set `PUBLIC_URL` to the address that the vendor reaches, and the token of "
    "the account that sends.",
    "misconfigured": "Read the log: one sentence names each key and its cure.",
    "provider_unavailable": "Try again; see the log for the provider's reason.",
    "store_unavailable": "Try again; see whether the database answers.",
    "busy": "Try again; raise `DISPATCH_WORKERS` or `DISPATCH_QUEUE` if it lasts, or see whether "
    "the queue's worker and its Redis run.",
}
"""What to do about each problem."""


def problems() -> str:
    """Every problem: code, status, class, meaning, what the visitor reads, cure."""
    rows = [
        [str(kind.status), f"`{kind.code}`", f"`{kind.__name__}`", told(kind), CURES[kind.code]]
        for kind in problem_classes()
    ]
    return table(("Status", "`code`", "Class", "Meaning", "Cure"), rows)


def problem_classes() -> list[type[errors.PhoneAuthError]]:
    """The classes that carry a machine code of their own, by status."""
    own = [kind for kind in _descendants(errors.PhoneAuthError) if "code" in vars(kind)]
    return sorted(own, key=lambda kind: kind.status)


def send_failures() -> str:
    """What a provider may raise."""
    rows = [[f"`{kind.__name__}`", told(kind)] for kind in _descendants(errors.SendFailed)]
    return table(("Class", "Meaning"), rows)


def _descendants(kind: type[Any]) -> Iterator[type[Any]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)


def told(kind: type) -> str:
    """What a class says about itself, in one line."""
    assert kind.__doc__ is not None, f"{kind.__name__} says nothing about itself"
    return " ".join(kind.__doc__.split())

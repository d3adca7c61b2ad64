"""The first run's ways to send a first message: each works by pasting it as it stands."""

from __future__ import annotations

import json
import shlex
from typing import NamedTuple

_NUMBER = "+12015550123"  # from the range kept for fiction


class Way(NamedTuple):
    """One way: what it is for, what to know, and the text to paste."""

    title: str
    note: str
    text: str


def ways(base: str, *, with_password: bool) -> tuple[Way, ...]:
    """The ways for a sandbox at `base`, an address without a slash at its end.

    With a password set, the lines read it from `SMS_SANDBOX_PASSWORD`; it is never shown.
    """
    return (
        Way(
            "Any language, any shell",
            "One request with the standard tools.",
            _curl(base, with_password=with_password),
        ),
        Way(
            "A Flask application with PhoneAuth",
            "In its configuration; every code it sends then arrives here.",
            _flask(base, with_password=with_password),
        ),
        Way(
            "A test with pytest",
            "The fixture starts a sandbox of its own; nothing to configure.",
            _pytest(),
        ),
    )


def _curl(base: str, *, with_password: bool) -> str:
    message = {"to": _NUMBER, "from": "Notes", "body": "Your code to sign in to Notes is 481920."}
    password = ' \\\n  -u ":$SMS_SANDBOX_PASSWORD"' if with_password else ""
    return (
        f"curl {shlex.quote(base + '/api/v1/messages')}{password} \\\n"
        f"  -H 'Content-Type: application/json' \\\n"
        f"  -d {shlex.quote(json.dumps(message))}"
    )


def _flask(base: str, *, with_password: bool) -> str:
    lines = [f"app.config['PHONEAUTH_SANDBOX_URL'] = {base!r}"]
    if with_password:
        lines.insert(0, "import os")
        lines.append(
            "app.config['PHONEAUTH_SANDBOX_PASSWORD'] = os.environ['SMS_SANDBOX_PASSWORD']"
        )
    return "\n".join(lines)


def _pytest() -> str:
    return (
        "def test_login(sms):\n"
        f"    ...  # your application sends a code to {_NUMBER} through sms.url\n"
        f"    code = sms.code_for({_NUMBER!r})"
    )

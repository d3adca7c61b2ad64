"""Fixtures for an app's own tests: read codes, sign in, move the time.

What a fixture works on is imported when it is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from flask_phoneauth.clock import Clock

DEFAULT_PHONE = "+447400123456"
_E164 = re.compile(r"\+\d{7,15}")
_CODE = re.compile(r"#(\d{4,10})\Z")
_ANY_DIGITS = re.compile(r"(?<!\d)(\d{4,10})(?!\d)")


class CodeMissing(LookupError):
    """No message went to that number in this test."""


@pytest.fixture
def phoneauth_code() -> Iterator[Callable[[str], str]]:
    """`phoneauth_code(number)`: the newest code sent to an E.164 number during this test.

    Messages must be sent in this process by `DISPATCH = "inline"`, the default in testing.
    """
    from flask_phoneauth.delivery import failover
    from flask_phoneauth.records import Outbound

    bodies: dict[str, str] = {}

    def watch(outbound: Outbound) -> None:
        bodies[outbound.to] = outbound.body

    def read(number: str) -> str:
        if number not in bodies:
            raise CodeMissing(_why_missing(number, len(bodies)))
        body = bodies[number]
        # the domain-bound last line first: a brand may hold figures too
        found = _CODE.search(body) or _ANY_DIGITS.search(body)
        assert found is not None, "the message holds no code"
        return found.group(1)

    failover.watchers.append(watch)
    yield read
    failover.watchers.remove(watch)


def _why_missing(number: str, others: int) -> str:
    if not _E164.fullmatch(number):
        return "no code was sent to this number: give it as +447400123456"
    if others:
        return f"no code was sent to this number in this test, but to {others} others"
    return (
        "no code was sent in this test. With TESTING a message is sent within the request; "
        "without it, or through a queue, it comes later: then read it from the fixture sms"
    )


@pytest.fixture
def phoneauth_login(phoneauth_code: Callable[[str], str]) -> Callable[..., dict[str, Any]]:
    """`phoneauth_login(client, phone=...)`: sign a Flask test client in, as a program would.

    Returns the answer of `POST /auth/verify`; raises `AssertionError` with the problem.
    """

    def login(client: FlaskClient, phone: str = DEFAULT_PHONE) -> dict[str, Any]:
        prefix = client.application.extensions["phoneauth"].settings.url_prefix
        asked = client.post(f"{prefix}/login", json={"phone": phone})
        assert asked.status_code == 202, asked.get_data(as_text=True)
        entry = {**asked.get_json(), "code": phoneauth_code(phone)}
        entry = {k: entry[k] for k in ("challenge_id", "challenge_secret", "code") if k in entry}
        verified = client.post(f"{prefix}/verify", json=entry)
        assert verified.status_code == 200, verified.get_data(as_text=True)
        answer: dict[str, Any] = verified.get_json()
        return answer

    return login


@pytest.fixture
def phoneauth_clock() -> Iterator[Clock]:
    """The clock that cooldowns, codes and sessions go by: `.advance(seconds)`, `.freeze()`."""
    from flask_phoneauth.clock import system

    yield system
    system.reset()

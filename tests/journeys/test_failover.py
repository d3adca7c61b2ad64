"""Providers fail and heal while people sign in: through the vendors' SDKs and the sandbox."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from web_steps import BROWSER, OTHER_PHONE, PHONE, ask, entry, field_on, token_on

from flask_phoneauth.clock import Clock
from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

THIRD_PHONE = "+447400123458"
TOLD = ">The message could not be sent."


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(Settings(port=0)) as server:
        yield server


@pytest.fixture
def inbox(server: SandboxServer) -> Iterator[SandboxClient]:
    with SandboxClient(server.url) as client:
        client.reset()
        yield client


@pytest.fixture
def app(make_app: Any, server: SandboxServer) -> Flask:
    """An app that sends by Twilio, then by Plivo; one failure is enough to be left alone."""
    made: Flask = make_app(
        PROVIDERS=["twilio", "plivo"],
        SANDBOX_URL=server.url,
        TWILIO_ACCOUNT_SID=f"AC{uuid.uuid4().hex}",
        TWILIO_AUTH_TOKEN="a-token-of-the-account",
        BREAKER_FAILURES=1,
        FAILED_SENDS_PER_HOUR=1,
    )
    return made


def fail(inbox: SandboxClient, provider: str, **effect: Any) -> str:
    """That vendor fails from here on; the rule's id."""
    return str(inbox.add_fault({"match": {"provider": provider}, "effect": effect})["id"])


def senders(inbox: SandboxClient, phone: str) -> list[str]:
    """Whose messages a handset holds, in their order."""
    found = sorted(inbox.messages(to=phone), key=lambda one: str(one["created_at"]))
    return [str(one["provider"]) for one in found]


def test_the_first_provider_times_out_the_second_delivers_and_the_first_heals(
    app: Flask, inbox: SandboxClient, phoneauth_clock: Clock
) -> None:
    rule = fail(inbox, "twilio", type="delay", seconds=8)
    client = app.test_client(use_cookies=False)
    asked = ask(client)
    found = inbox.messages(to=PHONE)
    assert "plivo" in {one["provider"] for one in found}
    assert {one["to"] for one in found} == {PHONE}, "one handset"
    assert len({one["code"] for one in found}) == 1, "with one code"
    code = str(inbox.claim_code(PHONE, timeout=60)["code"])
    assert client.post("/auth/verify", json=entry(asked, code)).status_code == 200
    assert client.post("/auth/verify", json=entry(asked, code)).status_code == 410

    inbox.remove_fault(rule)
    ask(client, OTHER_PHONE)
    assert senders(inbox, OTHER_PHONE) == ["plivo"], "nobody waits for it once more"
    phoneauth_clock.advance(31)
    ask(client, THIRD_PHONE)
    assert senders(inbox, THIRD_PHONE) == ["twilio"]


def test_with_all_providers_down_people_are_told_and_nothing_is_spent(
    app: Flask, inbox: SandboxClient, phoneauth_clock: Clock
) -> None:
    for provider in ("twilio", "plivo"):
        fail(inbox, provider, type="error", status=503)
    client = app.test_client()
    pages = [_ask_on_page(client, THIRD_PHONE)]
    phoneauth_clock.advance(1)
    pages += [_ask_on_page(client, PHONE) for _ in range(3)]
    for page in pages:
        assert TOLD in page
    assert inbox.messages() == []
    inbox.clear_faults()
    phoneauth_clock.advance(31)
    page = _ask_on_page(client, PHONE)
    assert TOLD not in page
    form = {
        "csrf_token": token_on(page),
        "challenge_id": field_on(page, "challenge_id"),
        "code": str(inbox.claim_code(PHONE, timeout=60)["code"]),
    }
    signed_in = client.post("/auth/verify", data=form, headers=BROWSER)
    assert signed_in.status_code in (302, 303)


def _ask_on_page(client: Any, phone: str) -> str:
    """Type a number into the page; the page that comes up."""
    page = client.get("/auth/login", headers=BROWSER).text
    form = {"csrf_token": token_on(page), "phone": phone}
    answer = client.post("/auth/login", data=form, headers=BROWSER, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    return str(answer.text)

"""Five vendors' SDKs and one handset: one inbox, one wait, one rule for all of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from browser_fixtures import OpenPage
from contracts.vendors import SANDBOX, VENDORS
from playwright.sync_api import expect

from flask_phoneauth.errors import ProviderDown
from flask_phoneauth.plugins import load_provider
from flask_phoneauth.providers.base import Provider
from flask_phoneauth.records import Outbound
from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

NUMBER = "+447911123456"
FIVE = [vendor for vendor in VENDORS if vendor is not SANDBOX]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(Settings(port=0, sent_after=0.02, delivered_after=0.04)) as server:
        yield server


@pytest.fixture(scope="module")
def providers(sandbox: SandboxServer) -> Iterator[dict[str, Provider]]:
    """Each vendor's official SDK, with an account of its own."""
    with ExitStack() as stack:
        made = {}
        for vendor in FIVE:
            settings = vendor.settings(sandbox.url, vendor.new_account())
            made[vendor.name] = load_provider(vendor.name).from_settings(settings)
            stack.callback(made[vendor.name].close)
        yield made


def send(provider: Provider, name: str) -> None:
    provider.send(Outbound(NUMBER, f"Your {name} code is 482913.", "AB", "a-delivery-token"))


def test_one_inbox_shows_a_handsets_messages_from_five_vendors(
    sandbox: SandboxServer,
    providers: dict[str, Provider],
    open_page: OpenPage,
    pictures: Path,
) -> None:
    for name, provider in providers.items():
        send(provider, name)
    with SandboxClient(sandbox.url) as client:
        client.wait(match={"to": NUMBER}, count=5, until_status="delivered", timeout=60)
        found = client.messages(to=NUMBER)
    assert {message["provider"] for message in found} == set(providers)
    assert len(found) == len(providers)
    assert {message["code"] for message in found} == {"482913"}

    page = open_page(sandbox.url, color_scheme="dark")
    for name in providers:
        expect(page.get_by_text(f"Your {name} code is 482913.").first).to_be_visible()
    page.screenshot(path=pictures / "sandbox_five_vendors.png")


@pytest.mark.parametrize("name", [vendor.name for vendor in FIVE])
def test_a_rule_without_a_provider_strikes_each_of_them_in_its_own_words(
    sandbox: SandboxServer, providers: dict[str, Provider], name: str
) -> None:
    with SandboxClient(sandbox.url) as client:
        rule = client.add_fault(
            {"match": {"to": NUMBER}, "effect": {"type": "error", "status": 503}}
        )
        with pytest.raises(ProviderDown):
            send(providers[name], name)
        assert client.fault(rule["id"])["hits"] == 1
        client.remove_fault(rule["id"])
        send(providers[name], name)

"""Without a sandbox: each vendor's real host by TLS, through what the environment says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contracts.sides import failure, message
from contracts.vendors import SECRET, VENDORS, Vendor
from scripted_server import ScriptedServer
from vendor_network import VendorNetwork

from flask_phoneauth.errors import ProviderDown
from flask_phoneauth.settings import SettingError

PLACES = {
    "twilio": ("api.twilio.com", "/2010-04-01/Accounts/{account}/Messages.json"),
    "plivo": ("api.plivo.com", "/v1/Account/{account}/Message/"),
    "messagebird": ("rest.messagebird.com", "/messages"),
    "vonage": ("api.nexmo.com", "/v1/messages"),
    "sns": ("sns.eu-west-1.amazonaws.com", "/"),
}
"""Where each vendor's documentation says that messages are made."""
OFFICIAL = [vendor for vendor in VENDORS if vendor.name != "sandbox"]


@pytest.fixture(params=OFFICIAL, ids=lambda vendor: vendor.name)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    assert isinstance(request.param, Vendor)
    return request.param


@pytest.fixture
def network(
    vendor: Vendor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[VendorNetwork]:
    """The vendor's host, behind a proxy that the environment names."""
    hosts = [host for host, _ in PLACES.values()]
    with VendorNetwork(vendor.accepts, hosts, tmp_path) as network:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, network.url)
        for name in ("NO_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"):
            monkeypatch.delenv(name, raising=False)
        yield network


def trusts(network: VendorNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(network.ca))


def keys_of(vendor: Vendor, account: str) -> dict[str, Any]:
    return {**vendor.keys(account, SECRET), "public_url": "https://n.example"}


def test_the_vendors_documented_address_is_asked_through_the_environments_proxy(
    vendor: Vendor, network: VendorNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusts(network, monkeypatch)
    account = vendor.new_account()
    provider = vendor.built(**keys_of(vendor, account))
    for _ in range(3):
        assert provider.send(message()).message_id
    provider.close()
    host, path = PLACES[vendor.name]
    assert network.asked == [f"{host}:443"]  # one connection, kept
    assert {(one.method, one.path) for one in network.requests} == {
        ("POST", path.format(account=account))
    }
    assert {one.headers["host"] for one in network.requests} == {host}


def test_a_certificate_that_nobody_vouches_for_gets_no_message(
    vendor: Vendor, network: VendorNetwork
) -> None:
    provider = vendor.built(**keys_of(vendor, vendor.new_account()))
    failed = failure(provider)
    provider.close()
    assert (type(failed), failed.reason) == (ProviderDown, "tls_failed")
    assert network.requests == []


def test_a_proxy_of_the_environment_that_leads_nowhere_sent_nothing(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ScriptedServer(vendor.accepts) as server:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, server.url)  # it answers 501 to CONNECT
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        provider = vendor.built(**keys_of(vendor, vendor.new_account()))
        assert type(failure(provider)) is ProviderDown
        provider.close()
        assert server.requests == []


@pytest.mark.parametrize(
    ("vendor", "missing"),
    [pytest.param(vendor, missing, id=missing) for vendor in OFFICIAL for missing in vendor.needs],
)
def test_a_missing_setting_is_named_with_its_cure(vendor: Vendor, missing: str) -> None:
    keys = keys_of(vendor, vendor.new_account())
    with pytest.raises(SettingError, match=rf"PHONEAUTH_{missing.upper()} is missing.*: \w"):
        vendor.built(**{**keys, missing: ""})
    vendor.built(**keys).close()

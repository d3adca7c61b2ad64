"""One parameter a backend: `bench` runs a test on each store, `vendor` on each vendor.

`server` is the sandbox that a vendor's own SDK is led to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contracts.step_up import Door
from contracts.stores import BACKENDS, Backend, Bench, opened
from contracts.vendors import VENDORS, Vendor
from postgres_server import unhurried

from flask_phoneauth.database import migrate
from flask_phoneauth.database.engine import Database
from flask_phoneauth.providers.base import Provider
from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings


@pytest.fixture(autouse=True)
def unhurried_postgres() -> Iterator[None]:
    """No test of the contracts loses PostgreSQL."""
    with unhurried():
        yield


@pytest.fixture(params=sorted(BACKENDS))
def backend_name(request: pytest.FixtureRequest) -> str:
    """Each challenge store in turn."""
    return str(request.param)


@pytest.fixture
def backend(backend_name: str) -> Backend:
    """How that store is opened."""
    return BACKENDS[backend_name]


@pytest.fixture
def bench(backend_name: str, tmp_path: Path) -> Iterator[Bench]:
    """An empty store of each kind."""
    with opened(backend_name, tmp_path) as bench:
        yield bench


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.name)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    """Every provider with a network."""
    assert isinstance(request.param, Vendor)
    return request.param


@pytest.fixture
def toward(vendor: Vendor) -> Iterator[Callable[..., Provider]]:
    """`toward(url, patience)`: a provider that leads to any address."""
    made: list[Provider] = []

    def build(url: str, *patience: float) -> Provider:
        made.append(vendor.toward(url, *patience))
        return made[-1]

    yield build
    for provider in made:
        provider.close()


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """A sandbox whose messages arrive in a moment."""
    with SandboxServer(Settings(port=0, sent_after=0.02, delivered_after=0.06)) as running:
        yield running


@pytest.fixture
def control(server: SandboxServer) -> Iterator[SandboxClient]:
    """Its control API."""
    with SandboxClient(server.url) as client:
        yield client


@pytest.fixture
def inbox(server: SandboxServer, control: SandboxClient) -> SandboxClient:
    """The same, and nothing has come yet."""
    server.sandbox.inbox.reset(None)
    return control


@pytest.fixture
def door(bench: Bench, tmp_path: Path) -> Iterator[Door]:
    """Logins over the store of the bench, with a second code by e-mail for new SIMs."""
    database = Database(f"sqlite:///{tmp_path}/accounts.db")
    migrate.upgrade(database)
    yield Door(bench, database)
    database.close()

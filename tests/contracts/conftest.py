"""One parameter a backend: `bench` runs a test on each store, `vendor` on each vendor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from contracts.stores import BACKENDS, Backend, Bench, opened
from contracts.vendors import VENDORS, Vendor

from flask_phoneauth.providers.base import Provider

hypothesis.settings.register_profile("steady", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("steady")


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

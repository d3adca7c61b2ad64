"""One parameter a backend: every test that takes `bench` runs on each store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from contracts.stores import BACKENDS, Backend, Bench, opened

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

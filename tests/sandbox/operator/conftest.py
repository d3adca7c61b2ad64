"""A sandbox of the mobile operator whose time stands still, one for a file's tests."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sandbox.operator_calls import configure, frozen

from sms_sandbox.app import Sandbox
from sms_sandbox.clock import FrozenClock


@pytest.fixture(scope="module")
def opened() -> Iterator[tuple[Sandbox, FlaskClient, FrozenClock]]:
    with frozen() as one:
        yield one


@pytest.fixture
def sandbox(opened: tuple[Sandbox, FlaskClient, FrozenClock]) -> Sandbox:
    return opened[0]


@pytest.fixture
def clock(opened: tuple[Sandbox, FlaskClient, FrozenClock]) -> FrozenClock:
    return opened[2]


@pytest.fixture
def bare(opened: tuple[Sandbox, FlaskClient, FrozenClock]) -> FlaskClient:
    """A sandbox in which nothing was set."""
    opened[0].inbox.reset(None)
    return opened[1]


@pytest.fixture
def web(bare: FlaskClient) -> FlaskClient:
    configure(bare)
    return bare

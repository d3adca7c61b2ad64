"""A sandbox whose messages move only when a test or the clock moves them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sandbox.web_reader import Sandbox

from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

HOUR = 3600


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    """Messages stay queued until a test moves them, or the clock."""
    with SandboxServer(Settings(port=0, sent_after=HOUR, delivered_after=HOUR)) as running:
        yield running


@pytest.fixture
def sandbox(server: SandboxServer) -> Sandbox:
    one = Sandbox(server.url)
    one.call("POST", "/reset?all=true", {})
    return one

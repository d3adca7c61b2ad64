"""Apps before the real operator of a sandbox: who tells of devices, and of SIM cards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_phoneauth import PhoneAuth
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings as SandboxSettings

Make = Callable[..., Flask]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(SandboxSettings(port=0)) as running:
        yield running


@pytest.fixture
def sandbox(server: SandboxServer) -> SandboxServer:
    server.sandbox.inbox.reset(None)
    return server


@pytest.fixture
def build(sandbox: SandboxServer, tmp_path: Any) -> Iterator[Make]:
    """`build(...)`: an app with those settings that sends through the sandbox."""
    made: list[Flask] = []

    def app(**settings: Any) -> Flask:
        one = Flask("notes", instance_path=str(tmp_path))
        one.testing = True
        one.secret_key = "k" * 32
        one.config.from_mapping(
            {"PHONEAUTH_PROVIDERS": ["sandbox"], "PHONEAUTH_SANDBOX_URL": sandbox.url}
            | {f"PHONEAUTH_{name.upper()}": value for name, value in settings.items()}
        )
        PhoneAuth(one)
        made.append(one)
        return one

    yield app
    for one in made:
        one.extensions["phoneauth"].close()


@pytest.fixture
def make(build: Make) -> Make:
    def app(**settings: Any) -> Flask:
        one = build(**{"operator": "vonage", "virtual_numbers": True} | settings)
        one.config["WTF_CSRF_ENABLED"] = False
        return one

    return app


@pytest.fixture
def app(make: Make) -> Flask:
    return make()


@pytest.fixture
def web(app: Flask) -> FlaskClient:
    return app.test_client()

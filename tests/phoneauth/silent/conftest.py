"""Apps before the real operator of a sandbox."""

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
def make(sandbox: SandboxServer, tmp_path: Any) -> Iterator[Make]:
    made: list[Flask] = []

    def app(**settings: Any) -> Flask:
        one = Flask("silent", instance_path=str(tmp_path))
        one.testing = True
        one.secret_key = "k" * 32
        one.config.from_mapping(
            {
                "PHONEAUTH_PROVIDERS": ["sandbox"],
                "PHONEAUTH_SANDBOX_URL": sandbox.url,
                "PHONEAUTH_OPERATOR": "vonage",
                "PHONEAUTH_VIRTUAL_NUMBERS": True,
                "WTF_CSRF_ENABLED": False,
            }
            | {f"PHONEAUTH_{name.upper()}": value for name, value in settings.items()}
        )
        PhoneAuth(one)
        made.append(one)
        return one

    yield app
    for one in made:
        one.extensions["phoneauth"].close()


@pytest.fixture
def app(make: Make) -> Flask:
    return make()


@pytest.fixture
def web(app: Flask) -> FlaskClient:
    return app.test_client()

"""A login through Twilio's SDK and the sandbox's Twilio: the receipt turns the page."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from web_steps import PHONE, ask, entry
from werkzeug.serving import BaseWSGIServer, make_server

from flask_phoneauth import PhoneAuth
from flask_phoneauth.signals import delivery_updated
from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings as SandboxSettings


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    settings = SandboxSettings(port=0, sent_after=0.05, delivered_after=0.1)
    with SandboxServer(settings) as server:
        yield server


@pytest.fixture
def served(tmp_path: Path, sandbox: SandboxServer) -> Iterator[Flask]:
    """An app that the sandbox can reach at its `PUBLIC_URL`."""
    app = Flask("notes", instance_path=str(tmp_path))
    server: BaseWSGIServer = make_server("127.0.0.1", 0, app, threaded=True)
    app.config.update(
        TESTING=True,
        SECRET_KEY="a secret of the tests, long enough",
        PHONEAUTH_PROVIDERS=["twilio"],
        PHONEAUTH_SANDBOX_URL=sandbox.url,
        PHONEAUTH_PUBLIC_URL=f"http://127.0.0.1:{server.server_port}",
        PHONEAUTH_TWILIO_ACCOUNT_SID=f"AC{uuid.uuid4().hex}",
        PHONEAUTH_TWILIO_AUTH_TOKEN="a-token-of-the-account",
        PHONEAUTH_TWILIO_FROM="+15017122661",
    )
    auth = PhoneAuth(app)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield app
    server.shutdown()
    thread.join()
    server.server_close()
    auth.close(app)


def test_a_login_through_twilio_whose_receipt_says_delivered(
    served: Flask, sandbox: SandboxServer
) -> None:
    arrived = threading.Event()

    def listen(_: Any, *, delivery: str, **__: Any) -> None:
        if delivery == "delivered":
            arrived.set()

    with delivery_updated.connected_to(listen):
        client = served.test_client()
        asked = ask(client)
        assert arrived.wait(20), "the sandbox's receipt did not come"
    headers = {"PhoneAuth-Challenge-Secret": asked["challenge_secret"]}
    status = client.get(f"/auth/challenges/{asked['challenge_id']}", headers=headers).get_json()
    assert (status["status"], status["delivery"]) == ("pending", "delivered")
    code = SandboxClient(sandbox.url).claim_code(PHONE)["code"]
    assert client.post("/auth/verify", json=entry(asked, code)).get_json()["new_user"] is True

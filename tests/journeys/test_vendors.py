"""A login through each vendor's SDK and the sandbox's imitation: its receipts turn the page."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from contracts.vendors import VENDORS, WITH_RECEIPTS, Vendor
from flask import Flask, request
from flask.testing import FlaskClient
from web_steps import PHONE, ask, entry
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from flask_phoneauth import PhoneAuth
from flask_phoneauth.signals import delivery_updated
from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings as SandboxSettings

ENOUGH = 20.0


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    settings = SandboxSettings(port=0, sent_after=0.05, delivered_after=0.1)
    with SandboxServer(settings) as server:
        yield server


class Callback(NamedTuple):
    """A vendor's request as it came."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes


class Quiet(WSGIRequestHandler):
    """MessageBird tells of a message by GET, its number in the query: no log of requests here."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


class Served(NamedTuple):
    """An app that the sandbox can reach at its `PUBLIC_URL`, and the callbacks that came to it."""

    app: Flask
    client: FlaskClient
    callbacks: list[Callback]
    delivered: threading.Event

    def again(self, callback: Callback, **changes: Any) -> int:
        """The status that the same callback, but for these changes, is answered with."""
        changed = callback._replace(**changes)
        return self.client.open(
            changed.path, method=changed.method, headers=changed.headers, data=changed.body
        ).status_code


@pytest.fixture
def served(
    request: pytest.FixtureRequest, tmp_path: Path, sandbox: SandboxServer
) -> Iterator[Served]:
    vendor: Vendor = request.param
    app = Flask("notes", instance_path=str(tmp_path))
    server: BaseWSGIServer = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    settings = vendor.keys(vendor.new_account(), "a-secret-of-the-account-long-enough")
    app.config.update(
        TESTING=True,
        SECRET_KEY="a secret of the tests, long enough",
        PHONEAUTH_PROVIDERS=[vendor.name],
        PHONEAUTH_SANDBOX_URL=sandbox.url,
        PHONEAUTH_PUBLIC_URL=f"http://127.0.0.1:{server.server_port}",
        **{f"PHONEAUTH_{name.upper()}": value for name, value in settings.items()},
    )
    auth = PhoneAuth(app)
    callbacks: list[Callback] = []
    app.before_request(lambda: note(callbacks))
    delivered = threading.Event()

    def listen(_: Any, *, delivery: str, **__: Any) -> None:
        if delivery == "delivered":
            delivered.set()

    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with delivery_updated.connected_to(listen):
        yield Served(app, app.test_client(), callbacks, delivered)
    server.shutdown()
    thread.join()
    server.server_close()
    auth.close(app)


def note(callbacks: list[Callback]) -> None:
    if request.path.startswith("/auth/receipts/"):
        path = request.full_path.rstrip("?")
        headers = [(name, value) for name, value in request.headers if name != "Host"]
        callbacks.append(Callback(request.method, path, headers, request.get_data()))


def delivery(served: Served, asked: dict[str, Any]) -> str:
    headers = {"PhoneAuth-Challenge-Secret": asked["challenge_secret"]}
    path = f"/auth/challenges/{asked['challenge_id']}"
    return str(served.client.get(path, headers=headers).get_json()["delivery"])


@pytest.mark.parametrize("served", VENDORS, ids=lambda one: one.name, indirect=True)
def test_a_visitor_signs_in_with_the_code_that_came(served: Served, sandbox: SandboxServer) -> None:
    asked = ask(served.client)
    account = account_of(served)
    code = SandboxClient(sandbox.url).claim_code(PHONE, timeout=60, account=account)["code"]
    assert delivery(served, asked) in ("sent", "delivered")
    entered = served.client.post("/auth/verify", json=entry(asked, code))
    assert entered.get_json()["new_user"] is True


def account_of(served: Served) -> str:
    """The account that the app's credentials open."""
    names = (
        "SANDBOX_ACCOUNT",
        "TWILIO_ACCOUNT_SID",
        "PLIVO_AUTH_ID",
        "MESSAGEBIRD_ACCESS_KEY",
        "VONAGE_API_KEY",
        "SNS_ACCESS_KEY_ID",
    )
    config = served.app.config
    return str(next(config[f"PHONEAUTH_{n}"] for n in names if f"PHONEAUTH_{n}" in config))


@pytest.mark.parametrize("served", WITH_RECEIPTS, ids=lambda one: one.name, indirect=True)
def test_receipts_move_the_status_forward_only_and_only_for_who_signed_them(
    served: Served,
) -> None:
    asked = ask(served.client)
    assert served.delivered.wait(ENOUGH), "the sandbox's receipt did not come"
    assert delivery(served, asked) == "delivered"
    came = list(served.callbacks)
    for callback in (came[-1], came[0]):  # again, and the first one late
        assert served.again(callback) == 200
        assert delivery(served, asked) == "delivered"
    last = came[-1]
    said = last.path.replace("delivered", "failed"), last.body.replace(b"delivered", b"failed")
    assert served.again(last, path=said[0], body=said[1]) == 403
    assert served.again(last, headers=[]) == 403
    address, _, query = last.path.partition("?")
    elsewhere = f"{address}x?{query}" if query else f"{address}x"
    assert served.again(last, path=elsewhere) == 403
    assert delivery(served, asked) == "delivered"

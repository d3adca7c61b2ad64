"""What an operator is told of each vendor: by `doctor`, and by the routes of a half set up app."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from contracts.vendors import SECRET, VENDORS, Vendor
from flask import Flask
from scripted_server import ScriptedServer, answer

from flask_phoneauth import PhoneAuth
from sms_sandbox.server import SandboxServer

OFFICIAL = [vendor for vendor in VENDORS if vendor.name != "sandbox"]
PRODUCTION = {
    "SECRET_KEY": "f3a91c07d2b84e6f95aa",
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "PHONEAUTH_ALLOWED_REGIONS": ["GB"],
    "PHONEAUTH_PUBLIC_URL": "https://login.example",
}
MakeApp = Callable[..., Flask]

pytestmark = pytest.mark.usefixtures("without_aws")


@pytest.fixture(params=OFFICIAL, ids=lambda vendor: vendor.name)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    assert isinstance(request.param, Vendor)
    return request.param


@pytest.fixture
def make(vendor: Vendor, tmp_path: Path) -> Iterator[MakeApp]:
    """`make(credentials, ...)`: a production app that sends through the vendor, its tables made."""
    made: list[tuple[PhoneAuth, Flask]] = []

    def build(credentials: dict[str, Any], **more: Any) -> Flask:
        app = Flask("example", instance_path=str(tmp_path / "instance"))
        keys = {f"PHONEAUTH_{name.upper()}": value for name, value in credentials.items()}
        app.config.update({**PRODUCTION, "PHONEAUTH_PROVIDERS": [vendor.name], **keys, **more})
        made.append((PhoneAuth(app), app))
        assert not app.test_cli_runner().invoke(args=["phoneauth", "init-db"]).exit_code
        return app

    yield build
    for auth, app in made:
        auth.close(app)


def at_a_sandbox(url: str) -> dict[str, Any]:
    return {"PHONEAUTH_SANDBOX_URL": url, "PHONEAUTH_ALLOW_SANDBOX_IN_PRODUCTION": True}


def told(app: Flask, vendor: Vendor) -> list[tuple[str, str]]:
    """What `doctor` finds of the vendor: level and text."""
    done = app.test_cli_runner().invoke(args=["phoneauth", "doctor", "--production", "--json"])
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert SECRET not in done.output
    return [(f["level"], f["text"]) for f in found if f["about"] == f"provider {vendor.name}"]


def test_doctor_asks_the_vendor_without_a_message(
    make: MakeApp, vendor: Vendor, sms_server: SandboxServer
) -> None:
    keys = vendor.keys(vendor.new_account(), SECRET)
    app = make(keys, **at_a_sandbox(sms_server.url))
    assert told(app, vendor) == [("ok", "answers, and takes our credentials")]


@pytest.mark.parametrize(
    ("status", "cure"),
    [(401, "check its credentials"), (503, "check its address and the network")],
)
def test_doctor_names_the_cure_where_the_vendor_refuses_or_fails(
    make: MakeApp, vendor: Vendor, status: int, cure: str
) -> None:
    with ScriptedServer(answer(status)) as server:
        keys = vendor.keys(vendor.new_account(), SECRET)
        [(level, text)] = told(make(keys, **at_a_sandbox(server.url)), vendor)
    assert level == "fault"
    assert cure in text


def test_without_its_settings_nothing_is_served_and_the_missing_key_is_named(
    make: MakeApp, vendor: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    app = make({})
    [(level, text)] = told(app, vendor)
    assert level == "fault"
    assert text.startswith(f"PHONEAUTH_{vendor.name.upper()}_")
    assert "is missing" in text
    caplog.clear()
    answered = app.test_client().get("/auth/login", headers={"Accept": "application/json"})
    assert (answered.status_code, answered.get_json()["code"]) == (500, "misconfigured")
    assert text in caplog.text


def test_with_its_settings_production_serves(make: MakeApp, vendor: Vendor) -> None:
    app = make(vendor.keys(vendor.new_account(), SECRET))
    assert app.test_client().get("/auth/login").status_code == 200

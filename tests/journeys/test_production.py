"""As people run it: gunicorn with two workers, Redis, PostgreSQL, Twilio's SDK, a browser."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import postgres_server
import pytest
import servers
from browser_fixtures import OpenPage
from playwright.sync_api import expect
from ports import free_ports

from sms_sandbox.client import SandboxClient
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

NUMBER = "+447400400100"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(Settings(port=0)) as server:
        yield server


@pytest.fixture(scope="module")
def shop(sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the shop, out of debug and testing, with the overrides that it needs."""
    folder = tmp_path_factory.mktemp("shop")
    address = f"127.0.0.1:{free_ports(1)[0]}"
    environ = production(folder, address, sandbox.url)
    run = {"cwd": folder, "env": environ}
    flask = [sys.executable, "-m", "flask", "--app", "journeys.shop", "phoneauth", "init-db"]
    subprocess.run(flask, check=True, capture_output=True, timeout=60, **run)
    gunicorn = [sys.executable, "-m", "gunicorn", "--workers=2", "--threads=4"]
    process = subprocess.Popen(
        [*gunicorn, f"--bind={address}", "journeys.shop:create_app()"],
        stderr=subprocess.PIPE,
        **run,
    )
    said = b""
    while said.count(b"Booting worker") < 2:
        line = process.stderr.readline()
        assert line, said.decode()
        said += line
    yield f"http://{address}"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0


def production(folder: Path, address: str, sandbox_url: str) -> dict[str, str]:
    """The environment: real servers, Twilio's provider, the sandbox in Twilio's place."""
    settings = {
        "SECRET_KEY": uuid.uuid4().hex,
        "PHONEAUTH_PUBLIC_URL": f"http://{address}",
        "PHONEAUTH_DATABASE_URL": postgres_server.shared_server().empty_database(),
        "PHONEAUTH_STORE_URL": servers.single().url,
        "PHONEAUTH_PROVIDERS": ["twilio"],
        "PHONEAUTH_TWILIO_ACCOUNT_SID": f"AC{uuid.uuid4().hex}",
        "PHONEAUTH_TWILIO_AUTH_TOKEN": "a-token-of-the-account",
        "PHONEAUTH_TWILIO_FROM": "+15017122661",
        "PHONEAUTH_ALLOWED_REGIONS": ["GB"],
        "PHONEAUTH_SANDBOX_URL": sandbox_url,
        "PHONEAUTH_ALLOW_SANDBOX_IN_PRODUCTION": True,
        "PHONEAUTH_ALLOW_INSECURE_COOKIE_IN_PRODUCTION": True,
    }
    given = {
        f"FLASK_{name}": value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.items()
    }
    tests = str(Path(__file__).parents[1])
    return {**os.environ, **given, "PYTHONPATH": tests, "SHOP_FOLDER": str(folder)}


def test_sign_up_in_the_browser_and_the_receipt_turns_the_page_to_delivered(
    shop: str, sandbox: SandboxServer, open_page: OpenPage
) -> None:
    page = open_page(shop)
    page.get_by_label("Phone number").fill(NUMBER)
    page.get_by_role("button", name="Send me a code").click()
    # the page asks every two seconds, for a minute
    expect(page.get_by_text("The message was delivered.")).to_be_visible(timeout=60_000)
    code = str(SandboxClient(sandbox.url).claim_code(NUMBER, timeout=60)["code"])
    page.get_by_label("Code from the message").fill(code)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name=f"Welcome, {NUMBER}")).to_be_visible()
    for _ in range(8):  # both workers know the session
        page.reload()
        expect(page.get_by_role("heading", name=f"Welcome, {NUMBER}")).to_be_visible()

"""Plivo's own Node SDK, unmodified; the Makefile installs it into ``build/node``."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

SCRIPT = Path(__file__).parent / "node" / "plivo_contract.cjs"
MODULES = Path(__file__).parents[2] / "build" / "node" / "node_modules"


@pytest.fixture
def node() -> str:
    """The program; without it or the SDK the test is skipped, in CI it fails."""
    found = shutil.which("node")
    if found is None or not (MODULES / "plivo").is_dir():
        message = "Plivo's Node SDK is not installed: run sh tests/install_node_sdks.sh"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def test_plivos_node_sdk_and_its_validators(node: str) -> None:
    with SandboxServer(Settings(port=0, sent_after=0.05, delivered_after=0.3)) as server:
        done = subprocess.run(
            [node, str(SCRIPT), server.url],
            env={"PATH": os.environ["PATH"], "NODE_PATH": str(MODULES)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    told = seen.pop("told")
    for name, method in (("POST", "POST"), ("GET", "GET"), ("verify", "POST")):
        assert told[name] == [
            {"method": method, "status": status, "v2": True, "v3": True, "forged": False}
            for status in ("queued", "sent", "delivered")
        ]
    assert seen.pop("stranger")["message"].startswith("Could not verify your access level")
    assert "is not a valid number" in seen["invalid"].pop("message")
    assert seen == {
        "many": ["message(s) queued", 2],
        "some": [1, ["nobody"]],
        "pooled": 1,
        "fetched": [True, "12015550124", "sms"],
        "listed": [2, 6, 2],
        "session": ["Session initiated", "session validated successfully.", "verified", 1],
        "wrong": {"name": "Error", "status": 400, "message": "otp is incorrect"},
        "again": {"name": "Error", "status": 409, "message": "session is already verified"},
        "invalid": {"name": "Error", "status": 400},
        "gone": {"name": "Error", "status": 404, "message": "not found"},
        "limited": {
            "name": "Error",
            "message": "AxiosError: Request failed with status code 429",
        },
        "broken": {"name": "Error", "status": 500, "message": "internal server error"},
    }

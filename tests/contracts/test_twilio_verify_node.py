"""Twilio's own Node SDK, unmodified, against the sandbox's Verify and Lookup."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

SCRIPT = Path(__file__).parent / "node" / "twilio_verify_contract.cjs"
MODULES = Path(__file__).parents[2] / "build" / "node" / "node_modules"


@pytest.fixture
def node() -> str:
    """The program; without it or the SDK the test is skipped, in CI it fails."""
    found = shutil.which("node")
    if found is None or not (MODULES / "twilio").is_dir():
        message = "Twilio's Node SDK is not installed: run sh tests/install_node_sdks.sh"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def test_twilios_node_sdk_verifies_and_looks_up(node: str) -> None:
    with SandboxServer(Settings(port=0)) as server:
        done = subprocess.run(
            [node, str(SCRIPT), server.url],
            env={"PATH": os.environ["PATH"], "NODE_PATH": str(MODULES)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "listed": [f"service {number}" for number in reversed(range(5))],
        "second": ["service 2", "service 1"],
        "back": ["service 4", "service 3"],
        "started": ["pending", False, "SMS"],
        "dated": True,
        "fetched": True,
        "wrong": ["pending", False],
        "right": ["approved", True],
        "gone": 20404,
        "invalid": {
            "status": 400,
            "code": 60200,
            "message": "Invalid parameter `To`: +90533333810",
        },
        "spent": {"status": 429, "code": 20429, "message": "Too many requests"},
        "found": [True, "GB", "07772 000001", None],
        "removed": True,
    }

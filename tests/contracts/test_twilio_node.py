"""Twilio's own Node SDK, unmodified; the Makefile installs it into ``build/node``."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

SCRIPTS = Path(__file__).parent / "node"
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


def run(node: str, script: str) -> dict[str, Any]:
    """What a script prints of a sandbox."""
    with SandboxServer(Settings(port=0, sent_after=0.05, delivered_after=0.3)) as server:
        done = subprocess.run(
            [node, str(SCRIPTS / script), server.url],
            env={"PATH": os.environ["PATH"], "NODE_PATH": str(MODULES)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_twilios_node_sdk_and_its_validator(node: str) -> None:
    seen = run(node, "twilio_contract.cjs")
    assert seen.pop("callbacks") == [
        {"status": status, "valid": True, "forged": False} for status in ("sent", "delivered")
    ]
    assert seen.pop("gone")["code"] == 20404
    assert seen == {
        "created": "queued",
        "fetched": "delivered",
        "second": ["text 1", "text 0"],
        "listed": ["text 3", "text 2", "text 1", "text 0", "Your code is 482913"],
        "redacted": "",
        "removed": True,
        "invalid": {"status": 400, "code": 21211, "message": "Invalid 'To' Phone Number: XXXX"},
        "stranger": {"status": 401, "code": 20003, "message": "Authenticate"},
    }


def test_twilios_node_sdk_with_media_schedules_replies_and_calls(node: str) -> None:
    assert run(node, "twilio_classic_contract.cjs") == {
        "media": ["1", "image/png"],
        "schedule": ["scheduled", "canceled"],
        "directions": ["outbound-reply", "inbound"],
        "stopped": {"status": 400, "code": 21610},
        "statuses": ["queued", "in-progress", "completed"],
        "code": "482913",
        "listed": 1,
        "invalid": {"status": 400, "code": 21210},
        "gone": {"status": 404, "code": 20404},
        "paths": ["/pressed", "/sms", "/sms", *["/status"] * 4, "/voice"],
        "told": ["initiated", "ringing", "in-progress", "completed"],
        "valid": True,
    }

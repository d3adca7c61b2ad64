"""Runs a vendor's own Node SDK, unmodified, against a sandbox; the Makefile installs the SDKs."""

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


def node_with(package: str) -> str:
    """The program that runs scripts with that SDK; without either the test is skipped, in CI it
    fails."""
    node = shutil.which("node")
    if node is not None and (MODULES / package).is_dir():
        return node
    message = f"The Node SDK {package} is not installed: run sh tests/install_node_sdks.sh"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def run_node(package: str, script: str) -> dict[str, Any]:
    """What a script prints of a sandbox."""
    node = node_with(package)
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

"""The page on MessageBird: every example does what the page says."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

SANDBOX = "http://127.0.0.1:8025"
MODULES = Path(__file__).parents[2] / "build" / "node" / "node_modules"

Take = Callable[[str, str], str]
Start = Callable[..., Any]
Shell = Callable[..., str]


def test_messagebirds_sdks_and_curl_send_into_the_sandbox(
    take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    sandbox = start("sms-sandbox serve --port 0")
    client = take("vendors/messagebird.md", "client.py").replace(SANDBOX, sandbox.url)
    (tmp_path / "client.py").write_text(client, encoding="utf-8")
    assert shell("python client.py") == "sent mobile\n"
    printed = shell(take("vendors/messagebird.md", "curl").replace(SANDBOX, sandbox.url))
    assert '"totalSentCount":1' in printed.replace(" ", "")
    port = sandbox.url.rstrip("/").rpartition(":")[2]
    script = take("vendors/messagebird.md", "client.js").replace("8025", port)
    (tmp_path / "client.js").write_text(script, encoding="utf-8")
    if shutil.which("node") and (MODULES / "messagebird").is_dir():
        assert shell("node client.js", NODE_PATH=str(MODULES)) == "sent\n"
    else:
        assert not os.environ.get("CI"), "run sh tests/install_node_sdks.sh"


def test_messagebirds_sdk_verifies_in_the_sandbox_and_a_handset_writes(
    take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    sandbox = start("sms-sandbox serve --port 0")
    verify = take("vendors/messagebird.md", "verify.py").replace(SANDBOX, sandbox.url)
    (tmp_path / "verify.py").write_text(verify, encoding="utf-8")
    assert shell("python verify.py") == "verified\n"
    printed = shell(take("vendors/messagebird.md", "signing").replace(SANDBOX, sandbox.url))
    assert '"signing_key":"set"' in printed.replace(" ", "")
    printed = shell(take("vendors/messagebird.md", "inbound").replace(SANDBOX, sandbox.url))
    assert '"direction":"inbound"' in printed.replace(" ", "")

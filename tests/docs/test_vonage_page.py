"""The page on Vonage: every example does what the page says."""

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


def test_vonages_sdks_and_curl_send_into_the_sandbox(
    take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    sandbox = start("sms-sandbox serve --port 0")
    client = take("vendors/vonage.md", "client.py").replace(SANDBOX, sandbox.url)
    (tmp_path / "client.py").write_text(client, encoding="utf-8")
    assert shell("python client.py") == "0 36\n"
    printed = shell(take("vendors/vonage.md", "curl").replace(SANDBOX, sandbox.url))
    assert '"status": "0"' in printed
    script = take("vendors/vonage.md", "client.js").replace(SANDBOX, sandbox.url)
    (tmp_path / "client.js").write_text(script, encoding="utf-8")
    if shutil.which("node") and (MODULES / "@vonage" / "server-sdk").is_dir():
        assert shell("node client.js", NODE_PATH=str(MODULES)) == "0\n"
    else:
        assert not os.environ.get("CI"), "run sh tests/install_node_sdks.sh"


def test_an_account_is_set_up_and_a_handset_writes(take: Take, start: Start, shell: Shell) -> None:
    sandbox = start("sms-sandbox serve --port 0")
    alias = take("vendors/vonage.md", "alias")
    settings = take("vendors/vonage.md", "settings")
    inbound = take("vendors/vonage.md", "inbound")
    for lines, told in (
        (alias, "7c9738e6-0a4e-4c8e-9a52-2d0a2bb5e0a1"),
        (settings, '"signature_method":"sha512"'),
        (inbound, '"direction":"inbound"'),
    ):
        assert told in shell(lines.replace(SANDBOX, sandbox.url)).replace(" ", "")

"""The page on Vonage's Verify: every example does what the page says."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

SANDBOX = "http://127.0.0.1:8025"
MODULES = Path(__file__).parents[2] / "build" / "node" / "node_modules"
PAGE = "vendors/vonage_verify.md"

Take = Callable[[str, str], str]
Start = Callable[..., Any]
Shell = Callable[..., str]


def test_vonages_sdks_verify_numbers_in_the_sandbox(
    take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    sandbox = start("sms-sandbox serve --port 0")
    client = take(PAGE, "verify.py").replace(SANDBOX, sandbox.url)
    (tmp_path / "verify.py").write_text(client, encoding="utf-8")
    assert shell("python verify.py") == "completed\n"
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "application.key").write_bytes(pem)
    script = take(PAGE, "verify.js").replace(SANDBOX, sandbox.url)
    (tmp_path / "verify.js").write_text(script, encoding="utf-8")
    if shutil.which("node") and (MODULES / "@vonage" / "server-sdk").is_dir():
        assert shell("node verify.js", NODE_PATH=str(MODULES)) == "completed\n"
    else:
        assert not os.environ.get("CI"), "run sh tests/install_node_sdks.sh"

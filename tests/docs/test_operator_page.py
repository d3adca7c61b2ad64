"""The page on the mobile operator: every example does what the page says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

SANDBOX = "http://127.0.0.1:8025"
PAGE = "vendors/operator.md"

Take = Callable[[str, str], str]
Start = Callable[..., Any]
Shell = Callable[..., str]


def test_pages_programs_verify_a_number_and_ask_for_its_sim(
    take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    sandbox = start("sms-sandbox serve --port 0")
    printed = shell(take(PAGE, "configure").replace(SANDBOX, sandbox.url))
    assert '"redirect_uri":"http://127.0.0.1:5000/callback"' in printed.replace('": "', '":"')
    for name, expected in (("verify.py", "True\n"), ("sdk.py", "True\n")):
        program = take(PAGE, name).replace(SANDBOX, sandbox.url)
        (tmp_path / name).write_text(program, encoding="utf-8")
        assert shell(f"python {name}") == expected
    printed = shell(take(PAGE, "fault").replace(SANDBOX, sandbox.url))
    assert '"hits":0' in printed.replace(" ", "")


def test_tutorials_client_asks_the_example_app(take: Take, start: Start, shell: Shell) -> None:
    demo = start("python -m example_app", APP_PORT="0", SANDBOX_PORT="0")
    printed = shell(take(PAGE, "tutorial").replace("http://127.0.0.1:5000", demo.url))
    assert json.loads(printed) == {"devicePhoneNumberVerified": True}

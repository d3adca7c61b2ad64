"""Pages that are followed one after the other, against one sandbox, do not spoil each other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SANDBOX = "http://127.0.0.1:8025"
PAGES = ("twilio", "twilio_verify", "plivo", "messagebird", "vonage", "vonage_verify")
"""Of vendors whose accounts keep to the first secret that they show."""
PROVIDERS = ("twilio", "plivo", "messagebird", "vonage")
REFUSED = re.compile(r'"status": ?40[13]|"code": ?20003|is refused')

Blocks = Callable[[str], list[re.Match[str]]]
Take = Callable[[str, str], str]
Start = Callable[..., Any]
Shell = Callable[..., str]


def commands(blocks: Blocks, page: str, folder: Path) -> list[tuple[str, str]]:
    """Name and shell line of each example of a vendor's page, the programs written to files."""
    found = []
    for block in blocks(f"vendors/{page}.md"):
        if block["mark"] == "example":
            line = block["text"]
            if block["language"] == "python":
                (folder / f"{page}_{block['name']}").write_text(line, encoding="utf-8")
                line = f"python {page}_{block['name']}"
            if block["language"] in ("bash", "python"):
                found.append((f"{page}: {block['name']}", line))
    return found


@pytest.fixture
def everything(blocks: Blocks, tmp_path: Path) -> list[tuple[str, str]]:
    """The examples of all vendors' pages, in the order of the pages."""
    return [one for page in PAGES for one in commands(blocks, page, tmp_path)]


def test_every_vendors_examples_and_our_providers_agree_on_one_sandbox(
    everything: list[tuple[str, str]], take: Take, start: Start, shell: Shell, tmp_path: Path
) -> None:
    url = start("sms-sandbox serve --port 0").url
    for file in tmp_path.glob("*.py"):
        file.write_text(file.read_text("utf-8").replace(SANDBOX, url), encoding="utf-8")
    assert len(everything) > 12
    for name, line in everything:
        printed = shell(line.replace(SANDBOX, url))
        assert not REFUSED.search(printed), (name, printed)
    for vendor in PROVIDERS:
        text = take(f"how-to/{vendor}.md", "sandbox.py").replace(SANDBOX, url)
        (tmp_path / f"{vendor}_app.py").write_text(text, encoding="utf-8")
        lines = shell(f"flask --app {vendor}_app phoneauth doctor --json || true").splitlines()
        told = {one["about"]: one["text"] for one in map(json.loads, lines)}
        assert told[f"provider {vendor}"] == "answers, and takes our credentials"

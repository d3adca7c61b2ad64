"""The example app sends through each vendor's SDK, by one variable of the environment."""

from __future__ import annotations

import functools
import json
import re
from pathlib import Path
from typing import Any

import pytest
import urllib3
from contracts.vendors import VENDORS
from journeys.conftest import Demo, example_app

PHONE = "+447400200001"
call = functools.partial(urllib3.request, timeout=30)
NAMES = [vendor.name for vendor in VENDORS]
ROOT = Path(__file__).parents[2]


def log_in(demo: Demo) -> dict[str, Any]:
    """Sign in as a program does; returns the message whose code it was."""
    asked = call("POST", f"{demo.app}/auth/login", json={"phone": PHONE})
    assert asked.status == 202, asked.data
    claimed = demo.sandbox.claim_code(PHONE, timeout=60)
    kept = {name: asked.json()[name] for name in ("challenge_id", "challenge_secret")}
    entered = call("POST", f"{demo.app}/auth/verify", json={**kept, "code": claimed["code"]})
    assert entered.status == 200, entered.data
    found = call("GET", f"{demo.inbox}/api/v1/messages/{claimed['message_id']}").json()
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_one_variable_chooses_the_vendor(tmp_path: Path, name: str) -> None:
    with example_app(tmp_path, FLASK_PHONEAUTH_PROVIDERS=json.dumps([name])) as demo:
        message = log_in(demo)
        assert message["provider"] == name
        page = call("GET", f"{demo.app}/auth/login").data.decode()
        assert demo.inbox in page  # the visitor is told where codes can be read


def test_the_second_vendor_sends_while_the_first_is_down(tmp_path: Path) -> None:
    listed = json.dumps([name for name in NAMES if name != "sandbox"])
    with example_app(tmp_path, FLASK_PHONEAUTH_PROVIDERS=listed) as demo:
        struck = {"match": {"provider": "twilio"}, "effect": {"type": "error", "status": 503}}
        assert call("POST", f"{demo.inbox}/api/v1/faults", json=struck).status < 300
        assert log_in(demo)["provider"] == json.loads(listed)[1]


def test_the_readme_names_the_vendors_that_stand() -> None:
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Another vendor")[2]
    named = set(re.findall(r"`(\w+)`", section.partition("\n## ")[0]))
    assert named == {name for name in NAMES if name != "sandbox"}

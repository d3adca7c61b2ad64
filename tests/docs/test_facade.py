"""The page on another gateway: its files, laid beside the others, are a façade like them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import urllib3
from sandbox.receiver import receiving

import sms_sandbox
from sms_sandbox.client import SandboxClient

PAGE = "how-to/facade.md"
FILES = ("facade.py", "routes.py", "wire.py", "signature.py", "errors.py")
DEMO = "http://127.0.0.1:8025"
TEXT = {"to": "+12015550123", "from": "Shop", "text": "Your code is 482913."}

Take = Callable[[str, str], str]


def lay(take: Take, folder: Path) -> None:
    """Copy the sandbox into `folder`, with the page's files and lines."""
    package = folder / "sms_sandbox"
    shutil.copytree(
        Path(sms_sandbox.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__")
    )
    room = package / "facades" / "example"
    room.mkdir()
    (room / "__init__.py").touch()
    for name in FILES:
        (room / name).write_text(take(PAGE, name), encoding="utf-8")
    table = package / "facades" / "__init__.py"
    before, begins, rows = table.read_text(encoding="utf-8").partition("FACADES: ")
    rows = rows.replace("())\n", "(), Example())\n", 1)
    table.write_text(before + take(PAGE, "import") + begins + rows, encoding="utf-8")


def post(url: str, secret: str = "a-secret") -> tuple[int, Any]:
    """Send one text to the example gateway; the answer's status and JSON."""
    headers = urllib3.make_headers(basic_auth=f"shop:{secret}")
    answer = urllib3.request(
        "POST", f"{url}/example/v1/texts", json=TEXT, headers=headers, retries=False, timeout=30
    )
    return answer.status, answer.json()


@pytest.fixture
def url(take: Take, start: Callable[..., Any], tmp_path: Path) -> str:
    """The address of a sandbox that has the page's façade."""
    lay(take, tmp_path)
    found: str = start("sms-sandbox serve --port 0").url
    return found


def test_a_sixth_facade_is_one_folder_and_one_line(
    take: Take, shell: Callable[..., str], url: str
) -> None:
    assert json.loads(shell(take(PAGE, "send").replace(DEMO, url)))["state"] == "accepted"
    code = shell("sms-sandbox code +12015550123 --account shop", SMS_SANDBOX_URL=url)
    assert code.strip() == "482913"


def test_its_callbacks_are_signed_and_its_faults_speak_its_language(
    take: Take, url: str, tmp_path: Path
) -> None:
    scope: dict[str, Any] = {}
    exec(take(PAGE, "signature.py"), scope)
    with receiving() as receiver, SandboxClient(url) as client:
        headers = urllib3.make_headers(basic_auth="shop:a-secret")
        urllib3.request(
            "POST",
            f"{url}/example/v1/texts",
            json={**TEXT, "callback": f"{receiver.url}/receipts"},
            headers=headers,
            timeout=60,
        )
        client.advance_clock(60)
        posts = receiver.await_posts(2)
        assert [json.loads(one.body)["state"] for one in posts] == ["sent", "delivered"]
        for one in posts:
            assert one.headers["X-Example-Signature"] == scope["sign"]("a-secret", one.body)

        client.add_fault({"match": {}, "times": 1, "effect": {"type": "error", "status": 418}})
        assert post(url) == (418, {"error": "failing"})
        assert post(url)[0] == 202
        assert post(url, "another-secret") == (401, {"error": "who are you?"})

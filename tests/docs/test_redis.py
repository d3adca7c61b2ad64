"""The page on Redis, as a reader would follow it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import servers


def test_an_app_on_redis_keeps_its_challenges_there_with_the_rights_that_the_page_names(
    take: Callable[[str, str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_KEY", "a secret of the tests, long enough")
    server = servers.plain()
    page = (Path(__file__).parents[2] / "docs/how-to/redis.md").read_text()
    server.client.execute_command(*re.findall(r"ACL SETUSER .*", page)[0].split())
    monkeypatch.setenv("REDIS_URL", f"redis://app:password@127.0.0.1:{server.port}/0")
    made: dict[str, Any] = {"__name__": "notes"}
    exec(take("how-to/redis.md", "notes.py"), made)
    made["app"].testing = True
    asked = made["app"].test_client().post("/auth/login", json={"phone": "+447400123456"})
    assert asked.status_code == 202
    tag = asked.get_json()["challenge_id"].partition(".")[0]
    keys = {key.decode() for key in server.client.scan_iter()}
    assert f"phoneauth:{{{tag}}}:challenges" in keys
    assert {key.partition(":")[0] for key in keys} == {"phoneauth", "LIMITS"}
    made["app"].extensions["phoneauth"].close()
    server.end()

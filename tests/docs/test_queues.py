"""The page on queues, as a reader would follow it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import servers
from flask import Flask

Take = Callable[[str, str], str]
PAGE = "how-to/queues.md"
SECRET = "a secret of the tests, long enough"


@pytest.mark.parametrize("kind", ["celery", "rq"])
def test_an_app_and_its_worker_send_a_message_through_the_queue(
    take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sms: Any, kind: str
) -> None:
    server = servers.plain()
    own = {
        "SECRET_KEY": SECRET,
        "QUEUE": kind,
        "REDIS_URL": server.url,
        "FLASK_DEBUG": "1",
        "FLASK_PHONEAUTH_SANDBOX_URL": sms.url,
        "FLASK_PHONEAUTH_SANDBOX_ACCOUNT": sms.account,
        "FLASK_PHONEAUTH_DATABASE_URL": f"sqlite:///{tmp_path}/notes.db",
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.py").write_text(take(PAGE, "notes.py"))
    made: dict[str, Any] = {"__name__": "notes"}
    exec(take(PAGE, "notes.py"), made)
    app: Flask = made["app"]
    app.debug = True
    client = app.test_client(use_cookies=False)
    asked = client.post("/auth/login", json={"phone": "+447400123456"}).get_json()
    command = take(PAGE, "worker").split()
    assert command[0] == "flask"
    worker = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stderr=subprocess.DEVNULL,
    )
    try:
        code = sms.code_for("+447400123456", timeout=30)
    finally:
        worker.terminate()
        worker.wait(60)
    entry = {name: asked[name] for name in ("challenge_id", "challenge_secret")}
    done = client.post("/auth/verify", json={**entry, "code": code})
    assert done.status_code == 200, done.text
    app.extensions["phoneauth"].close()
    server.end()


def test_a_queue_of_ones_own_is_found_by_its_entry_point(
    take: Take,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_app: Callable[..., Flask],
    phoneauth_code: Callable[[str], str],
) -> None:
    packed = tmp_path / "site-packages"
    facts = packed / "jobs-1.dist-info"
    facts.mkdir(parents=True)
    (packed / "jobs.py").write_text(take(PAGE, "jobs.py"))
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: jobs\nVersion: 1\n")
    (facts / "entry_points.txt").write_text(take(PAGE, "entry_points.txt"))
    monkeypatch.syspath_prepend(packed)
    app = make_app(DISPATCH="onethread")
    asked = app.test_client(use_cookies=False).post("/auth/login", json={"phone": "+447400123456"})
    assert asked.status_code == 202
    dispatch = app.extensions["phoneauth"].live.parts.dispatch
    assert type(dispatch).__name__ == "OneThread"
    app.extensions["phoneauth"].close()  # waits for the job
    assert len(phoneauth_code("+447400123456")) == 6

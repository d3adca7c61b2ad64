"""What people install is the wheel: it carries everything that the demo needs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import urllib3
from journeys.conftest import ADDRESSES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, installed into a folder of its own."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True, capture_output=True, timeout=100)
    wheel = next(folder.glob("*.whl"))
    target = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(target), str(wheel)], check=True, timeout=100)
    return target


def run(installed: Path, *command: str, cwd: Path) -> str:
    env = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, *command], cwd=cwd, env=env, capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode()


def test_the_wheel_carries_pages_catalogues_migrations_and_types(installed: Path) -> None:
    for name in (
        "flask_phoneauth/py.typed",
        "flask_phoneauth/locales/de.po",
        "flask_phoneauth/web/templates/phoneauth/verify.html",
        "flask_phoneauth/web/static/phoneauth.js",
        "flask_phoneauth/database/migrations/versions/0001_base.py",
        "sms_sandbox/py.typed",
        "sms_sandbox/web/templates",
        "example_app/templates/notes.html",
    ):
        assert (installed / name).exists(), name


def test_the_demo_of_an_installed_wheel_signs_up_and_stops(installed: Path, tmp_path: Path) -> None:
    where = run(installed, "-c", "import example_app; print(example_app.__file__)", cwd=tmp_path)
    assert where.startswith(str(installed))
    process = subprocess.Popen(
        [sys.executable, "-m", "example_app"],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(installed),
            "PYTHONUNBUFFERED": "1",
            "APP_PORT": "0",
            "SANDBOX_PORT": "0",
        },
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    said = b""
    while not (found := ADDRESSES.search(said)):
        line = process.stdout.readline()
        assert line, said.decode()
        said += line
    app, inbox = (address.decode() for address in found.groups())
    asked = post(f"{app}/auth/login", {"phone": "+447400300100"})
    claimed = post(f"{inbox}/api/v1/codes/+447400300100/claim", {"timeout": 10})
    entry = {key: asked[key] for key in ("challenge_id", "challenge_secret")}
    answer = post(f"{app}/auth/verify", {**entry, "code": claimed["code"]})
    assert answer["new_user"] is True
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert (tmp_path / ".demo").is_dir()
    assert not list(installed.rglob("*.sqlite3"))


def post(url: str, body: object) -> dict[str, object]:
    answer = urllib3.request("POST", url, json=body, timeout=20)
    assert answer.status in (200, 202), answer.data
    return dict(json.loads(answer.data))

"""The bundled attacker against gunicorn with four workers, on Redis and on SQLite, and the demo."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import servers
from journeys.conftest import Demo
from ports import free_ports

from flask_phoneauth.settings import Settings as PhoneAuthSettings
from sms_sandbox.attack import Finding, run
from sms_sandbox.attack.bounds import Bounds
from sms_sandbox.server import SandboxServer
from sms_sandbox.settings import Settings

WORKERS = 4
Lines = dict[str, Finding]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(Settings(port=0)) as server:
        yield server


def _apart(store: str) -> Any:
    """Each store in a process of its own, where several run the suite."""
    return pytest.param(store, marks=pytest.mark.xdist_group(f"attacked-{store}"))


@pytest.fixture(scope="module", params=[_apart("redis"), _apart("sqlite")])
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def shop(
    store: str, sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of the shop, out of debug and testing, with every guard as it is by default.

    Only the wait between messages is short, so that strangers get to spend everything.
    """
    folder = tmp_path_factory.mktemp("attacked")
    with serving(folder, store, sandbox.url, PHONEAUTH_COOLDOWN=[1]) as url:
        yield url


@pytest.fixture
def patient_shop(store: str, sandbox: SandboxServer, tmp_path: Path) -> Iterator[str]:
    """The same with its wait: between two answers that are compared it must not end."""
    with serving(tmp_path, store, sandbox.url) as url:
        yield url


@contextmanager
def serving(folder: Path, store: str, sandbox: str, **more: object) -> Iterator[str]:
    """Run a shop of its own with that store."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    settings = {
        "SECRET_KEY": uuid.uuid4().hex,
        "PHONEAUTH_PUBLIC_URL": f"http://{address}",
        "PHONEAUTH_DATABASE_URL": f"sqlite:///{folder / 'accounts.sqlite3'}",
        "PHONEAUTH_STORE_URL": servers.start_redis("single") if store == "redis" else "",
        "PHONEAUTH_PROVIDERS": ["sandbox"],
        "PHONEAUTH_ALLOWED_REGIONS": ["US"],
        "PHONEAUTH_SANDBOX_URL": sandbox,
        "PHONEAUTH_ALLOW_SANDBOX_IN_PRODUCTION": True,
        "PHONEAUTH_ALLOW_INSECURE_COOKIE_IN_PRODUCTION": True,
        **more,
    }
    given = {
        f"FLASK_{name}": value if isinstance(value, str) else json.dumps(value)
        for name, value in settings.items()
    }
    tests = str(Path(__file__).parents[1])
    environ = {**os.environ, **given, "PYTHONPATH": tests, "SHOP_FOLDER": str(folder)}
    where = {"cwd": folder, "env": environ}
    flask = [sys.executable, "-m", "flask", "--app", "journeys.shop", "phoneauth", "init-db"]
    subprocess.run(flask, check=True, capture_output=True, timeout=60, **where)
    gunicorn = [sys.executable, "-m", "gunicorn", f"--workers={WORKERS}", "--threads=4"]
    process = subprocess.Popen(
        [*gunicorn, f"--bind={address}", "journeys.shop:create_app()"],
        stderr=subprocess.PIPE,
        **where,
    )
    said = b""
    while said.count(b"Booting worker") < WORKERS:
        line = process.stderr.readline()
        assert line, said.decode()
        said += line
    yield f"http://{address}"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 0


def attack(name: str, app: str, sandbox: str, count: int | None = None) -> Lines:
    """Drive it, show the table's lines, and give them by what they tell."""
    findings = run(name, url=app, sandbox=sandbox, count=count, seconds=100.0)
    for finding in findings:
        print(finding)
    return {finding.what: finding for finding in findings}


def held(lines: Lines) -> bool:
    return all(finding.holds is not False for finding in lines.values())


def test_two_hundred_sessions_get_fifteen_guesses_at_one_number(
    shop: str, sandbox: SandboxServer
) -> None:
    lines = attack("guess", shop, sandbox.url)
    assert held(lines)
    assert lines["sessions that asked, each from an address of its own"].figure == 200
    # all that is published was spent, so that the bound was really met
    assert lines["guesses looked at"].figure == 15
    assert lines["right codes let in after those guesses"].figure == 0


def test_fifty_right_codes_at_once_open_one_session(shop: str, sandbox: SandboxServer) -> None:
    lines = attack("race", shop, sandbox.url)
    assert held(lines)
    assert lines["sessions that the account has"].figure == 1


def test_who_has_an_account_is_not_to_be_seen(patient_shop: str, sandbox: SandboxServer) -> None:
    assert held(attack("enumerate", patient_shop, sandbox.url, 3))


def test_a_row_of_numbers_gets_no_more_than_its_prefix_may(
    shop: str, sandbox: SandboxServer
) -> None:
    lines = attack("pump", shop, sandbox.url)
    assert held(lines)
    assert lines["numbers asked for, each from an address of its own"].figure == 500
    assert lines["a number of another prefix still gets its message"].figure == "yes"
    assert lines["a number of this prefix that was proven before does"].figure == "yes"


def test_strangers_who_spend_everything_do_not_lock_the_owner_out(
    shop: str, sandbox: SandboxServer
) -> None:
    lines = attack("lockout", shop, sandbox.url)
    assert held(lines)
    assert lines["what they were refused with"].figure.endswith(("locked", "budget_exhausted"))
    assert lines["the owner signs in with it"].figure == "yes"


@pytest.mark.xdist_group("demo")
@pytest.mark.parametrize("name", ["race", "lockout"])
def test_the_demo_can_be_attacked_as_it_is(demo: Demo, name: str) -> None:
    command = [sys.executable, "-m", "sms_sandbox.cli", "attack", name, "--seconds", "40"]
    where = ["--url", demo.app, "--sandbox", demo.inbox]
    done = subprocess.run([*command, *where], capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")
    assert "BROKEN" not in done.stdout


def test_the_published_bounds_are_the_settings_defaults() -> None:
    defaults = PhoneAuthSettings()
    for name, figure in asdict(Bounds()).items():
        assert getattr(defaults, name) == figure

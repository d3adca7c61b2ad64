import os
import subprocess
import sys
from pathlib import Path

SUITE = """
import json
import urllib.error
import urllib.request
from datetime import datetime, timezone

import pytest

from sms_sandbox.client import SandboxRefused

NUMBER = "+9901234567"


def application_sends(sms, body):
    request = urllib.request.Request(
        sms.url + "/api/v1/messages",
        json.dumps({"to": NUMBER, "from": "App", "body": body, "account": sms.account}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@pytest.mark.parametrize("turn", range(4))
def test_each_login_reads_its_own_code(sms, turn):
    assert sms.messages == []
    for code in ("111111", "222222"):
        application_sends(sms, f"code {code}")
        assert sms.code_for(NUMBER) == code
    assert [message["code"] for message in sms.messages] == ["111111", "222222"]


def test_wait_for_takes_conditions(sms):
    application_sends(sms, "hello")
    application_sends(sms, "goodbye")
    assert sms.wait_for(to=NUMBER, body_contains="good")["body"] == "goodbye"
    assert sms.wait_for(to=NUMBER)["body"] == "hello"
    with pytest.raises(SandboxRefused):
        sms.code_for(NUMBER, timeout=0)


def test_other_accounts_are_not_seen(sms):
    with urllib.request.urlopen(urllib.request.Request(
        sms.url + "/api/v1/messages",
        json.dumps({"to": NUMBER, "from": "App", "body": "code 999999"}).encode(),
        {"Content-Type": "application/json"},
    ), timeout=30):
        pass
    assert sms.messages == []
    with pytest.raises(SandboxRefused, match="account"):
        sms.code_for(NUMBER, timeout=0)


def test_reply_is_an_inbound_message(sms):
    sms.reply(application_sends(sms, "hello"), "STOP")
    assert sms.messages[-1]["direction"] == "inbound"


def test_time_stands_and_moves_by_hand(sms, sms_clock):
    before = sms_clock.freeze()
    message = application_sends(sms, "hello")
    assert sms_clock.now == before
    after = sms_clock.advance(3600)
    assert (after - before).total_seconds() == 3600
    assert sms.client.message(message["id"])["status"] == "delivered"
    assert sms_clock.release() >= after


def test_time_begins_where_the_test_says(sms, sms_clock):
    assert not sms.client.clock(sms.account)["frozen"]
    sms_clock.freeze(datetime(2031, 5, 6, 7, tzinfo=timezone.utc))
    assert application_sends(sms, "hello")["created_at"] == "2031-05-06T07:00:00.000Z"


@pytest.mark.parametrize("turn", range(2))
def test_faults_strike_and_are_gone_with_the_test(sms, sms_faults, turn):
    application_sends(sms, "fine")
    effect = {"type": "error", "status": 503}
    rule = sms_faults.add(effect, match={"body": "boom*"}, times=1)
    with pytest.raises(urllib.error.HTTPError, match="503") as refused:
        application_sends(sms, "boom 1")
    refused.value.close()
    application_sends(sms, "boom 2")
    assert sms_faults.hits(rule) == 1
    sms_faults.remove(rule)
    with pytest.raises(SandboxRefused):
        sms_faults.hits(rule)
    sms_faults.add(effect)
    sms_faults.clear()
    application_sends(sms, "fine")
    sms_faults.add(effect)


def test_server_is_shared(sms_server, sms):
    assert sms_server.url == sms.url
"""


def _run(folder: Path, *switches: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_app.py").write_text(SUITE)
    return _pytest(folder, *switches)


WITHOUT = [f"-pno:{name}" for name in ("schemathesis", "hypothesispytest", "anyio")]
"""Others' plugins that are installed for our own tests; to load them takes seconds."""


def _pytest(folder: Path, *switches: str) -> subprocess.CompletedProcess[str]:
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *WITHOUT),
            *(*switches, "test_app.py"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        env=environ,
        timeout=100,
    )


def test_fixtures_work_in_a_users_suite(tmp_path: Path) -> None:
    result = _run(tmp_path)
    assert "12 passed" in result.stdout, result.stdout + result.stderr


def test_failed_test_shows_its_messages(tmp_path: Path) -> None:
    (tmp_path / "test_app.py").write_text(
        "def test_login(sms):\n"
        "    sms.client.send(to='+9901234567', body='code 482913', account=sms.account)\n"
        "    assert sms.code_for('+9901234567') == '000000'\n"
    )
    result = _pytest(tmp_path)
    assert "SMS sandbox, account test-" in result.stdout
    assert "'code 482913'" in result.stdout


def test_workers_never_meet(tmp_path: Path) -> None:
    result = _run(tmp_path, "-n", "2")
    assert "12 passed" in result.stdout, result.stdout + result.stderr


def test_plugin_costs_nothing_until_a_fixture_is_used() -> None:
    script = (
        "import sys, sms_sandbox.pytest_plugin;"
        "heavy = {'waitress', 're2', 'flask', 'urllib3', 'sqlite3'} & set(sys.modules);"
        "sys.exit(', '.join(heavy) or 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=100)


def test_package_imports_without_the_servers_extras() -> None:
    script = (
        "import sys\n"
        "sys.modules['waitress'] = sys.modules['re2'] = None\n"
        "import sms_sandbox.cli, sms_sandbox.server, sms_sandbox.pytest_plugin\n"
        "from sms_sandbox.errors import SettingsError\n"
        "try:\n"
        "    sms_sandbox.server.SandboxServer().start()\n"
        "except SettingsError as error:\n"
        "    sys.exit('sandbox]' not in error.detail)\n"
        "sys.exit('served without waitress')\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=100)
